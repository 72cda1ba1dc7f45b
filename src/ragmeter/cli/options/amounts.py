"""Durations and shares on the command line, with the units that files may have."""

import argparse

from ragmeter.core.requests.amounts import amount


def seconds(text: str) -> float:
    """``10``, ``1.5s``, ``2m``. Raises ArgumentTypeError, a sentence, for anything else."""
    try:
        return float(amount(text, "s"))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def share(text: str) -> float:
    """``5%`` or ``0.05``, above 0 and below 1. Raises ArgumentTypeError, a sentence, for anything else."""
    try:
        value = float(amount(text, "ratio"))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and below 1")
    return value
