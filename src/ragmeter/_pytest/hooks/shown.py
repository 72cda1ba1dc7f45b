"""Where a session is shown while it runs, and where it receives spans."""

from ragmeter.run.processes.living import Live
from ragmeter.run.processes.receiving import Receiver


class ShownHooks:
    """Registered where that was asked for. url: of the page."""

    def __init__(self, live: Live) -> None:
        self.url = live.url

    def pytest_report_collectionfinish(self) -> list[str]:
        return [f"ragmeter: live figures at {self.url}, for this machine alone"]


class ReceivingHooks:
    """Registered where that was asked for."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def pytest_report_collectionfinish(self) -> list[str]:
        who = (
            "this machine alone" if self._receiver.address.is_loopback else "anyone who reaches it, without a password"
        )
        return [f"ragmeter: spans are received at {self._receiver.url} (OTLP over HTTP), from {who}"]
