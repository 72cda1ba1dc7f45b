"""What a probe beside a load did to it."""

from dataclasses import replace

from ragmeter.core.netprobe.document import Load, ProbeReference
from ragmeter.core.run.plan import RunPlan
from ragmeter.core.run.probe_effect import effect_of_probe
from tests.core.samples import sample
from tests.saved import plan_of

MINUTE = "2026-02-22T10:15"


def run_beside(load: Load = "during") -> RunPlan:
    """Begun at second 30; a pair was measured from second 31 to 32."""
    reference = ProbeReference(
        path="ew.json",
        timestamp=f"{MINUTE}:30+00:00",
        load=load,
        pairs=("node-1 → node-2",),
        chosen="measured pair",
        route="pod_to_pod",
        p50_ms=0.2,
        p99_ms=None,
        windows=((f"{MINUTE}:31+00:00", f"{MINUTE}:32+00:00"),),
    )
    return replace(plan_of("mine", started_at=f"{MINUTE}:30+00:00"), netprobe=reference)


def test_requests_that_met_the_probe_are_told_from_the_others() -> None:
    before, during, over_its_end = (0, 100), (1100, 120), (1900, 140)
    samples = [sample(at_ms=sent_ms, ttft_ms=ttft_ms) for sent_ms, ttft_ms in (before, during, over_its_end)]
    (said,) = effect_of_probe(run_beside(), samples)
    assert said.endswith("TTFT p50 was 130 ms (n = 2) of the requests that met it, 100 ms (n = 1) of the others")


def test_a_probe_that_was_not_beside_the_load_did_nothing_to_it() -> None:
    assert effect_of_probe(run_beside("after"), [sample(ttft_ms=1)]) == ()
    assert effect_of_probe(plan_of("mine"), [sample(ttft_ms=1)]) == ()


def test_without_an_answer_nothing_is_known_of_it() -> None:
    (said,) = effect_of_probe(run_beside(), [])
    assert said.endswith("TTFT p50 was unknown (n = 0) of the requests that met it, unknown (n = 0) of the others")
