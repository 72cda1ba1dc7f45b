"""`factors:` in a session: what is measured, what is told, and what is refused before any load."""

import json
import re
from collections import Counter
from typing import Any

import pytest

from ragmeter.clients.files import schema
from ragmeter.core.codec import decode, encode
from ragmeter.core.compare.factors.document import FactorsFound
from ragmeter.core.schema import check
from tests._pytest.project import Project, refused
from tests.run.recording_service import recording

VARIED: dict[str, Any] = {"vary": {"retrieval.k": [2, 5], "retrieval.mode": ["dense", "hybrid"]}}
CROSSED: dict[str, Any] = {
    "vary": {"retrieval.k": [2, 5]},
    "deployed": [
        {"provider": "mine", "levels": {"engine": "quick"}},
        {"provider": "other", "levels": {"engine": "slow"}},
    ],
    "interactions": [["k", "engine"]],
}
FEW: dict[str, Any] = {"requests": 3, "trials": 3, "concurrency": 2}


def priced(usd_per_hr: float) -> dict[str, Any]:
    """A price sheet of one node."""
    return {
        "as_of": "2026-11-01",
        "source": "list",
        "gpu_node_count": 0,
        "cpu_node_count": 1,
        "cpu_node_usd_per_hr": usd_per_hr,
        "cluster_mgmt_usd_per_hr": 0.0,
    }


def found(project: Project) -> FactorsFound:
    """The only document, which fits its schema and is read back as it was written."""
    (path,) = project.reports.glob("ns/*/*.factors.json")
    document = json.loads(path.read_text(encoding="utf-8"))
    check(document, schema("factors.v1"), path.name)
    record = decode(FactorsFound, document, where=path.name)
    assert encode(record) == document
    return record


def test_every_cell_runs_once_in_every_block_in_drawn_order(project: Project) -> None:
    project.workload(factors=VARIED, benchmark=FEW)
    with recording({"takes_cache_salt": True}) as service:
        project.provider(base_url=service.url)
        outcome = project.run()
    outcome.assert_outcomes(passed=4)
    outcome.stdout.fnmatch_lines(
        [
            "*tiny.yaml: $.factors: the full plan: 4 cells*; 3 blocks of 4 trials in drawn order; the plan takes at "
            "least * min; the warm-up will tell how much more"
        ]
    )
    sent = [(body["k"], body["retrieval_mode"]) for body in service.bodies]
    blocks = [sent[start : start + 12] for start in range(0, len(sent), 12)]
    assert len(sent) == 36
    assert all(set(Counter(block).values()) == {3} for block in blocks), "three requests of each cell in each block"
    assert [list(dict.fromkeys(block)) for block in blocks[:2]][1] == list(dict.fromkeys(blocks[0]))[::-1], "A B B A"
    assert len({body["cache_salt"] for body in service.bodies}) == 4, "cells do not meet in a cache"
    asked = [sorted(body["query"] for body in service.bodies if body["k"] == k) for k in (2, 5)]
    assert asked[0] == asked[1], "all cells ask the same questions"
    document = found(project)
    assert [(cell.label, cell.trials, cell.marked) for cell in document.cells] == [
        (f"k={k} mode={mode}", 3, None) for k in (2, 5) for mode in ("dense", "hybrid")
    ]
    assert document.blocks == 3
    assert "3 blocks: no effect on a time or a price is concluded from fewer than 5" in document.caveats
    results = project.results()
    assert [each["overrides"][0]["origin"] for each in results] == ["tiny.yaml: $.factors.vary.retrieval.k"] * 4


def test_what_a_deployment_changes_is_found_and_what_it_does_not_is_not(
    project: Project,
) -> None:
    """The ground-truth server answers after 10 ms, the other one after 120, and costs twice as much an hour."""
    project.workload(factors=CROSSED, benchmark={**FEW, "trials": 5})
    project.provider(cost=priced(1.0))
    project.provider("other", script="slow", cost=priced(2.0))
    outcome = project.run("--provider=./other.yaml")
    outcome.assert_outcomes(passed=4)
    document = found(project)
    of_p50 = {at.effect: at for at in document.effects if str(at.figure) == "p50(ttft_ms)"}
    engine = of_p50["engine",]
    assert engine.ratio is not None
    assert engine.ratio.value == pytest.approx(12, rel=0.5), "by the clock of a busy machine"
    assert engine.change == "engine: quick to slow"
    (dearer,) = [at for at in document.effects if at.metric == "usd_per_good_request" and at.effect == ("engine",)]
    assert dearer.ratio is not None
    assert (dearer.ratio.value or 0) > 2, "twice the price for more than the time"
    assert document.frontier.cost == "usd_per_good_request"
    assert {cell.levels["engine"] for cell in document.cells if cell.frontier} == {"quick"}
    assert set(of_p50) == {("k",), ("engine",), ("k", "engine")}
    (page,) = project.reports.glob("ns/mine+other/*.factors.html")
    text = page.read_text(encoding="utf-8")
    assert text.count("<h1>") == 1
    assert "What k and engine cost: tiny @ mine, other" in text
    outcome.stdout.fnmatch_lines(["What k and engine cost: tiny @ mine, other"])
    (session,) = project.reports.glob("ns/*/*Z.html")
    assert ".factors.html" in session.read_text(encoding="utf-8"), "the page of the session leads to it"


def test_a_cell_that_breaks_its_error_budget_is_marked_and_left_out(project: Project) -> None:
    project.workload(factors=CROSSED, benchmark=FEW)
    project.provider()
    with recording(None, failing=4) as failing:
        project.provider("other", base_url=failing.url)
        project.run("--provider=./other.yaml")
    document = found(project)
    marked = {cell.label: cell.marked for cell in document.cells if cell.marked is not None}
    assert marked
    assert all("engine=slow" in label for label in marked)
    assert all(re.match(r"\d of 9 requests failed, more than the error budget", why or "") for why in marked.values())
    assert not any(cell.frontier for cell in document.cells if cell.marked is not None)
    lost = [at for at in document.effects if at.effect == ("k", "engine")]
    assert {at.sentence for at in lost} == {"not decidable: the cells that are left do not show it"}


def test_a_cell_that_is_not_measured_is_marked(project: Project) -> None:
    project.workload(factors=VARIED, benchmark=FEW)
    project.run("-k", "cell01 or cell02")
    document = found(project)
    assert [cell.marked for cell in document.cells] == [None, None, "it was not measured", "it was not measured"]
    assert any("without cell 3, 4 the plan is not balanced" in words for words in document.caveats)


def test_cache_states_can_be_varied(project: Project) -> None:
    project.workload(cache=None, factors={"vary": {"cache.kv": ["cold", "warm"]}})
    with recording({"takes_cache_salt": True}) as service:
        project.provider(base_url=service.url)
        project.run().assert_outcomes(passed=2)
    assert {each["caches"]["declared"] for each in project.results()} == {"cold", "warm"}
    salts = Counter(body["cache_salt"] for body in service.bodies)
    assert sorted(salts.values()) == [1, 1, 4], "cold: one mark each; warm: one, with what is asked ahead"


def test_the_forecast_goes_by_the_last_session(project: Project) -> None:
    project.provider(cost=priced(1.0))
    project.workload(factors=VARIED, benchmark=FEW)
    project.run()
    said = project.run("--co").stdout.str()
    assert re.search(
        r"the plan takes about [\d.e-]+ min \(.*\) and .* USD \(.*\), as nine of ten sessions like the saved", said
    )


@pytest.mark.parametrize(
    ("factors", "words"),
    [
        ({"vary": {"retrieval.k": [2, 0]}}, ["tiny.yaml: $.factors.vary.retrieval.k: $.retrieval.k: 0 is not >= 1"]),
        ({"vary": {"retrieval.kk": [2, 3]}}, ["$.retrieval.kk: unknown key", "did you mean 'k'?"]),
        ({"vary": {"retrieval.k": [2]}}, ["$.factors.vary['retrieval.k']: [2] needs at least 2"]),
        ({"vary": {"retrieval.k": 2}}, ["$.factors.vary['retrieval.k']: 2 is not of type array"]),
        ({"vary": {"benchmark.trials": [2, 3]}}, ["'benchmark.trials' cannot be varied", "retrieval.KEY"]),
        ({"varies": {"retrieval.k": [2, 3]}}, ["$.factors.varies: unknown key; did you mean 'vary'?"]),
        (CROSSED, ["$.factors.deployed: other is not measured", "--provider=mine --provider=other"]),
        ({"vary": {"request.temperature": [0, 1]}}, ["$.request.temperature: has no meaning with target rag"]),
    ],
)
def test_what_no_cell_can_be_is_refused_before_any_load(
    factors: dict[str, Any], words: list[str], project: Project
) -> None:
    project.workload(factors=factors)
    refused(project, project.run(), *words)


MODEL: dict[str, Any] = {"model_id": "m"}
SPOKEN: dict[str, Any] = {
    "path": "/ask",
    "body": {"q": "{prompt}", "n": "{max_tokens}"},
    "answer": {"events": {"token": {"text": "text"}}, "end": {"event": "done"}},
}


@pytest.mark.parametrize(
    ("target", "key"),
    [("rag", "model.model_id"), ("openai", "retrieval.k"), (SPOKEN, "retrieval.docset"), (SPOKEN, "model.model_id")],
)
def test_what_no_request_would_tell_the_service_is_refused(target: object, key: str, project: Project) -> None:
    project.workload(
        target=target, model=MODEL, factors={"vary": {key: [2, 5] if key == "retrieval.k" else ["a", "b"]}}
    )
    refused(project, project.run(), f"$.factors.vary: '{key}' has no meaning with target", "$.factors.deployed")


def test_a_summary_for_a_pipeline_says_what_was_concluded(project: Project) -> None:
    project.workload(factors=VARIED, benchmark=FEW)
    project.run("--bench-summary=summary.md")
    assert "tiny: No effect is shown." in (project.pytester.path / "summary.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("other", ["--bench-cache-matrix", "--bench-aa", "--bench-baseline=last", "--bench-k=3"])
def test_what_has_no_place_in_a_plan_is_refused(other: str, project: Project) -> None:
    project.workload(factors=VARIED)
    refused(project, project.run(other), other.partition("=")[0], "$.factors")
