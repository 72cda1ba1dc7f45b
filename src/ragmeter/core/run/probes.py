"""The plan of a run with what a probe and the cluster say of it."""

from dataclasses import replace

from ragmeter.core.netprobe.document import ProbeReference
from ragmeter.core.netprobe.placement import Placement
from ragmeter.core.run.plan import RunPlan


def with_probe(plan: RunPlan, reference: ProbeReference | None) -> RunPlan:
    """The plan of a run that refers to a probe, or to none."""
    path = None if reference is None else reference.path
    return replace(
        plan,
        netprobe=reference,
        metadata={**plan.metadata, "netprobe_ew_path": path},
        metadata_origins={**plan.metadata_origins, "netprobe_ew_path": None if path is None else "this run"},
    )


def with_placement(plan: RunPlan, placed: Placement) -> RunPlan:
    """The plan of a run whose pods run there."""
    known = placed.metadata()
    origins = dict.fromkeys(known, "Kubernetes")
    return replace(plan, metadata={**plan.metadata, **known}, metadata_origins={**plan.metadata_origins, **origins})
