"""One row for each request with every per-request metric, for spreadsheets and data frames."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ragmeter.core.requests.measures import Measure
from ragmeter.core.requests.metrics import METRICS
from ragmeter.core.requests.records import RequestSample
from ragmeter.core.run.plan import RunPlan

_FIRST_OF_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
Row = Mapping[str, Any]


def request_rows(plan: RunPlan, samples: Sequence[RequestSample]) -> Iterator[Row]:
    """In the order of the requests, warm-up included; None where a value is not known. ``t_s`` is the send time since
    the run began; metrics of failed requests are None but for what they had reached.

    The failure-aware metrics (``adj_``) are left out: they say +inf where ``error`` is set and else repeat the others.
    """
    metrics = request_metrics()
    for sample in sorted(samples, key=lambda one: one.index):
        yield _about(plan, sample) | {name: measure(sample) for name, measure in metrics.items()}


def request_metrics() -> dict[str, Measure]:
    """The per-request metrics of a row, by name."""
    return {
        name: metric.measure
        for name, metric in METRICS.items()
        if metric.measure is not None and not name.startswith("adj_")
    }


def _about(plan: RunPlan, sample: RequestSample) -> dict[str, Any]:
    return {
        "run_id": plan.run_id,
        "provider": plan.provider,
        "workload": plan.workload.name,
        "phase": sample.phase.value,
        "trial": sample.trial,
        "step": sample.step,
        "clock_id": sample.clock_id,
        "index": sample.index,
        "prompt_index": sample.prompt_index,
        "session": sample.session,
        "turn": sample.turn,
        "scheduled_s": sample.scheduled_ns / 1e9,
        "t_s": None if sample.sent_ns is None else sample.sent_ns / 1e9,
        "ended_s": sample.ended_ns / 1e9,
        "error": None if sample.error is None else sample.error.value,
        "http_status": sample.http_status,
        "token_source": None if sample.output_tokens is None else sample.token_source.value,
        "finish_reason": sample.finish_reason,
        "replica_id": sample.replica_id,
        "server_address": sample.server_address,
        "request_id": sample.request_id,
        "trace_id": sample.trace_id,
        "sent_bytes": sample.sent_bytes,
        "received_bytes": sample.received_bytes,
    }


def csv_text(rows: Sequence[Row]) -> str:
    """RFC 4180 with a header; an unknown value is an empty cell."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, fieldnames=list(rows[0]) if rows else [])
    writer.writeheader()
    writer.writerows({name: spreadsheet_cell(value) for name, value in row.items()} for row in rows)
    return stream.getvalue()


def spreadsheet_cell(value: Any) -> Any:
    """A server's text that a spreadsheet would take for a formula gets an apostrophe in front, as OWASP advises."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FIRST_OF_FORMULA) else value


def jsonl_text(rows: Sequence[Row]) -> str:
    return "".join(f"{json.dumps(row, allow_nan=False)}\n" for row in rows)
