"""Options, their ini twins and their environment twins, as pytest is told of them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ragmeter._pytest.parse import clocks, number, numbers, progress_modes, until, whole

SHOWN_ERRORS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option. ``key``: the dotted manifest key it replaces, if it does. ``alias``: the flag that people write."""

    name: str
    help: str = ""
    metavar: str = ""
    parse: Callable[[str], Any] = str
    key: str | None = None
    alias: str | None = None

    @property
    def flag(self) -> str:
        return self.alias or "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return "RAGMETER_" + self.name.removeprefix("bench_").upper()


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
        parse=number,
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
        parse=number,
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
        help="closed (by concurrency), or an open loop: constant, poisson, gamma, ramp, bursts, sweep or trace",
    ),
    Option(
        name="bench_rate",
        key="load.rate_per_s",
        parse=number,
        metavar="PER_S",
        help="mean offered rate of an open loop, requests per second; of a ramp the first",
    ),
    Option(
        name="bench_end_rate",
        key="load.end_rate_per_s",
        parse=number,
        metavar="PER_S",
        help="rate that --bench-shape=ramp ends with",
    ),
    Option(
        name="bench_burstiness",
        key="load.burstiness",
        parse=number,
        metavar="SHAPE",
        help="of --bench-shape=gamma: 1 is Poisson, below 1 in clusters, above 1 evenly",
    ),
    Option(
        name="bench_burst_size",
        key="load.burst_size",
        parse=whole,
        metavar="N",
        help="requests that start at one moment with --bench-shape=bursts",
    ),
    Option(
        name="bench_rates",
        key="load.rates_per_s",
        parse=numbers,
        metavar="PER_S,PER_S",
        help="rate of each step of --bench-shape=sweep",
    ),
    Option(
        name="bench_trace",
        key="load.trace_file",
        metavar="FILE",
        help="recorded traffic that --bench-shape=trace replays: Mooncake's JSON Lines, BurstGPT's or Azure's CSV",
    ),
    Option(
        name="bench_speedup",
        key="load.speedup",
        parse=number,
        metavar="TIMES",
        help="how many times as fast a trace is replayed",
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
        name="bench_until",
        key="until",
        parse=until,
        metavar="RULE",
        help="trials until an interval is narrow enough: 'ci_width=5%%,max_trials=20,max_minutes=30'",
    ),
    Option(
        name="bench_cool_down",
        key="benchmark.cool_down",
        parse=number,
        metavar="SECONDS",
        help="pause before each trial but the first",
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
    _add_client(group, parser)
    _add_judging(group, parser)


def _add_names(group: pytest.OptionGroup, parser: pytest.Parser) -> None:
    for short in short_names:
        group.addoption(
            short.long_flag,
            dest=short.dest,
            action=short.action,
            metavar=short.metavar,
            help=f"the same as {short.flag}, which another plugin may own",
        )
    parser.addini("bench_provider", "ini twin of --provider", type="args", default=[])
    parser.addini("bench_workload", "ini twin of --workload", type="args", default=[])
    parser.addini("bench_base_url", "ini twin of --base-url", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortName:
    """A name that other plugins, and the conftest of many a project, declare, too."""

    flag: str
    action: str
    metavar: str
    help: str

    @property
    def long_flag(self) -> str:
        return self.flag.replace("--", "--bench-")

    @property
    def dest(self) -> str:
        return self.long_flag.removeprefix("--").replace("-", "_")


short_names = (
    ShortName(
        flag="--provider",
        action="append",
        metavar="NAME|FILE",
        help="provider to measure, repeatable; 'local' starts a whole RAG service on this machine "
        "(environment RAGMETER_PROVIDER, comma-separated)",
    ),
    ShortName(
        flag="--workload",
        action="append",
        metavar="NAME|FILE",
        help="workload to run, repeatable (default: the provider file's 'workload'; environment RAGMETER_WORKLOAD)",
    ),
    ShortName(
        flag="--base-url",
        action="store",
        metavar="URL",
        help="URL of the service, instead of the provider file's (environment RAGMETER_BASE_URL)",
    ),
)


def add_short_names(parser: pytest.Parser) -> None:
    """Declare the short names that nobody else has declared; call it when plugins and conftests are loaded."""
    group = parser.getgroup("ragmeter")
    others = [*parser._groups, parser._anonymous]
    taken = {name for other in others for option in other.options for name in option.names()}
    for short in short_names:
        if short.flag not in taken:
            group.addoption(short.flag, dest=short.dest, action=short.action, metavar=short.metavar, help=short.help)


def is_loaded_by_conftest(pluginmanager: pytest.PytestPluginManager) -> bool:
    """Whether a conftest is known already: then the plugins of the environment are, too, and no hook will follow."""
    files = [getattr(plugin, "__file__", None) for plugin in pluginmanager.get_plugins()]
    return any(file is not None and Path(file).name == "conftest.py" for file in files)


def _add_client(group: pytest.OptionGroup, parser: pytest.Parser) -> None:
    group.addoption(
        "--bench-workers",
        metavar="N",
        help="load processes (default: one beside an embedded service, else one for every 500 requests in flight or "
        "starts a second, at most all cores but one; environment RAGMETER_WORKERS)",
    )
    parser.addini("bench_workers", "ini twin of --bench-workers", default=None)
    group.addoption(
        "--bench-calibrate",
        metavar="on|off",
        help="measure the client's own error before a run, for a second or two, against a server on this machine "
        "(default: on; environment RAGMETER_CALIBRATE)",
    )
    parser.addini("bench_calibrate", "ini twin of --bench-calibrate", default=None)
    group.addoption(
        "--bench-clock",
        choices=clocks,
        help="where arrival times are taken: capture (the kernel stamps every packet; needs CAP_NET_RAW), kernel (it "
        "stamps every read of a socket), user (when this process reads); auto takes the first that is to be had "
        "(default: auto; environment RAGMETER_CLOCK)",
    )
    parser.addini("bench_clock", "ini twin of --bench-clock", default=None)


def _add_judging(group: pytest.OptionGroup, parser: pytest.Parser) -> None:
    group.addoption(
        "--bench-slo",
        action="append",
        metavar="EXPR",
        help="SLO such as 'p95(ttft_ms) <= 1500', repeatable; judged beside those of manifest and provider "
        "(environment RAGMETER_SLO, separated by semicolons)",
    )
    parser.addini("bench_slo", "ini twin of --bench-slo, one a line", type="linelist", default=[])
    group.addoption(
        "--bench-baseline",
        metavar="FILE|DIR|last",
        help="saved run to compare with: a raw record, the newest complete run in a folder, or the last one in the "
        "report folder; a regression that is significant and larger than --bench-min-effect fails "
        "(environment RAGMETER_BASELINE)",
    )
    parser.addini("bench_baseline", "ini twin of --bench-baseline", default=None)
    group.addoption(
        "--bench-min-effect",
        metavar="SHARE",
        help="smallest relative difference that matters, such as 5%% or 0.05 (default: 5%%; environment "
        "RAGMETER_MIN_EFFECT)",
    )
    parser.addini("bench_min_effect", "ini twin of --bench-min-effect", default=None)
    for name, unit, meaning in (("usd", "USD", "cost of the clusters"), ("minutes", "MINUTES", "duration")):
        group.addoption(
            f"--bench-max-{name}",
            metavar=unit,
            help=f"{meaning} at which the session stops sending load and keeps what was measured; refused at once when "
            f"the plan cannot stay below (default: no limit; environment RAGMETER_MAX_{name.upper()})",
        )
        parser.addini(f"bench_max_{name}", f"ini twin of --bench-max-{name}", default=None)
    group.addoption(
        "--bench-aa",
        action="store_true",
        default=None,
        help="run each provider as two arms: by how much they differ is the noise band of every comparison "
        "(default: off; environment RAGMETER_AA)",
    )
    parser.addini("bench_aa", "ini twin of --bench-aa", type="bool", default=False)
    group.addoption(
        "--bench-strict",
        action="store_true",
        default=None,
        help="for CI: a skipped live test and an INCONCLUSIVE verdict fail (default: off; environment RAGMETER_STRICT)",
    )
    parser.addini("bench_strict", "ini twin of --bench-strict", type="bool", default=False)
    group.addoption(
        "--bench-report-dir",
        metavar="DIR",
        help="folder of results: DIR/ns/<provider>/<timestamp>.{json,html,xml,raw.jsonl} "
        "(default: reports; environment RAGMETER_REPORT_DIR)",
    )
    parser.addini("bench_report_dir", "ini twin of --bench-report-dir, relative to the ini file", default="reports")
    group.addoption(
        "--bench-progress",
        choices=progress_modes,
        help="live progress: auto draws one line that moves on a terminal and writes plain lines elsewhere, plain "
        "never draws (default: auto; environment RAGMETER_PROGRESS)",
    )
    parser.addini("bench_progress", "ini twin of --bench-progress", default="auto")
    group.addoption(
        "--bench-pushgateway",
        metavar="URL",
        help="Prometheus Pushgateway that gets the figures of the runs, one group of job 'ragmeter' for each provider "
        "and workload; credentials come from RAGMETER_PUSHGATEWAY_USER and _PASSWORD, or _TOKEN (default: none; "
        "environment RAGMETER_PUSHGATEWAY)",
    )
    parser.addini("bench_pushgateway", "ini twin of --bench-pushgateway", default=None)
    group.addoption(
        "--bench-show-errors",
        metavar="N",
        help=f"failed requests that are described as they happen (default: {SHOWN_ERRORS}; environment "
        "RAGMETER_SHOW_ERRORS)",
    )
    parser.addini("bench_show_errors", "ini twin of --bench-show-errors", default=None)
    group.addoption(
        "--bench-order",
        metavar="RUN",
        help="in a pod: carry out the order of this name, a ConfigMap of the pod's namespace; result and raw record "
        "are left there in ConfigMaps that it owns (environment RAGMETER_ORDER)",
    )
    parser.addini("bench_order", "ini twin of --bench-order", default=None)
    group.addoption(
        "--bench-shards",
        metavar="N",
        help="with --bench-order: pods that carry it out together, each a shard of the load (default: 1; environment "
        "RAGMETER_SHARDS)",
    )
    parser.addini("bench_shards", "ini twin of --bench-shards", default=None)
