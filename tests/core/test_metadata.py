"""Who may know what, and what happens when two disagree."""

from typing import Any

import pytest

from ragmeter.core.metadata import RunMetadata, Source, environment_names, environment_source, merge


def test_first_source_that_knows_a_field_wins_and_is_named() -> None:
    sources = [
        Source(origin="backend /info", values={"model_id": None, "dtype": "float16"}),
        Source(origin="LLM", values={"model_id": "m"}),
        Source(origin="mine.yaml", values={"region": "us-ord"}),
    ]
    metadata, origins, warnings = merge(sources)
    assert (metadata.model_id, metadata.dtype, metadata.region, metadata.zone) == ("m", "float16", "us-ord", None)
    assert (origins["model_id"], origins["dtype"], origins["region"], origins["zone"]) == (
        "LLM",
        "backend /info",
        "mine.yaml",
        None,
    )
    assert warnings == ()


def test_disagreement_is_a_warning_that_names_both() -> None:
    sources = [
        Source(origin="Kubernetes", values={"gpu_model": "L4", "gpu_count": 1}),
        Source(origin="environment", values={"gpu_model": "L4", "gpu_count": 2}),
        Source(origin="mine.yaml", values={"gpu_count": 4}),
    ]
    metadata, _, warnings = merge(sources)
    assert metadata.gpu_count == 1
    assert warnings == (
        "gpu_count: Kubernetes says 1, environment says 2; the first is recorded",
        "gpu_count: Kubernetes says 1, mine.yaml says 4; the first is recorded",
    )


def test_field_that_we_do_not_know_is_ignored() -> None:
    metadata, origins, _ = merge([Source(origin="backend /info", values={"colour": "blue"})])
    assert metadata == RunMetadata()
    assert "colour" not in origins


@pytest.mark.parametrize("value", [0, False, ""])
def test_zero_is_known_and_only_none_is_not(value: Any) -> None:
    _, origins, _ = merge(
        [Source(origin="a", values={"gpu_count": value}), Source(origin="b", values={"gpu_count": 3})]
    )
    assert origins["gpu_count"] == "a"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, {}),
        ({"RAG_REGION": "", "REGION": "eu"}, {"region": "eu"}),
        ({"RAG_REGION": "us", "REGION": "eu"}, {"region": "us"}),
        ({"VLLM_MODEL": "m", "MODEL_ID": "n"}, {"model_id": "m"}),
        ({"GPU_COUNT": "4", "VLLM_MAX_MODEL_LEN": "4096"}, {"gpu_count": 4, "max_model_len": 4096}),
        ({"GPU_COUNT": "four"}, {"gpu_count": None}),
        ({"HOME": "/root"}, {}),
    ],
)
def test_environment_states_what_users_know(environment: dict[str, str], expected: dict[str, Any]) -> None:
    assert environment_source(environment) == Source(origin="environment", values=expected)


def test_every_name_of_the_environment_is_a_field() -> None:
    fields = RunMetadata.__dataclass_fields__
    assert set(environment_names) <= set(fields)
