"""What an east-west probe beside a load did to it, as far as the requests show it. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from ragmeter.core.formatting import number_text
from ragmeter.core.netprobe.document import ProbeReference
from ragmeter.core.requests.measures import ttft_ms
from ragmeter.core.requests.records import RequestSample
from ragmeter.core.run.plan import RunPlan
from ragmeter.core.stats.estimate import quantile


def effect_of_probe(plan: RunPlan, measured: Sequence[RequestSample]) -> tuple[str, ...]:
    """A sentence on a run whose load had a probe beside it: the TTFT of the requests that met it and of the others."""
    if plan.netprobe is None or plan.netprobe.load != "during":
        return ()
    answered = [(sample, ttft) for sample in measured if sample.ok and (ttft := ttft_ms(sample)) is not None]
    began = datetime.fromisoformat(plan.started_at)
    met = [ttft for sample, ttft in answered if _met(sample, began, plan.netprobe)]
    others = [ttft for sample, ttft in answered if not _met(sample, began, plan.netprobe)]
    words = "an east-west probe was made beside the load, and its traffic is in the figures"
    return (f"{words}: TTFT p50 was {_p50(met)} of the requests that met it, {_p50(others)} of the others",)


def _met(sample: RequestSample, began: datetime, probe: ProbeReference) -> bool:
    """Whether the request was under way while a pair was measured."""
    sent, ended = (began + timedelta(microseconds=at_ns / 1000) for at_ns in (sample.sent_ns or 0, sample.ended_ns))
    return any(
        sent <= datetime.fromisoformat(last) and datetime.fromisoformat(first) <= ended for first, last in probe.windows
    )


def _p50(found_ms: Sequence[float]) -> str:
    value = quantile(found_ms, 0.5) if found_ms else None
    return f"{'unknown' if value is None else f'{number_text(value, 3)} ms'} (n = {len(found_ms)})"
