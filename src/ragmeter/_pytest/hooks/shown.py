"""Where a session is shown while it runs."""

from ragmeter.run.processes.living import Live


class ShownHooks:
    """Registered where that was asked for. url: of the page."""

    def __init__(self, live: Live) -> None:
        self.url = live.url

    def pytest_report_collectionfinish(self) -> list[str]:
        return [f"ragmeter: live figures at {self.url}, for this machine alone"]
