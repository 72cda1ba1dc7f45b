"""Who may know what, and what happens when two disagree."""

from typing import Any

import pytest

from ragmeter.core.run.metadata import (
    RunMetadata,
    Source,
    agree,
    environment_names,
    environment_source,
    merge,
    relayed,
)

TYPED = "us-typed"
SEEN = "us-seen"


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


@pytest.mark.parametrize(
    ("sources", "value", "origin", "caveats"),
    [
        ([("Kubernetes", SEEN, False)], SEEN, "Kubernetes", ()),
        ([("mine.yaml", TYPED, True)], TYPED, "declared in mine.yaml", ()),
        ([("Kubernetes", SEEN, False), ("mine.yaml", SEEN, True)], SEEN, "Kubernetes", ()),
        (
            [("mine.yaml", TYPED, True), ("Kubernetes", SEEN, False)],
            SEEN,
            "Kubernetes",
            ("region: 'us-typed' is declared in mine.yaml, but Kubernetes says 'us-seen', which is recorded",),
        ),
        (
            [("the environment", TYPED, True), ("mine.yaml", "us-other", True)],
            TYPED,
            "declared in the environment",
            ("region: 'us-typed' is declared in the environment, 'us-other' in mine.yaml; the first is recorded",),
        ),
        (
            [("the environment", TYPED, True), ("mine.yaml", TYPED, True)],
            TYPED,
            "declared in the environment",
            (),
        ),
        (
            [("/info", SEEN, False), ("the environment", TYPED, True), ("mine.yaml", "us-other", True)],
            SEEN,
            "/info",
            (
                "region: 'us-typed' is declared in the environment, but /info says 'us-seen', which is recorded",
                "region: 'us-other' is declared in mine.yaml, but /info says 'us-seen', which is recorded",
            ),
        ),
    ],
    ids=["seen", "typed", "both alike", "typed first", "typed twice", "typed twice alike", "seen, typed twice"],
)
def test_what_was_observed_is_believed_against_whatever_was_typed(
    sources: list[tuple[str, str, bool]], value: str, origin: str, caveats: tuple[str, ...]
) -> None:
    metadata, origins, warnings = merge(
        [Source(origin=name, values={"region": said}, declared=declared) for name, said, declared in sources]
    )
    assert (metadata.region, origins["region"], warnings) == (value, origin, caveats)


@pytest.mark.parametrize("name", RunMetadata.__dataclass_fields__)
def test_no_field_is_an_exception_to_that(name: str) -> None:
    typed, seen = Source(origin="a", values={name: "typed"}, declared=True), Source(origin="b", values={name: "seen"})
    metadata, origins, warnings = merge([typed, seen])
    assert (getattr(metadata, name), origins[name], len(warnings)) == ("seen", "b", 1)


@pytest.mark.parametrize(
    ("name", "seen", "said", "alike"),
    [
        ("gpu_model", "NVIDIA-L4", "NVIDIA L4 24 GB", True),
        ("gpu_model", "NVIDIA-RTX-4000-Ada-Generation", "NVIDIA RTX 4000 Ada 20 GB", True),
        ("gpu_model", "NVIDIA-A100-SXM4-80GB", "NVIDIA A100 80GB", True),
        ("gpu_model", "NVIDIA-L40S", "NVIDIA L4 24 GB", False),
        ("gpu_model", "NVIDIA-L4, Tesla-T4", "Tesla T4", True),
        ("gpu_model", "NVIDIA-L4", "NVIDIA T4", False),
        ("node_instance_type", "g6.xlarge, t3.medium", "g6.xlarge", True),
        ("node_instance_type", "g6.xlarge, t3.medium", "g6.2xlarge", False),
        ("region", "us-east-2, us-east-1", "us-east-2", False),
        ("gpu_count", 1, 2, False),
        ("model_id", "Qwen/Qwen3-1.7B", "Qwen3-1.7B", False),
    ],
)
def test_names_of_one_machine_agree(name: str, seen: Any, said: Any, alike: bool) -> None:
    """Labels of the GPU operator beside what price lists say."""
    assert agree(name, seen, said) is alike


def test_what_a_pod_was_told_stays_declared_when_it_is_passed_on() -> None:
    values = {"region": "us", "dtype": "float16", "k": 5, "zone": None}
    origins = {
        "region": "declared in the backend's environment",
        "dtype": "backend /info",
        "k": "this run",
        "zone": None,
    }
    kubernetes = Source(origin="Kubernetes", values={"region": "eu", "dtype": "bfloat16"})
    metadata, found, warnings = merge([*relayed("pod", values, origins), kubernetes])
    assert (metadata.region, metadata.dtype, metadata.k) == ("eu", "float16", 5)
    assert (found["region"], found["dtype"]) == ("Kubernetes", "pod")
    assert warnings == (
        "region: 'us' is declared in pod, but Kubernetes says 'eu', which is recorded",
        "dtype: pod says 'float16', Kubernetes says 'bfloat16'; the first is recorded",
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
    assert environment_source(environment) == Source(origin="the environment", values=expected, declared=True)


def test_every_name_of_the_environment_is_a_field() -> None:
    fields = RunMetadata.__dataclass_fields__
    assert set(environment_names) <= set(fields)
