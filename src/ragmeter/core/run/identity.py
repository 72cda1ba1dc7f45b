"""What two runs must have in common to be compared, and what may differ and could explain a difference."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ragmeter.core.inputs.cache import state_of
from ragmeter.core.inputs.workload import judging_keys, pacing_keys
from ragmeter.core.run.plan import RunPlan

MUST_MATCH = (
    "tool",
    "workload_hash",
    "cache_state",
    "seed",
    "definitions_version",
    "docset_hash",
    "k",
    "prompt_template_hash",
    "model_id",
    "dtype",
    "quantization",
    "llm_engine",
    "vllm_version",
    "max_output_tokens",
    "vantage_points",
    "token_source",
)
"""Of two runs that differ here, a difference in a figure says nothing about the providers."""
OF_IMPORTS = ("tool_definitions", "load_shape", "rate_per_s", "concurrency", "input_tokens", "streaming")
"""What imported results must have in common, too: of a run of ours the hash of its workload says all of it."""
MANIFEST = "manifest"
"""In an identity, the manifest that its ``workload_hash`` is of: compared by the hash, and named key by key."""
_NEARLY: Mapping[str, float] = {"rate_per_s": 0.01, "input_tokens": 0.05}
"""By how much two values may differ that are measured or rounded, relative to the larger."""
COULD_EXPLAIN = (
    "tool_version",
    "model_revision",
    "gpu_model",
    "gpu_count",
    "node_instance_type",
    "node_count",
    "max_model_len",
    "kv_cache_dtype",
    "prefix_caching",
    "marked_by",
    "context_max_chars",
    "embedding_model_id",
    "embedding_dimension",
    "vector_store",
    "vector_store_version",
    "index_type",
    "index_parameters",
    "retrieval_mode",
    "candidates",
    "reranker",
    "chunk_chars",
    "chunk_overlap",
    "documents",
    "chunks",
    "docset",
    "backend_version",
    "backend_image_tag",
    "vllm_image_tag",
    "frontend_image_tag",
    "ray_version",
    "kubernetes_version",
    "region",
    "zone",
    "proxy",
    "clock",
    "client_host",
    "client_cpus",
    "client_python",
    "ragmeter_version",
)
"""What providers may differ in, the likeliest explanation of a difference first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDifference:
    """One field whose values are known on both sides and not the same."""

    field: str
    a: Any
    b: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldAcross:
    """One field that is not the same in all of several runs; None where it is not known. forbids: it must match."""

    field: str
    values: tuple[Any, ...]
    forbids: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityDiff:
    """must_match: differences that forbid a comparison. could_explain: those that a reader has to weigh.

    unverified: fields that must match and are not known of both runs.
    """

    must_match: tuple[FieldDifference, ...]
    could_explain: tuple[FieldDifference, ...]
    unverified: tuple[str, ...]


def differing(a: Mapping[str, Any], b: Mapping[str, Any]) -> str | None:
    """A sentence on the fields that must match and do not; None when the two may be compared."""
    found = identity_diff(a, b).must_match
    if not found:
        return None
    first, others = in_manifest(found[0], a, b), ", ".join(each.field for each in found[1:])
    return f"{first.field} was {first.a!r} and is {first.b!r}{f'; {others} differ, too' if others else ''}"


def in_manifest(difference: FieldDifference, a: Mapping[str, Any], b: Mapping[str, Any]) -> FieldDifference:
    """Of two hashes of workloads, the first key of the manifests that makes them differ; anything else as it is."""
    if difference.field != "workload_hash" or MANIFEST not in a or MANIFEST not in b:
        return difference
    of_a, of_b = dict(_leaves(a[MANIFEST])), dict(_leaves(b[MANIFEST]))
    key = next((key for key in {**of_a, **of_b} if of_a.get(key) != of_b.get(key)), None)
    if key is None:
        return difference  # the texts of a file of prompts, of a trace or of a description
    return FieldDifference(field=key, a=of_a.get(key), b=of_b.get(key))


def _leaves(manifest: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each dotted key that is part of the workload's hash, and its value."""
    for section, held in manifest.items():
        if section in judging_keys:
            continue
        if not isinstance(held, Mapping):
            yield section, held
            continue
        unasked = pacing_keys if section == "benchmark" else ()
        yield from ((f"{section}.{key}", value) for key, value in held.items() if key not in unasked)


def identity_of(plan: RunPlan) -> Mapping[str, Any]:
    """Every field of `MUST_MATCH` and `COULD_EXPLAIN`, None where nobody knew it, and the manifest.

    Samples know their token source.
    """
    workload = plan.workload
    known = {
        **plan.metadata,
        "tool": "ragmeter",
        "workload_hash": workload.sha256,
        "cache_state": state_of(workload.caches),
        "marked_by": None if plan.marking is None else plan.marking.by,
        "seed": workload.seed,
        "definitions_version": plan.definitions_version,
        "k": workload.k,
        "max_output_tokens": workload.max_output_tokens,
        "vantage_points": 2 if plan.vantages else 1,
        "clock": plan.clock,
        "ragmeter_version": plan.ragmeter_version,
    }
    fields = {field: known.get(field) for field in (*MUST_MATCH, *COULD_EXPLAIN)}
    return {**fields, MANIFEST: workload.manifest}


def identity_diff(a: Mapping[str, Any], b: Mapping[str, Any]) -> IdentityDiff:
    """In what two identities differ, see `identity_of`. A value that one run does not know is no difference."""
    required = MUST_MATCH if _ours(a) and _ours(b) else (*MUST_MATCH, *OF_IMPORTS)
    return IdentityDiff(
        must_match=_differences((*MUST_MATCH, *OF_IMPORTS), a, b),
        could_explain=_differences(COULD_EXPLAIN, a, b),
        unverified=tuple(field for field in required if a.get(field) is None or b.get(field) is None),
    )


def _ours(identity: Mapping[str, Any]) -> bool:
    return identity.get("tool") in (None, "ragmeter")


def across(identities: Sequence[Mapping[str, Any]]) -> tuple[FieldAcross, ...]:
    """The fields in which any two runs differ or that some know and others do not, what forbids a comparison first."""
    fields = (*MUST_MATCH, *OF_IMPORTS, *COULD_EXPLAIN)
    found = ((field, tuple(each.get(field) for each in identities)) for field in fields)
    return tuple(
        FieldAcross(field=field, values=values, forbids=field not in COULD_EXPLAIN)
        for field, values in found
        if any(value != values[0] for value in values)
    )


def _differences(fields: tuple[str, ...], a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[FieldDifference, ...]:
    return tuple(
        FieldDifference(field=field, a=a[field], b=b[field])
        for field in fields
        if a.get(field) is not None and b.get(field) is not None and not _agree(field, a[field], b[field])
    )


def _agree(field: str, a: Any, b: Any) -> bool:
    if field in _NEARLY and isinstance(a, int | float) and isinstance(b, int | float):
        return math.isclose(a, b, rel_tol=_NEARLY[field])
    return bool(a == b)
