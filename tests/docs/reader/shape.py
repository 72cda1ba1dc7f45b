"""Output that a page shows, compared with what came: the same words in the same order, the numbers free."""

import re

FIGURE = re.compile(r"(?:\d+ min )?(?:< ?)?[-+]?\d[\d,.:]*(?: ?(?:ms|µs|ns|s|%|kB|MB|GB))?(?![\w])")
STAMP = re.compile(r"\d{8}T\d{6}Z(?:-\d+)?")
BAR = re.compile(r"[█▓▒░▚·]{3,}")


def shape(text: str) -> str:
    """The words of a text on one line; a figure with its unit is ``#``, and so is a timestamp; a bar is ``=``. A run
    that the machine disturbed is INVALID, and no fault of the page.
    """
    return " ".join(FIGURE.sub("#", BAR.sub("=", STAMP.sub("#", text))).replace("INVALID", "PASS").split())


def missing(shown: list[str], came: str) -> list[str]:
    """The lines that did not come, or not in this order. A line of dots stands for any others."""
    rest, absent = shape(came), []
    for line in [line for line in shown if line.strip() not in {"…", "..."}]:
        _, found, after = rest.partition(shape(line))
        if found:
            rest = after
        else:
            absent.append(line)
    return absent
