"""The table of requests: a row for each, as `ragmeter export` writes them."""

from typing import Final

from ragmeter.core.requests.metrics import METRICS
from ragmeter.report.rows import request_metrics
from ragmeter.report.tables.column import Column, Kind


def _column(name: str, kind: Kind, meaning: str) -> Column:
    return Column(name=name, kind=kind, meaning=meaning, read=lambda row: row[name])


REQUESTS: Final = (
    _column("path", "text", "file of the run"),
    _column("run_id", "text", "id of the run"),
    _column("provider", "text", "provider"),
    _column("workload", "text", "workload"),
    _column("phase", "text", "warmup, search or measured"),
    _column("trial", "integer", "trial, from 0"),
    _column("step", "integer", "part of the trial, from 0"),
    _column("clock_id", "integer", "which machine's clock the times are of"),
    _column("index", "integer", "place in the run, from 0"),
    _column("prompt_index", "integer", "prompt that was sent, from 0"),
    _column("session", "integer", "conversation, from 0; null where each request is one of its own"),
    _column("turn", "integer", "question of the conversation, from 1"),
    _column("scheduled_s", "number", "when it was to be sent, s since the run began"),
    _column("t_s", "number", "when it was sent; null where the connection never came up"),
    _column("ended_s", "number", "when it ended"),
    _column("error", "text", "error class; null of a success"),
    _column("http_status", "integer", "HTTP status"),
    _column("token_source", "text", "how output tokens were counted"),
    _column("finish_reason", "text", "why the answer ended, as the server says"),
    _column("replica_id", "text", "replica, by its own id"),
    _column("server_address", "text", "address of the server"),
    _column("request_id", "text", "id of the request, as the server says"),
    _column("trace_id", "text", "id of its trace"),
    _column("sent_bytes", "integer", "bytes sent"),
    _column("received_bytes", "integer", "bytes received"),
    *(
        _column(name, "number", f"{METRICS[name].label[:1].lower()}{METRICS[name].label[1:]}, {METRICS[name].unit}")
        for name in request_metrics()
    ),
)
