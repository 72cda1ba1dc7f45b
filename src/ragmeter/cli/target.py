"""``ragmeter target check``: one request, and what is read of each event of its answer."""

import argparse
import os
from collections.abc import Iterator, Mapping
from typing import Any

from ragmeter.cli.terminal import say
from ragmeter.clients.answers.dialects import Dialect
from ragmeter.clients.answers.explained import ReadEvent, read_events
from ragmeter.clients.answers.told import excerpt
from ragmeter.clients.connection.origin import Origin
from ragmeter.clients.connection.transport import Exchange
from ragmeter.clients.files import schema
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.masking import Secrets
from ragmeter.core.inputs.provider import Provider, provider_from
from ragmeter.core.inputs.unversioned import PROVIDER, WORKLOAD
from ragmeter.core.inputs.workload import Workload, workload_from
from ragmeter.core.requests.records import STAGE_TIMES, RequestSample
from ragmeter.core.setting import Setting
from ragmeter.report.words.untold import untold, what_was_read
from ragmeter.run.load.single import ask_openly
from ragmeter.run.plan.catalog import load_provider, load_target
from ragmeter.run.plan.target import reach
from ragmeter.run.processes.streams import notice

PROMPT = "What is this collection about?"
_MARKS: Mapping[str, str] = {"events_ns": "text", "first_reasoning_ns": "reasoning", "is_closed": "the end"}


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("target", help="try the description of a target: one request, read event by event")
    check = parser.add_subparsers(title="commands", required=True, metavar="COMMAND").add_parser(
        "check", help="send one request, and show each event beside what was read of it"
    )
    check.add_argument(
        "target",
        nargs="?",
        metavar="NAME|FILE",
        help="rag, openai, a preset, or the file of a description; default: the target of the provider file",
    )
    place = check.add_mutually_exclusive_group(required=True)
    place.add_argument("--url", metavar="URL", help="base URL of the service")
    place.add_argument("--provider", metavar="NAME|FILE", help="whose base URL, headers and certificates are used")
    check.add_argument("--prompt", "--question", default=PROMPT, metavar="TEXT", help=f"default: {PROMPT}")
    check.add_argument("--model", metavar="ID", help="the model that is asked for")
    check.add_argument("--max-tokens", type=int, default=64, metavar="N", help="default: 64")
    check.add_argument("--value", action="append", default=[], metavar="NAME=VALUE", help="a value of the target")
    check.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """1 when the answer was none."""
    provider = _provider(options)
    workload = _workload(options, options.target or provider.target)
    notice(provider.notices)
    reach(provider, workload)
    asked = ask_openly(provider, workload)
    lines = (*_request_lines(provider, asked.dialect, workload), *_answer_lines(asked.exchange))
    events = _lines(read_events(asked.exchange, asked.dialect), provider.secrets)
    say(*map(provider.secrets.mask, lines), *events)
    say("", *map(provider.secrets.mask, _verdict(asked.sample)))
    return 0 if asked.sample.ok else 1


def _provider(options: argparse.Namespace) -> Provider:
    if options.provider:
        return load_provider(options.provider, environment=os.environ)
    url = Setting(key="base_url", value=options.url, origin="--url")
    document = {"schema": PROVIDER, "name": "checked"}
    return provider_from(document, path="--url", environment={}, base_url=url, schema=schema(PROVIDER))


def _workload(options: argparse.Namespace, target: str | Mapping[str, Any] | None) -> Workload:
    if target is None:
        where = f"{options.provider}: has no key target" if options.provider else "no target"
        raise ConfigError(
            f"{where}: name one, such as 'ragmeter target check openai-chat …'; ragmeter targets lists them"
        )
    if options.value and not isinstance(target, str):
        raise ConfigError("--value: the target of the provider file is a description, which has its values itself")
    if options.value:
        target = {"preset": target, "values": dict(_value(text) for text in options.value)}
    document = {
        "schema": WORKLOAD,
        "name": "check",
        "target": target,
        "benchmark": {"requests": 1, "concurrency": 1, "max_output_tokens": options.max_tokens},
        "prompts": [options.prompt],
        **({"model": {"model_id": options.model}} if options.model else {}),
    }
    where = "ragmeter target check"
    return workload_from(
        document, path=where, prompts=(), settings=(), schema=schema(WORKLOAD), find_target=load_target
    )


def _value(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"--value: {text!r} is not NAME=VALUE, such as chain=rag")
    return name, value


def _request_lines(provider: Provider, dialect: Dialect, workload: Workload) -> list[str]:
    """Headers by name alone: a value may be a secret."""
    request = dialect.request(workload.prompts[0].text)
    names = ", ".join(name for name, _ in request.headers)
    body = [f"  body: {request.body.decode()}"] if request.body else []
    origin = Origin.parse(str(provider.base_url))
    address = f"{origin.scheme}://{origin.authority}{origin.target(request.path)}"
    return [f"{request.method} {address}", f"  headers: {names}", *body]


def _answer_lines(exchange: Exchange) -> list[str]:
    kind = exchange.header("content-type") or "no content-type"
    told = f"HTTP {exchange.status}, {kind}" if exchange.status else "no answer"
    return [told, *([] if exchange.failure is None else [f"  {exchange.failure[1]}"])]


def _lines(events: Iterator[ReadEvent], secrets: Secrets) -> Iterator[str]:
    """Each event as it came, and what was read of it."""
    for each in events:
        name = "" if each.event.event == "message" else f"{each.event.event}: "
        yield f"{each.at_ms:9.1f} ms  {excerpt(secrets.mask(name + each.event.data))}"
        yield f"{'':14}{excerpt(secrets.mask('; '.join(_changes(each.read)) or 'nothing'))}"


def _changes(read: Mapping[str, Any]) -> Iterator[str]:
    yield from (words for name, words in _MARKS.items() if name in read)
    for name, value in read.items():
        if name == "timings":
            yield from (f"{stage} = {ms}" for stage in STAGE_TIMES if (ms := getattr(value, stage)) is not None)
            yield from (f"stage {stage} = {ms}" for stage, ms in (*value.further, *value.later))
        elif name == "fault":
            yield f"failed: {value[1]}"
        elif name not in {*_MARKS, "unknown"} and not name.endswith(("_ns", "_bytes", "_chars")):
            yield f"{name} = {value}"


def _verdict(sample: RequestSample) -> Iterator[str]:
    if not sample.ok:
        yield f"failed: {sample.failure}"
        return
    yield f"a whole answer: {what_was_read(sample)}"
    yield from (f"unknown: {words}" for words in untold(sample))
