"""Numbers as people read them."""

import math

import numpy as np


def number_text(value: float, digits: int = 4) -> str:
    """``digits`` significant digits and at least the whole integer part; no exponent between 1e-6 and 1e15.

    1843.27 → 1843, 37.914 → 37.91, 0.15658 → 0.1566, infinity → ∞.
    """
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value != 0 and not 1e-6 <= abs(value) < 1e15:
        return f"{value:.{digits}g}"
    whole = len(str(int(abs(value))))
    return np.format_float_positional(value, precision=max(digits, whole), unique=False, fractional=False, trim="-")


def distinct_text(value: float, bound: float) -> str:
    """``value`` with as many digits as it takes to look different from ``bound``, so that 1500.02 > 1500 reads true."""
    exact = f"{bound:.15g}"
    texts = (number_text(value, digits) for digits in (4, 7, 10))
    return next((text for text in texts if text != exact), f"{value:.15g}") if value != bound else exact


def percent(ratio: float) -> str:
    """One decimal below 10 %, none above: 12, 4.5, 3, -0.2, 0."""
    text = f"{ratio * 100:.0f}" if abs(ratio) >= 0.0995 else f"{ratio * 100:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
