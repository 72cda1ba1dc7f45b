"""A credential with its end."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

AHEAD_S: Final = 30.0
"""So long before its end a credential is got anew: an answer may take its time, and clocks differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """value: None where a certificate is the credential. expires: None for one that holds for ever.

    certificate, key: PEM.
    """

    value: str | None = field(default=None, repr=False)
    certificate: str | None = None
    key: str | None = field(default=None, repr=False)
    got: datetime
    expires: datetime | None = None

    def is_fresh(self) -> bool:
        """Whether it will hold for a while: for `AHEAD_S`, and of a short-lived one for a fifth of its life."""
        left_s = self.left_s()
        return left_s is None or left_s > 0

    def left_s(self) -> float | None:
        """Until it is to be got anew, in s; None for never."""
        if self.expires is None:
            return None
        life_s = (self.expires - self.got).total_seconds()
        return (self.expires - datetime.now(UTC)).total_seconds() - min(AHEAD_S, life_s / 5)
