"""Whether the figures of a foreign result add up. Definitions that changed unseen show themselves here."""

from dataclasses import replace

from ragmeter.core.compare.importers.reading import Reading

MAX_DEVIATION = 0.3
"""Means of products are not products of means: requests whose lengths differ deviate by some percent."""
COUNTED_DEVIATION = 0.1


def checked(at: Reading) -> Reading:
    """Without the figures that contradict others of the same result, and with a note on each that is left out."""
    for check in (_without_answers, _time_per_token, _throughput, _counted):
        at = check(at)
    return at


def _without_answers(at: Reading) -> Reading:
    """A result without a success has no latency, whatever stands in it."""
    if at.errors < at.requests:
        return at
    return replace(
        at, figures={}, notes=(*at.notes, f"{at.errors} of {at.requests} requests failed: it has no figures")
    )


def _time_per_token(at: Reading) -> Reading:
    """e2e = TTFT + TPOT x (N - 1), of the means; seen without the TTFT, which may be the largest part."""
    e2e, ttft, tpot = (at.figures.get(f"mean({name}_ms)") for name in ("e2e", "ttft", "tpot"))
    if e2e is None or ttft is None or tpot is None or at.mean_output_tokens is None or at.mean_output_tokens < 2:
        return at
    right = (e2e - ttft) / (at.mean_output_tokens - 1)
    if right > 0 and abs(tpot / right - 1) <= MAX_DEVIATION:
        return at
    note = (
        f"its TPOT does not add up and is left out: {e2e:.4g} ms end to end, {ttft:.4g} ms to the first token and "
        f"{at.mean_output_tokens:.4g} tokens make {right:.3g} ms a token, and it says {tpot:.3g} ms"
    )
    return _without(at, "tpot_ms", note)


def _throughput(at: Reading) -> Reading:
    """Tokens per second / requests per second = tokens per request."""
    tokens, requests = at.figures.get("output_tokens_per_s"), at.figures.get("requests_per_s")
    if tokens is None or requests is None or not at.mean_output_tokens:
        return at
    if abs(tokens / requests / at.mean_output_tokens - 1) <= COUNTED_DEVIATION:
        return at
    note = (
        f"its throughput does not add up and is left out: {tokens:.4g} tokens/s and {requests:.4g} requests/s make "
        f"{tokens / requests:.4g} tokens a request, and it says {at.mean_output_tokens:.4g}"
    )
    return _without(_without(at, "output_tokens_per_s", note), "requests_per_s")


def _counted(at: Reading) -> Reading:
    """Requests per second x duration = successes. Tools round the duration, and one of a few requests says little."""
    rate, lasted, good = at.figures.get("requests_per_s"), at.load.duration_s, at.requests - at.errors
    if rate is None or not lasted or abs(rate * lasted - good) <= max(1.5, MAX_DEVIATION * good):
        return at
    note = (
        f"its throughput does not add up and is left out: {rate:.4g} requests/s for {lasted:.4g} s make "
        f"{rate * lasted:.0f} requests, and {good} succeeded"
    )
    return _without(_without(at, "output_tokens_per_s", note), "requests_per_s")


def _without(at: Reading, metric: str, note: str = "") -> Reading:
    left = {name: value for name, value in at.figures.items() if name != metric and not name.endswith(f"({metric})")}
    return replace(at, figures=left, notes=(*at.notes, note) if note else at.notes)
