"""The meter of a session: minutes since its first request, and what its clusters cost in that time."""

import time
from collections.abc import Sequence

from ragmeter.core.money.budget import Limits, Rate, Spent, exceeded


class Meter:
    """Every cluster of the session is paid for while the session runs, also while another one is measured."""

    def __init__(self, rates: Sequence[Rate], limits: Limits) -> None:
        known = [rate.usd_per_hr for rate in rates if rate.usd_per_hr is not None]
        self.usd_per_hr = sum(known) if len(known) == len(rates) else None
        self._limits = limits
        self._began_s: float | None = None
        self._egress_usd = 0.0
        self.halted: str | None = None

    def begin(self) -> None:
        """The first request is about to be sent. Later calls change nothing."""
        if self._began_s is None:
            self._began_s = time.monotonic()

    def add_egress(self, usd: float) -> None:
        """What the bytes of an answer cost."""
        self._egress_usd += usd

    def spent(self, ahead_s: float = 0.0) -> Spent:
        """So far; or after so many seconds more."""
        elapsed_s = ahead_s + (0.0 if self._began_s is None else time.monotonic() - self._began_s)
        usd = None if self.usd_per_hr is None else self.usd_per_hr * elapsed_s / 3600 + self._egress_usd
        return Spent(minutes=elapsed_s / 60, usd=usd)

    def over_budget(self, ahead_s: float) -> str | None:
        """Which limit will be exceeded after so many seconds more, if any."""
        return exceeded(self._limits, self.spent(ahead_s))

    def halt(self) -> str | None:
        """A sentence once the session has reached a limit; it then stays reached, and ``halted`` keeps the sentence."""
        if self.halted is None and (found := exceeded(self._limits, self.spent())) is not None:
            self.halted = f"the budget is spent: {found}"
        return self.halted
