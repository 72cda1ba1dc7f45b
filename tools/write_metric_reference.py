"""Write docs/reference/metrics.md from the table of metrics: run after a change of it. A test compares them."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from ragmeter.core.requests.metric import Metric
from ragmeter.core.requests.metrics import DEFINITIONS_VERSION, METRICS

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "metrics.md"

INTRODUCTION = f"""# Reference: metrics

Generated from the table of metrics that SLOs are checked against; definitions version {DEFINITIONS_VERSION}.
[The glossary](../glossary.md) defines the other terms.

## Symbols

| symbol | meaning |
|---|---|
| `t_sched` | when the schedule wanted the request sent; in a closed loop, when its slot became free |
| `t_send` | the first byte of the request was handed to the kernel |
| `t_meta` | arrival of the list of passages |
| `t_F`, `t_L` | arrival of the first and of the last event with answer text |
| `t_i` | arrival of the i-th event with answer text |
| `t_E` | arrival of the end of the stream |
| `N` | output tokens by the LLM's usage block, else as `token_source` says: by the tokenizer, or text events |
| `n_F` | tokens in the first text event; 1 where the server does not say |

Latencies are in milliseconds, ratios between 0 and 1. Metrics of requests are over successes, unless the name begins
with `adj_`. A value that is not known is null and takes part in nothing.

## All metrics

| metric | unit | better | an SLO reads |
|---|---|---|---|
"""

GROUPS = {
    "per_request": (
        "Metrics of one request",
        "One value for each successful request. An SLO needs a statistic: `p50`, `p95`, `p99.9`, `mean`, `min`, `max`.",
    ),
    "pooled": ("Metrics with many values per request", "An SLO needs a statistic here, too."),
    "gauge": (
        "What the servers tell, second by second",
        "One value for each second in which the servers were read. An SLO needs a statistic. It is NO_DATA where "
        "nobody told, and where a gap may hide another value.",
    ),
    "histogram": (
        "What the servers tell of their requests",
        "An SLO needs a mean or a percentile. A percentile passes or fails when all of its bucket is on one side.",
    ),
    "rate": ("Figures of the whole phase", "One value for the phase. An SLO names the metric alone."),
    "count": ("Counts of the phase", "One value for the phase, judged as it is."),
}


def page() -> str:
    """The page, from its heading to its last line."""
    rows = "\n".join(_row(metric) for metric in METRICS.values())
    sections = "\n\n".join(_group(kind, *texts) for kind, texts in GROUPS.items())
    return f"{INTRODUCTION}{rows}\n\n{sections}\n"


def _row(metric: Metric) -> str:
    return f"| `{metric.name}` | {metric.unit} | {metric.better or 'neither'} | `{_example(metric)}` |"


def _example(metric: Metric) -> str:
    higher = metric.better == "higher"
    subject = f"{'p50' if higher else 'p95'}({metric.name})" if metric.has_statistics else metric.name
    return f"{subject} {'>=' if higher else '<='} …"


def _group(kind: str, title: str, introduction: str) -> str:
    metrics = [metric for metric in METRICS.values() if metric.kind == kind]
    return "\n\n".join([f"## {title}", introduction, *("\n".join(_section(metric)) for metric in metrics)])


def _section(metric: Metric) -> Iterator[str]:
    yield f"### {metric.name}\n"
    yield f"{metric.definition}\n"
    yield f"- formula: `{metric.formula}`"
    yield f"- unit: {metric.unit}; better: {metric.better or 'neither'}"
    yield f"- interval: {metric.interval}"
    yield f"- source: {metric.source}"
    if metric.prometheus:
        yield f"- in Prometheus: `{metric.prometheus}`"


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    PAGE.write_text(page(), encoding="utf-8")
