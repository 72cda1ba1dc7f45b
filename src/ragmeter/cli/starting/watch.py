"""``ragmeter watch``: a session that runs with --bench-live, on another terminal."""

import argparse
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from ragmeter.core.errors import ConfigError, SchemaError, TargetError
from ragmeter.core.urls import checked_url

if TYPE_CHECKING:
    import httpx

EVERY_S: Final = 1.0
ANSWER_S: Final = 5.0
_SERIES: Final = "series.json"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "watch",
        help="show a session with --bench-live on this terminal while it runs",
        description="Show what a session does, second by second, until it ends or Ctrl-C. It only reads the page of "
        "the session: start it on another terminal. Needs the package rich: pip install 'ragmeter[watch]'.",
    )
    parser.add_argument("url", metavar="URL", help="of the live figures, as the session prints it")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Raises ConfigError for a bad URL, without a terminal and without the package; TargetError where no session is."""
    url = _address(options.url)
    if not sys.stdout.isatty():
        raise ConfigError(f"watch: standard output is no terminal; {url}metrics has the figures for a program")
    try:
        from rich.console import Console
        from rich.live import Live
    except ImportError:
        raise ConfigError("watch: needs the package rich: pip install 'ragmeter[watch]'") from None
    import httpx

    from ragmeter.cli.terminal import say
    from ragmeter.report.text.dashboard import dashboard

    console = Console()
    with httpx.Client(timeout=ANSWER_S, trust_env=False) as client:
        at = _read(client, url)
        try:
            with Live(console=console, screen=True, auto_refresh=False) as live:
                while at is not None:
                    live.update(dashboard(at, url, console.width), refresh=True)
                    time.sleep(EVERY_S)
                    at = _next(client, url, at)
        except KeyboardInterrupt:
            return 0
    say("the session has ended")
    return 0


def _address(text: str) -> str:
    """Ends in a slash."""
    checked = checked_url(text, "watch")
    return f"{checked or text}".rstrip("/") + "/"


def _read(client: "httpx.Client", url: str) -> Any:
    """Raises TargetError."""
    import httpx

    from ragmeter.report.text.dashboard import shown

    try:
        answer = client.get(f"{url}{_SERIES}")
        return shown(answer.json() if answer.is_success else None)
    except (SchemaError, ValueError) as error:
        raise TargetError(f"watch: {url}: what answers there is no session of ragmeter") from error
    except httpx.HTTPError as error:
        why = str(error) or type(error).__name__
        raise TargetError(f"watch: {url}: no session with --bench-live answers there: {why}") from error


def _next(client: "httpx.Client", url: str, before: Any) -> Any:
    """None once it has ended: the page is gone with the session. One that is late is asked again."""
    import httpx

    try:
        return _read(client, url)
    except TargetError as error:
        return before if isinstance(error.__cause__, httpx.TimeoutException) else None
