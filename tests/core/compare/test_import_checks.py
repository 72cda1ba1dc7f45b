"""What is left out of a foreign result, and what makes its trials steps of a sweep."""

from dataclasses import replace
from typing import Any

import pytest

from ragmeter.core.compare.importers.checks import checked
from ragmeter.core.compare.importers.known import IMPORTERS, importer_of, readings_of
from ragmeter.core.compare.importers.offered import OfferedLoad, positive
from ragmeter.core.compare.importers.reading import Reading, known
from ragmeter.core.compare.importers.steps import Taken, identity_across, once, steps_of, what_differs
from ragmeter.core.errors import ConfigError
from tests.core.compare.test_importers import DOCUMENTS, distribution

RIGHT = {
    "mean(ttft_ms)": 100.0,
    "mean(tpot_ms)": 10.0,
    "p99(tpot_ms)": 12.0,
    "mean(e2e_ms)": 1090.0,
    "output_tokens_per_s": 500.0,
    "requests_per_s": 5.0,
}


def reading(**changed: Any) -> Reading:
    at = Reading(
        started_at=None,
        requests=100,
        errors=0,
        figures=RIGHT,
        mean_output_tokens=100.0,
        load=OfferedLoad(shape="closed", concurrency=8, duration_s=20.0),
    )
    return replace(at, **changed)


def taken(number: int, **changed: Any) -> Taken:
    figures = {**RIGHT, "p50(ttft_ms)": 90.0 + number}
    return Taken(path=f"{number}.json", sha256=str(number), result=None, reading=reading(figures=figures, **changed))


@pytest.mark.parametrize("value", [0, 0.0, -1, float("nan"), float("inf"), "inf", None, True, "", [], {}, 10**400])
def test_what_tools_write_for_none_is_none(value: object) -> None:
    assert positive(value) is None
    assert known({"p50(ttft_ms)": value}) == {}


@pytest.mark.parametrize(
    ("changed", "left_out", "words"),
    [
        ({}, set(), ""),
        (
            {"figures": {**RIGHT, "mean(tpot_ms)": 5.0}},
            {"mean(tpot_ms)", "p99(tpot_ms)"},
            "make 10 ms a token, and it says 5",
        ),
        ({"figures": {**RIGHT, "mean(tpot_ms)": 12.0}}, set(), ""),
        ({"mean_output_tokens": None, "figures": {**RIGHT, "mean(tpot_ms)": 5.0}}, set(), ""),
        (
            {"figures": {**RIGHT, "output_tokens_per_s": 900.0}},
            {"output_tokens_per_s", "requests_per_s"},
            "make 180 tokens a request, and it says 100",
        ),
        (
            {"load": OfferedLoad(duration_s=200.0)},
            {"output_tokens_per_s", "requests_per_s"},
            "5 requests/s for 200 s make 1000 requests, and 100 succeeded",
        ),
        ({"errors": 100}, set(RIGHT), "100 of 100 requests failed: it has no figures"),
        ({"requests": 0}, set(RIGHT), "0 of 0 requests failed"),
    ],
)
def test_figures_that_contradict_each_other_are_left_out_and_named(
    changed: dict[str, Any], left_out: set[str], words: str
) -> None:
    before = reading(**changed)
    after = checked(before)
    assert set(before.figures) - set(after.figures) == left_out
    assert words in " ".join(after.notes)
    assert bool(after.notes) == bool(left_out)


def test_one_load_makes_trials_and_several_make_a_sweep_in_the_order_of_their_load() -> None:
    at = {rate: taken(rate, load=OfferedLoad(shape="open", rate_per_s=float(rate))) for rate in (30, 1, 7)}
    steps = steps_of([at[30], at[1], at[7], taken(8, load=OfferedLoad(shape="open", rate_per_s=7.05))])
    assert [[each.path for each in step.results] for step in steps] == [["1.json"], ["7.json", "8.json"], ["30.json"]]
    assert what_differs(steps) == "rate_per_s 1, 7, 30"


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("shape", ("constant", "Poisson")),
        ("rate_per_s", (31.4, 18.16)),
        ("concurrency", (2, 50)),
        ("input_tokens", (128.0, 1024.0)),
        ("streaming", (True, False)),
        ("max_output_tokens", (256, "no limit")),
    ],
)
def test_every_part_of_a_load_keeps_results_apart(field: str, values: tuple[Any, Any]) -> None:
    first, second = (taken(number, load=OfferedLoad(**{field: value})) for number, value in enumerate(values))
    assert len(steps_of([first, second])) == 2
    assert len(steps_of([first, taken(3, load=OfferedLoad())])) == 1  # what is not written down is no difference


def test_input_lengths_and_durations_of_trials_are_their_means() -> None:
    loads = [OfferedLoad(input_tokens=100.0 + at, duration_s=10.0 + at) for at in range(3)]
    (step,) = steps_of([taken(at, load=load) for at, load in enumerate(loads)])
    assert (step.load.input_tokens, step.load.duration_s) == (101.0, 11.0)


def test_the_same_measurement_counts_once_whatever_its_file_is_called() -> None:
    first = taken(1)
    copies = [replace(first, path="copy.json"), replace(first, path="pretty.json", sha256="other bytes")]
    kept, said = once([first, *copies, taken(2)])
    assert [each.path for each in kept] == ["1.json", "2.json"]
    assert said == [f"{each.path} is the same measurement as 1.json: it counts once" for each in copies]


def test_results_of_two_models_are_no_trials() -> None:
    both = [taken(at, identity={"model_id": name}) for at, name in enumerate(("small", "large"))]
    with pytest.raises(ConfigError, match=r"1\.json: model_id is 'large', and 'small' in 0\.json"):
        identity_across(IMPORTERS[0], both, OfferedLoad())


def test_reasoning_alone_has_no_first_token_of_zero() -> None:
    metrics = DOCUMENTS["guidellm"]["benchmarks"][0]["metrics"]
    document = {"benchmarks": [{"metrics": {**metrics, "time_to_first_output_token_ms": distribution(0.0, 900.0)}}]}
    importer = importer_of(document)
    assert importer is not None
    (at,) = readings_of(importer, document)
    assert at.figures["p50(ttft_ms)"] == 120.0
    assert "its time_to_first_output_token_ms holds zeros" in " ".join(at.notes)


@pytest.mark.parametrize("tool", DOCUMENTS)
@pytest.mark.parametrize("bad", [None, [], "text", float("nan"), -1, {}, 10**400])
def test_a_result_with_anything_in_any_place_is_read_or_is_a_sentence(tool: str, bad: object) -> None:
    document = DOCUMENTS[tool]
    for key in document:
        changed = {**document, key: bad}
        importer = importer_of(changed)
        if importer is not None:
            try:
                readings = readings_of(importer, changed)
            except ValueError as error:
                assert str(error)  # noqa: PT017 - either outcome is right
            else:
                assert all(value > 0 for at in readings for value in at.figures.values())
