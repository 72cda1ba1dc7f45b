"""Options, their ini twins and their environment twins: one table, read by help, parsing and precedence."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ragmeter.core.errors import ConfigError
from ragmeter.core.setting import Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option. ``key``: the dotted manifest key it replaces, if it does."""

    name: str
    help: str
    metavar: str
    parse: Callable[[str], Any] = str
    key: str | None = None

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return "RAGMETER_" + self.name.removeprefix("bench_").upper()


def whole(text: str) -> int:
    """A whole number written in digits."""
    return int(text)


overrides = (
    Option(
        name="bench_requests", key="benchmark.requests", parse=whole, metavar="N", help="measured requests per trial"
    ),
    Option(
        name="bench_concurrency",
        key="benchmark.concurrency",
        parse=whole,
        metavar="N",
        help="requests in flight in a closed loop",
    ),
    Option(
        name="bench_duration",
        key="benchmark.duration",
        parse=float,
        metavar="SECONDS",
        help="start no further request after this; with --bench-requests, whichever comes first",
    ),
    Option(
        name="bench_warmup",
        key="benchmark.warmup_requests",
        parse=whole,
        metavar="N",
        help="requests before the measured phase, reported apart",
    ),
    Option(
        name="bench_timeout",
        key="benchmark.timeout",
        parse=float,
        metavar="SECONDS",
        help="deadline of one whole request",
    ),
    Option(
        name="bench_max_output_tokens",
        key="benchmark.max_output_tokens",
        parse=whole,
        metavar="N",
        help="max_tokens of each request",
    ),
    Option(
        name="bench_shape",
        key="load.shape",
        metavar="SHAPE",
        help="closed (by concurrency), constant or poisson (open loop by rate)",
    ),
    Option(
        name="bench_rate",
        key="load.rate_per_s",
        parse=float,
        metavar="PER_S",
        help="offered rate of an open loop, requests per second",
    ),
    Option(name="bench_k", key="retrieval.k", parse=whole, metavar="K", help="passages retrieved per question"),
    Option(name="bench_docset", key="retrieval.docset", metavar="NAME", help="document collection that is asked"),
    Option(
        name="bench_trials",
        key="benchmark.trials",
        parse=whole,
        metavar="N",
        help="repetitions of the measured phase, each with its own derived seed",
    ),
    Option(
        name="bench_seed",
        key="benchmark.seed",
        parse=whole,
        metavar="N",
        help="seed of arrivals and of the prompt draw",
    ),
)
"""Options that replace a manifest value: option > environment > ini > manifest."""


def add_options(parser: pytest.Parser) -> None:
    """Declare every option and ini value of ragmeter."""
    group = parser.getgroup("ragmeter", "ragmeter: measure, judge and price a RAG service")
    _add_names(group, parser)
    for option in overrides:
        group.addoption(
            option.flag,
            metavar=option.metavar,
            help=f"{option.help} (default: the manifest's {option.key}; environment {option.variable})",
        )
        parser.addini(option.name, f"ini twin of {option.flag}", default=None)
    _add_judging(group, parser)


def _add_names(group: pytest.OptionGroup, parser: pytest.Parser) -> None:
    _add(
        group,
        ["--provider", "--bench-provider"],
        dest="bench_provider",
        action="append",
        metavar="NAME|FILE",
        help="provider to measure, repeatable; 'local' starts a whole RAG service on this machine "
        "(environment RAGMETER_PROVIDER, comma-separated)",
    )
    _add(
        group,
        ["--workload", "--bench-workload"],
        dest="bench_workload",
        action="append",
        metavar="NAME|FILE",
        help="workload to run, repeatable (default: the provider file's 'workload'; environment RAGMETER_WORKLOAD)",
    )
    _add(
        group,
        ["--base-url", "--bench-base-url"],
        dest="bench_base_url",
        metavar="URL",
        help="URL of the service, instead of the provider file's (environment RAGMETER_BASE_URL)",
    )
    parser.addini("bench_provider", "ini twin of --provider", type="args", default=[])
    parser.addini("bench_workload", "ini twin of --workload", type="args", default=[])
    parser.addini("bench_base_url", "ini twin of --base-url", default=None)


def _add(group: pytest.OptionGroup, flags: list[str], **settings: Any) -> None:
    """Declare an option whose short name another plugin may own (pytest-base-url has --base-url)."""
    try:
        group.addoption(*flags, **settings)
    except ValueError:
        group.addoption(flags[-1], **settings)


def _add_judging(group: pytest.OptionGroup, parser: pytest.Parser) -> None:
    group.addoption(
        "--bench-slo",
        action="append",
        metavar="EXPR",
        help="SLO such as 'p95(ttft_ms) <= 1500', repeatable; judged beside those of manifest and provider",
    )
    parser.addini("bench_slo", "ini twin of --bench-slo, one a line", type="linelist", default=[])
    group.addoption(
        "--bench-strict",
        action="store_true",
        default=None,
        help="for CI: a skipped live test and an INCONCLUSIVE verdict fail (default: off)",
    )
    parser.addini("bench_strict", "ini twin of --bench-strict", type="bool", default=False)
    group.addoption(
        "--bench-report-dir",
        metavar="DIR",
        help="folder of results: DIR/ns/<provider>/<timestamp>.{json,html,xml,raw.jsonl} (default: reports)",
    )
    parser.addini("bench_report_dir", "ini twin of --bench-report-dir", default="reports")
    group.addoption(
        "--bench-progress",
        choices=["auto", "on", "off"],
        default="auto",
        help="live progress: auto writes one line that moves on a terminal, plain lines elsewhere (default: auto)",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchOptions:
    """What was asked for on the command line, in the environment and in the ini file."""

    providers: tuple[str, ...]
    workloads: tuple[str, ...]
    base_url: str | None
    settings: tuple[Setting, ...]
    slos: tuple[tuple[str, str], ...]
    """(expression, origin)."""
    strict: bool
    report_dir: Path
    progress: str


def bench_options(config: pytest.Config, environment: Mapping[str, str] = os.environ) -> BenchOptions:
    """Read the options. Raises ConfigError for a value that is not of its option's type."""
    strict = config.getoption("bench_strict")
    return BenchOptions(
        providers=_names(config, environment, "bench_provider", "RAGMETER_PROVIDER"),
        workloads=_names(config, environment, "bench_workload", "RAGMETER_WORKLOAD"),
        base_url=config.getoption("bench_base_url")
        or environment.get("RAGMETER_BASE_URL")
        or config.getini("bench_base_url")
        or None,
        settings=tuple(_settings(config, environment)),
        slos=tuple((expression, "--bench-slo") for expression in config.getoption("bench_slo") or ())
        or tuple((expression, "ini bench_slo") for expression in config.getini("bench_slo")),
        strict=bool(config.getini("bench_strict") if strict is None else strict),
        report_dir=Path(config.getoption("bench_report_dir") or config.getini("bench_report_dir")),
        progress=config.getoption("bench_progress"),
    )


def _names(config: pytest.Config, environment: Mapping[str, str], name: str, variable: str) -> tuple[str, ...]:
    listed: Sequence[str] = config.getoption(name) or environment.get(variable, "").split(",")
    given = [text.strip() for text in listed if text.strip()] or config.getini(name)
    return tuple(dict.fromkeys(given))


def _settings(config: pytest.Config, environment: Mapping[str, str]) -> Iterator[Setting]:
    for option in overrides:
        candidates = (
            (config.getoption(option.name), option.flag),
            (environment.get(option.variable), f"environment {option.variable}"),
            (config.getini(option.name), f"ini {option.name}"),
        )
        for text, origin in candidates:
            if text not in (None, ""):
                yield Setting(key=str(option.key), value=_parsed(option, str(text), origin), origin=origin)
                break


def _parsed(option: Option, text: str, origin: str) -> Any:
    try:
        return option.parse(text)
    except ValueError as error:
        kind = "a whole number" if option.parse is whole else "a number"
        raise ConfigError(f"{origin}: {text!r} is not {kind}") from error
