"""What the servers did, in words: on a few lines, and as the rows of a table."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from ragmeter.core.figures.observe.served import ObserverCost, ServedTrial
from ragmeter.core.figures.series import Distribution
from ragmeter.core.formatting import number_text
from ragmeter.core.requests.figure import metric_short
from ragmeter.core.requests.metrics import METRICS
from ragmeter.core.result.result import RunResult
from ragmeter.core.run.saturation import LoadedStep
from ragmeter.core.run.serving import Serving
from ragmeter.report.words.format import UNKNOWN, Unit, count, figure, number, quantity

_GAUGES: Final = ("llm_running", "llm_waiting", "kv_cache_usage_ratio", "service_running")
_TIMES: Final = ("llm_queue_ms", "llm_prefill_ms", "llm_decode_ms")
_RATES: Final = ("prefix_hit_ratio", "preemptions", "llm_prompt_tokens_per_s", "llm_output_tokens_per_s")
LOAD_HEAD: Final = ("Load", "Running", "Waiting", "KV in use, at most", "Preemptions")
HEAD: Final = (
    "Trial", "Server", "Running", "Waiting", "KV in use", "Prefix hits", "Preemptions", "Queue", "Prefill",
    "Prompt tokens/s", "Output tokens/s", "Not known",
)  # fmt: skip


def serving_sentences(result: RunResult) -> Iterator[str]:
    """What is known of the servers over the measured phase, and what is not."""
    at = result.serving
    if at is None:
        return
    known = [words for name in _GAUGES if name in at.figures for words in _gauge(name, at.figures[name])]
    known += [
        f"{metric_short(name)} mean {figure(name, at.figures[name].mean.value)}"
        for name in _TIMES
        if name in at.figures and at.figures[name].mean.value is not None
    ]
    known += [
        f"{metric_short(name)} {figure(name, value)}"
        for name in _RATES
        if name in result.rates and (value := result.rates[name].value) is not None
    ]
    if known:
        yield ", ".join(known)
    yield from (f"{METRICS[name].label} is not known: {why}" for name, why in _told_once(at.unknown))
    if (words := counts_sentence(at)) is not None:
        yield words
    if result.saturation is not None:
        yield result.saturation.sentence


def meanwhile(told: Mapping[str, float]) -> str:
    """What the servers did while one request waited."""
    known = {name: told[name] for name in _GAUGES if name in told}
    return ", ".join(
        f"{metric_short(name)} {_amount(name, value) if name.endswith('_ratio') else number_text(value, 3)}"
        for name, value in known.items()
    )


def _told_once(unknown: dict[str, str]) -> list[tuple[str, str]]:
    """Of the metrics that are missing for one reason, the first."""
    first: dict[str, str] = {}
    for name, why in unknown.items():
        first.setdefault(why, name)
    return [(name, why) for why, name in first.items()]


def _gauge(name: str, at: Distribution) -> list[str]:
    if at.mean.value is None or at.max is None:
        return []
    return [f"{metric_short(name)} mean {_amount(name, at.mean.value)}, at most {_amount(name, at.max)}"]


def _amount(name: str, value: float) -> str:
    return figure(name, value) if name.endswith("_ratio") else number(value)


def counts_sentence(at: Serving) -> str | None:
    """Output tokens by the servers' count and by the client's; None where one of them is not known."""
    pairs = [(each.llm_output_tokens, each.client_output_tokens) for each in at.counts]
    known = [(llm, client) for llm, client in pairs if llm is not None and client is not None]
    if not known or len(known) < len(pairs):
        return None
    llm, client = sum(llm for llm, _ in known), sum(client for _, client in known)
    return f"output tokens: {count(round(llm))} by the LLM servers' count, {count(client)} by that of the answers"


def cost_sentence(at: ObserverCost) -> str:
    """What observing cost."""
    failed = f", {count(at.failed)} of them failed" if at.failed else ""
    share = "" if at.cpu_ratio is None else f"; the observing process took {quantity(at.cpu_ratio, 'ratio')} of a core"
    return (
        f"{count(at.readings)} readings of {count(at.sources)} pages{failed}, {quantity(at.took_mean_ms, 'ms')} each, "
        f"{quantity(at.took_max_ms, 'ms')} at most{share}"
    )


def serving_rows(trials: Sequence[ServedTrial]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The head and a row for each server in each trial, without the columns that nobody told anything for."""
    rows = [_row(each) for each in trials]
    told = [column for column in range(len(HEAD)) if any(row[column] not in {"", UNKNOWN} for row in rows)]
    return tuple(HEAD[column] for column in told), [tuple(row[column] for column in told) for row in rows]


def _row(at: ServedTrial) -> tuple[str, ...]:
    """Under `HEAD`."""
    step = f", step {at.step + 1}" if at.step else ""
    return (
        f"{at.trial + 1}{step}",
        f"{at.server or UNKNOWN} {_place(at.replica)}",
        _both(at.running_mean, at.running_max, "plain"),
        _both(at.waiting_mean, at.waiting_max, "plain"),
        _both(at.kv_cache_usage_mean_ratio, at.kv_cache_usage_max_ratio, "ratio"),
        quantity(at.prefix_hit_ratio, "ratio"),
        quantity(at.preemptions, "plain"),
        quantity(at.queue_mean_ms, "ms"),
        quantity(at.prefill_mean_ms, "ms"),
        quantity(at.prompt_tokens_per_s, "plain"),
        quantity(at.output_tokens_per_s, "plain"),
        "; ".join(at.gaps),
    )


def _place(url: str) -> str:
    """``host:port`` of a page, and ``namespace/pod:port`` of one that was read through an API server."""
    parts = urlsplit(url)
    pod = re.search(r"/namespaces/([^/]+)/pods/([^/]+)/proxy/", parts.path)
    return parts.netloc if pod is None else f"{pod[1]}/{pod[2]}"


def loaded_row(at: LoadedStep, unit: str) -> tuple[str, ...]:
    """Under `LOAD_HEAD`: the servers at one load."""
    return (
        f"{number_text(at.level, 3)} {unit}",
        _both(at.running_mean, at.running_max, "plain"),
        quantity(at.waiting_mean, "plain"),
        quantity(at.kv_cache_usage_max_ratio, "ratio"),
        quantity(at.preemptions, "plain"),
    )


def _both(mean: float | None, most: float | None, unit: Unit) -> str:
    return UNKNOWN if mean is None else f"{quantity(mean, unit)} (max {quantity(most, unit)})"
