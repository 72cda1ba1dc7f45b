"""Names of HTTP headers."""

import re

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def is_header_name(text: str) -> bool:
    """Whether it is a token of RFC 9110, section 5.6.2."""
    return _NAME.fullmatch(text) is not None
