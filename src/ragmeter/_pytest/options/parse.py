"""From the text of an option to its value."""

import math

from ragmeter.clients.connection.origin import Origin
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.access.listen import Address
from ragmeter.core.requests.amounts import amount


def whole(text: str) -> int:
    """A whole number. Raises ValueError, a sentence, for anything else."""
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a whole number") from None


def count(text: str) -> int:
    """A whole number from 0. Raises ValueError, a sentence, for anything else."""
    value = whole(text)
    if value < 0:
        raise ValueError(f"{text!r} is not a whole number from 0")
    return value


def number(text: str) -> float:
    """A finite number. Raises ValueError, a sentence, for anything else."""
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not a finite number")
    return value


def numbers(text: str) -> list[float]:
    """Finite numbers, separated by commas. Raises ValueError, a sentence, for anything else."""
    return [number(part.strip()) for part in text.split(",")]


def positive(text: str) -> int:
    """A whole number above 0. Raises ValueError, a sentence, for anything else."""
    value = whole(text)
    if value < 1:
        raise ValueError(f"{value} is not >= 1")
    return value


def above_zero(text: str) -> float:
    """A finite number above 0. Raises ValueError, a sentence, for anything else."""
    return _above_zero(text, number(text))


def _above_zero(text: str, value: float) -> float:
    if value <= 0:
        raise ValueError(f"{text!r} is not > 0")
    return value


def seconds(text: str) -> float:
    """``10``, ``1.5s``, ``500ms``, ``2m``. Raises ValueError, a sentence, for anything else."""
    return float(amount(text, "s"))


def whole_seconds(text: str) -> int:
    """``3`` or ``3s``. Raises ValueError, a sentence, for anything else."""
    value = seconds(text)
    if value != int(value):
        raise ValueError(f"{text!r} is not a whole number of seconds")
    return int(value)


def seconds_above_zero(text: str) -> float:
    """As `seconds`, above 0. Raises ValueError, a sentence, for anything else."""
    return _above_zero(text, seconds(text))


def minutes_above_zero(text: str) -> float:
    """``30``, ``90s``, ``2h``, above 0. Raises ValueError, a sentence, for anything else."""
    return _above_zero(text, float(amount(text, "min")))


def until(text: str) -> dict[str, object]:
    """``ci_width=5%,max_trials=20`` as the manifest's section ``until``. Raises ValueError, a sentence, for what is no
    list of key=value; the manifest's schema knows the keys.
    """
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(key.strip() and value.strip() for key, _, value in pairs):
        raise ValueError(f"{text!r} is not a list of key=value such as ci_width=5%,max_trials=20")
    return {key.strip(): _scalar(value.strip()) for key, _, value in pairs}


def _scalar(text: str) -> object:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def share(text: str) -> float:
    """``5%`` or ``0.05``, above 0 and below 1. Raises ValueError, a sentence, for anything else."""
    try:
        value = amount(text, "ratio")
    except ValueError:
        value = math.nan
    if not 0 < value < 1:
        raise ValueError(f"{text!r} is not a share above 0 and below 1, such as 5% or 0.05")
    return value


def switch(text: str) -> bool:
    """On or off. Raises ValueError, a sentence, for anything else."""
    found = switches.get(text.strip().lower())
    if found is None:
        raise ValueError(f"{text!r} is not one of {', '.join(switches)}")
    return found


def url(text: str) -> str:
    """An http or https URL without credentials. Raises ValueError, a sentence, for anything else."""
    try:
        return str(Origin.parse(text))
    except ConfigError as error:
        raise ValueError(str(error)) from None


def listening(text: str) -> Address:
    """An address to listen at. Raises ValueError, a sentence, for anything else."""
    return Address.parse(text)


def names(text: str) -> list[str]:
    """Words, separated by commas; the schema of their key knows which."""
    return [part.strip() for part in text.split(",")]


def one_of(text: str, allowed: tuple[str, ...]) -> str:
    """One of those words. Raises ValueError, a sentence, for anything else."""
    if text not in allowed:
        raise ValueError(f"{text!r} is not one of {', '.join(allowed)}")
    return text


switches = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
