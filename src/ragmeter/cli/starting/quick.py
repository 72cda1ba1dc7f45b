"""``ragmeter quick``: the first minute with a service: what it speaks, how fast it is, and how much it takes."""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ragmeter.cli.options.amounts import seconds
from ragmeter.cli.progress import TerminalProgress
from ragmeter.cli.starting.files import CI, COMMAND, SEARCH_COMMAND, check_free, files_of, write
from ragmeter.cli.starting.service import add_service, model_of, provider_of, starter_of, target_of, workload_of
from ragmeter.cli.terminal import answer_to, say, width
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.starter import LEAST_REQUESTS, REQUESTS, ROOM, Starter, rounded_up
from ragmeter.core.requests.records import RequestSample
from ragmeter.core.verdicts.knee import FOR_P95, Guess, LoadStep, guess_of
from ragmeter.report.text import quick_text as text
from ragmeter.run.load.single import ask_openly
from ragmeter.run.plan.recognition import WHO_ASKS, Found, recognized
from ragmeter.run.session.gauging import Gauged, gauge

WHOLE_S: Final = 88.0
"""Everything is over by then, with two seconds for what is written."""
ASKED: Final = 3
ASK_S: Final = 15.0
FIRST_S: Final = 30.0
"""A first answer may wait for a model to be loaded."""
MOST: Final = 64
LONG_S: Final = 600.0
"""A run in CI is not longer than it has to be."""
_REFUSED: Final = (401, 403)


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "quick",
        help="the first minute: find out what answers at a URL, ask it, and send a minute of load",
        description="Find out what answers at a URL by requests that change nothing, ask a few questions, send load "
        "for a minute at most, and print what it shows. Needs no file. Ctrl-C ends it and keeps what was measured. "
        "Exit status 1 when no question was answered.",
    )
    parser.add_argument("url", metavar="URL", help="base URL of the service")
    add_service(parser)
    parser.add_argument(
        "--duration", type=seconds, default=60.0, metavar="SECONDS", help="of the load, 60 at most; default: 60"
    )
    parser.add_argument(
        "--most", type=int, default=MOST, metavar="N", help=f"requests at once, default: {MOST} at most"
    )
    parser.add_argument("--write", type=Path, metavar="DIR", help="write provider file, workloads and a CI file there")
    parser.add_argument("--ci", choices=[*CI, "none"], default="github", help="whose CI file; default: github")
    parser.add_argument("--force", action="store_true", help="write over files that are there")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Raises KeyboardInterrupt after Ctrl-C, when what was measured has been printed."""
    began_s = time.monotonic()
    starter = _checked(options)
    provider = provider_of(starter)
    found = recognized(provider, options.target)
    starter = replace(starter, target=target_of(options, found), model=model_of(options.model, found))
    _say(*_found_lines(starter, found))
    answers = _ask(starter, provider)
    if not any(sample.ok for sample in answers):
        _say(*text.paragraph(_why_none(answers[-1], found), width=width()))
        return 1
    whole = next(sample for sample in answers if sample.ok)
    seconds = min(options.duration, WHOLE_S - (time.monotonic() - began_s))
    gauged = _load(starter, provider, whole, seconds, options.most)
    if gauged.steps:
        _say("", *text.figure_lines(gauged.steps, width=width()))
    guess = guess_of(gauged.steps)
    _say(*text.guess_lines(guess, _answers(gauged.steps), gauged.seconds, _finder(options.write), width=width()))
    if gauged.trouble:
        _say(*text.paragraph(f"the load ended early: {gauged.trouble}", width=width()))
    _say("", *text.unknown_lines(whole, width=width()))
    _offer(options, starter, gauged.steps, guess, interrupted=gauged.interrupted)
    if gauged.interrupted:
        raise KeyboardInterrupt
    return 0


def _checked(options: argparse.Namespace) -> Starter:
    """Everything that is wrong with the options is said before a request is sent."""
    if not 1 <= options.duration <= 60:
        raise ConfigError(f"--duration: {options.duration:g} is not from 1 to 60 seconds")
    if options.most < 1:
        raise ConfigError(f"--most: {options.most} is not >= 1")
    starter = starter_of(options, options.url, "URL")
    if options.write is not None:
        check_free(options.write, files_of(starter, options.ci, options.questions, {}), force=options.force)
    return starter


def _say(*lines: str) -> None:
    """At once: a minute is long for somebody who reads through a pipe."""
    say(*lines)
    sys.stdout.flush()


def _found_lines(starter: Starter, found: Found) -> list[str]:
    by = "as named" if found.by is None else f"by {found.by}"
    values = starter.target["values"] if isinstance(starter.target, dict) else {}
    told = [f"{name} {value}" for name, value in values.items()]
    if starter.model:
        others = len(found.models) - 1
        told.append(f"model {starter.model}" + (f" (of {others + 1}; --model names another)" if others > 0 else ""))
    lines = text.paragraph(
        f"{starter.url}: target {found.known.name}, {by}{''.join(f'; {each}' for each in told)}", width=width()
    )
    asked = min(ASKED, len(starter.questions))
    return [*lines, f"{asked} questions, one after the other" if asked > 1 else "1 question"]


def _ask(starter: Starter, provider: Provider) -> list[RequestSample]:
    """At least one, and the others while there is time."""
    began_s = time.monotonic()
    answers: list[RequestSample] = []
    for number, question in enumerate(starter.questions[:ASKED]):
        left_s = ASK_S - (time.monotonic() - began_s) if answers else FIRST_S
        if left_s < 1:
            break
        workload = workload_of(starter, timeout=left_s)
        answers.append(ask_openly(provider, workload, number).sample)
        _say(*text.answer_line(question, answers[-1], width=width()))
    return answers


def _why_none(last: RequestSample, found: Found) -> str:
    if last.http_status in _REFUSED:
        return f"no question was answered: the service wants to know who asks; {WHO_ASKS}"
    return (
        f"no question was answered, so no load is sent; `ragmeter target check {found.known.name}` shows an answer "
        "event by event, and --target names another target"
    )


def _load(starter: Starter, provider: Provider, whole: RequestSample, seconds: float, most: int) -> Gauged:
    _say(
        "",
        *text.paragraph(
            f"load: {seconds:.0f} s at most, up to {most} requests at once; Ctrl-C ends it and keeps what was measured",
            width=width(),
        ),
        text.header_row(),
    )
    progress = TerminalProgress("quick")
    answer_s = (whole.ended_ns - (whole.sent_ns or 0)) / 1e9
    return gauge(
        workload_of(starter),
        provider,
        seconds=seconds,
        answer_s=answer_s,
        most=most,
        told=lambda step: _say(text.step_row(step)),
        emit=progress,
    )


def _answers(steps: Sequence[LoadStep]) -> int:
    return sum(step.successes for step in steps)


def _finder(folder: Path | None) -> str:
    where = f"in {folder}" if folder else "with the files of --write DIR"
    return f"`{SEARCH_COMMAND}` {where} finds it"


def _offer(
    options: argparse.Namespace, starter: Starter, steps: Sequence[LoadStep], guess: Guess | None, *, interrupted: bool
) -> None:
    """Raises ConfigError where a file would be written over."""
    folder = options.write
    if folder is None and not interrupted and sys.stdin.isatty() and sys.stdout.isatty():
        named = answer_to("\nWrite provider file, workloads and CI file? Folder (none: no)", "")
        folder = Path(named) if named else None
    if folder is None:
        _say(
            "",
            *text.paragraph("--write DIR writes provider file, workloads and a CI file to go on with", width=width()),
        )
        return
    kept = _with_bounds(starter, steps, guess)
    files = files_of(kept, options.ci, options.questions, _search(kept, steps, guess))
    check_free(folder, files, force=options.force)
    write(folder, files)
    _say("", f"{folder}: {', '.join(map(str, files))}", f"  cd {folder} && {COMMAND}")


def _with_bounds(starter: Starter, steps: Sequence[LoadStep], guess: Guess | None) -> Starter:
    """Half of what the service takes at once, and bounds that are twice what was measured there."""
    if guess is None:
        return starter
    at_once = max(1, guess.step.concurrency // 2)
    measured = max((step for step in steps if step.concurrency <= at_once), key=lambda step: step.concurrency)
    ttft_ms = measured.ttft_ms("p95" if measured.successes >= FOR_P95 else "p50")
    slo = () if ttft_ms is None else (f"p90(ttft_ms) <= {rounded_up(ROOM * ttft_ms):g}",)
    requests = REQUESTS if measured.requests_per_s * LONG_S >= REQUESTS else LEAST_REQUESTS
    return replace(starter, concurrency=at_once, requests=requests, slo=slo)


def _search(starter: Starter, steps: Sequence[LoadStep], guess: Guess | None) -> dict[str, Any] | None:
    alone_ms = steps[0].ttft_ms("p95" if steps[0].successes >= FOR_P95 else "p50") if steps else None
    if guess is None or alone_ms is None or guess.step.requests_per_s <= 0:
        return None
    return starter.search(rounded_up(guess.step.requests_per_s / 2), rounded_up(ROOM * alone_ms))
