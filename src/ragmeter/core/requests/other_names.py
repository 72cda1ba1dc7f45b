"""What people call our metrics: keys of the result document, and words of other tools. They are hinted at, not read."""

import re
from typing import Final

from ragmeter.core.requests.metrics import METRICS

_NAMED: Final = re.compile(
    r"(?:(?P<before>avg|mean|median|min|max|p\d{1,2})_)?(?P<stem>.+?)"
    r"(?:_(?P<after>avg|mean|median|min|max|p\d{1,2}))?(?P<unit>_ms|_s|_sec|_seconds)?"
)
_STATISTICS: Final = {"avg": "mean", "median": "p50"}
_WORDS: Final = {
    "latency": "e2e_ms",
    "e2e_latency": "e2e_ms",
    "request_latency": "e2e_ms",
    "response_time": "e2e_ms",
    "time_to_first_token": "ttft_ms",
    "time_per_output_token": "tpot_ms",
    "inter_token_latency": "itl_ms",
    "tokens_per_sec": "tokens_per_s",
    "tokens_per_second": "tokens_per_s",
    "throughput": "output_tokens_per_s",
    "rps": "requests_per_s",
    "qps": "requests_per_s",
    "error_rate": "error_ratio",
    "failure_rate": "error_ratio",
    "success_rate": "error_ratio",
    "success_ratio": "error_ratio",
    "goodput": "good_ratio",
    "recall": "recall_at_k",
}


def meant_by(name: str) -> str | None:
    """The figure that an unknown name most likely stands for, as an SLO writes it: ``p95(ttft_ms)`` of
    ``ttft_p95_ms``, ``ttft_ms`` of ``ttft``. None where no rule says.
    """
    match = _NAMED.fullmatch(name.lower())
    if match is None:
        return None
    stem, unit = match["stem"], match["unit"] or ""
    spelt = (f"{stem}_ms", _WORDS.get(stem), _WORDS.get(stem + unit), stem + unit, stem)
    metric = next((each for each in spelt if each in METRICS), None)
    written = match["before"] or match["after"]
    if metric is None or written is None or not METRICS[metric].has_statistics:
        return metric
    return f"{_STATISTICS.get(written, written)}({metric})"
