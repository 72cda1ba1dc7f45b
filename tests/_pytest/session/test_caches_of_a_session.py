"""`cache:` in a session: what is sent, what is told, and what cannot pass."""

import json
import xml.etree.ElementTree as ET
from collections import Counter
from typing import Any

import pytest

from ragmeter._pytest.hooks.unfit import EXIT_INVALID
from ragmeter.testing import GroundTruthServer
from tests._pytest.project import Project, refused
from tests.run.recording_service import Recording, recording

SLO = "p50(ttft_ms) <= 5000"
SUITE = """
    def test_slo(run_workload, slo):
        slo.check(run_workload())
"""
REPEATING: dict[str, Any] = {"benchmark": {"requests": 20, "concurrency": 2}, "slo": [SLO]}


def asked(service: Recording, key: str) -> list[Any]:
    return [body.get(key) for body in service.bodies]


def test_repeats_without_a_declared_state_cannot_pass(project: Project) -> None:
    project.suite(SUITE)
    project.workload(cache=None, **REPEATING)
    outcome = project.run()
    assert outcome.ret == 0
    outcome.stdout.fnmatch_lines(["*warning: tiny.yaml: SLO of mine-tiny: *20 requests ask 2 different questions*"])
    result = project.result()
    assert result["outcome"] == "INCONCLUSIVE"
    assert (result["caches"]["declared"], result["caches"]["repeated_in_run"]) == ("undeclared", 18)
    refused(project, project.run("--bench-strict"), "no cache state is declared", "--bench-cache-kv")


@pytest.mark.parametrize("state", ["cold", "warm", "natural"])
def test_the_option_declares_a_state_and_the_run_passes(state: str, project: Project) -> None:
    project.suite(SUITE)
    project.workload(cache=None, **REPEATING)
    assert project.run(f"--bench-cache-kv={state}", "--bench-strict").ret == 0
    result = project.result()
    assert result["outcome"] == "PASS"
    assert result["caches"]["declared"] == state
    assert result["caches"]["hit_ratio"]["value"] is None
    assert project.sent == 20 + (2 if state == "warm" else 0)


def test_option_wins_over_environment_ini_and_manifest(project: Project) -> None:
    project.workload(cache={"kv": "natural"})

    def declared(*arguments: str) -> str:
        project.forget()
        assert project.run(*arguments).ret == 0
        found: str = project.result()["caches"]["declared"]
        return found

    assert declared() == "natural"
    project.ini(bench_cache_kv="warm")
    assert declared() == "warm"
    project.env(RAGMETER_CACHE_KV="cold")
    assert declared() == "cold"
    assert declared("--bench-cache-kv=natural") == "natural"
    refused(project, project.run("--bench-cache-kv=hot"), "$.cache.kv: 'hot'", "cold", "warm", "natural")


@pytest.mark.parametrize(
    ("info", "key", "is_salted"),
    [({"takes_cache_salt": True}, "cache_salt", True), ({}, "query", False), (None, "query", False)],
    ids=["takes it", "says nothing", "no /info"],
)
def test_cold_requests_are_marked_as_the_service_takes_it(
    info: dict[str, Any] | None, key: str, is_salted: bool, project: Project
) -> None:
    project.suite(SUITE)
    with recording(info) as service:
        project.provider(base_url=service.url)
        project.workload(cache={"kv": "cold"}, **REPEATING)
        assert project.run().ret == 0
    marks = asked(service, key)
    assert len(set(marks)) == 20, "no two requests have one mark"
    assert len({len(mark) for mark in marks}) <= 2, "marks are of one length: two questions, two lengths"
    questions = Counter(body["query"] for body in service.bodies)
    assert (len(questions) == 2) is is_salted
    assert ("cache_salt" in service.bodies[0]) is is_salted
    caveats = " ".join(project.result()["caveats"])
    assert ("retrieval searched for the nonce" in caveats) is not is_salted
    assert project.result()["caches"]["marked_by"] == ("cache_salt" if is_salted else "nonce")


DESCRIBED: dict[str, Any] = {
    "path": "/query/stream",
    "ready": "/readyz",
    "answer": {
        "events": {"token": {"text": "text"}, "done": {"usage": {"output": "token_count"}}},
        "end": {"event": "done"},
    },
}


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"q": "{prompt}"}, "q"),
        ({"system": "Run {nonce}. Be brief.", "q": "{prompt}"}, "system"),
        ({"messages": "{messages}"}, "messages"),
        ({"q": "{prompt}", "cache_salt": "{cache_salt}"}, "cache_salt"),
    ],
    ids=["ahead of the prompt", "placed", "in the messages", "salt"],
)
@pytest.mark.parametrize("state", ["cold", "natural"])
def test_a_described_target_is_made_cold_where_its_description_says(
    state: str, body: dict[str, Any], key: str, project: Project
) -> None:
    project.suite(SUITE)
    with recording(None) as service:
        project.provider(base_url=service.url)
        project.workload(cache={"kv": state}, target={**DESCRIBED, "body": body}, **REPEATING)
        assert project.run().ret == 0
    marks = [json.dumps(mark) for mark in asked(service, key)]
    is_cold = state == "cold"
    assert len(set(marks)) == (20 if is_cold else 1 if key in {"system", "cache_salt"} else 2)
    others = {json.dumps({name: value for name, value in one.items() if name != key}) for one in service.bodies}
    assert len(others) <= 2, "nothing else is marked"
    result = project.result()
    assert (result["outcome"], result["caches"]["declared"]) == ("PASS", state)
    assert result["caches"]["marked_by"] == (("cache_salt" if key == "cache_salt" else "nonce") if is_cold else None)


def test_two_runs_of_one_workload_have_no_mark_in_common(project: Project) -> None:
    with recording({"takes_cache_salt": True}) as service:
        project.provider(base_url=service.url)
        project.workload(cache={"kv": "cold"})
        assert project.run().ret == 0
        assert project.run().ret == 0
    assert len(set(asked(service, "cache_salt"))) == 4


def test_warm_asks_each_question_once_ahead_of_each_trial(project: Project) -> None:
    with recording({}) as service:
        project.provider(base_url=service.url)
        project.workload(cache={"kv": "warm"}, benchmark={"requests": 6, "trials": 2})
        assert project.run().ret == 0
    assert Counter(asked(service, "query")).total() == 2 * (6 + 2)
    assert len(project.samples()) == 2 * 6


def test_a_question_that_fails_while_it_warms_is_told_and_the_run_is_invalid(project: Project) -> None:
    project.suite(SUITE)
    with recording({}, failing=1) as service:
        project.provider(base_url=service.url)
        project.workload(cache={"kv": "warm"}, **REPEATING)
        assert project.run().ret == EXIT_INVALID
    (reason,) = project.result()["harness"]["reasons"]
    assert reason.startswith("1 of the 2 questions that were to warm the caches for trial 1 failed; the last: HTTP ")
    assert project.result()["outcome"] == "INVALID"


def test_a_matrix_is_measured_in_blocks_and_compared_in_pairs(project: Project, service: GroundTruthServer) -> None:
    outcome = project.run("--bench-cache-matrix", "--bench-trials=3", "--bench-requests=4")
    outcome.assert_outcomes(passed=3)
    titles = [f"tiny @ mine {state}" for state in ("cold", "warm", "natural")]
    for title in titles:
        outcome.stdout.fnmatch_lines([f"*  {title}"])
    (page,) = project.reports.glob("ns/mine/*Z.html")
    assert f"<title>{', '.join(titles)}" in page.read_text("utf-8") or all(
        title in page.read_text("utf-8") for title in titles
    )
    found_in = {p.get("name"): p.get("value") for p in ET.parse(page.with_suffix(".xml")).iter("property")}
    assert found_in["cache_declared"] in {"cold", "warm", "natural"}
    states = {result["caches"]["declared"] for result in project.results()}
    assert states == {"cold", "warm", "natural"}
    found = project.comparison()
    assert [side["label"] for side in found["sides"]] == ["mine cold", "mine warm", "mine natural"]
    assert [(pair["a"], pair["b"], pair["blocks"]) for pair in found["pairs"]] == [
        ("mine cold", "mine warm", 3),
        ("mine cold", "mine natural", 3),
        ("mine warm", "mine natural", 3),
    ]
    assert "cache_state" not in json.dumps(found["environment"])
    assert project.sent == 3 * (3 * 4 + 2)


def test_what_no_state_of_a_matrix_can_decide_is_said_once(project: Project) -> None:
    project.suite(SUITE)
    project.workload(slo=["p95(ttft_ms) <= 5000"])
    said = project.run("--bench-cache-matrix").stdout.str()
    told = [line for line in said.splitlines() if "cannot show this" in line]
    assert len(told) == 1
    assert "SLO of mine-tiny-cold, mine-tiny-warm, mine-tiny-natural: p95(ttft_ms) <= 5000: 2 requests" in told[0]


def test_the_arms_of_a_matrix_do_not_meet_in_a_cache(project: Project) -> None:
    with recording({"takes_cache_salt": True}) as service:
        project.provider(base_url=service.url)
        assert project.run("--bench-cache-matrix", "--bench-requests=6").ret == 0
    salts = Counter(asked(service, "cache_salt"))
    assert sorted(salts.values()) == [*[1] * 6, 6, 8], (
        "cold: one each; natural: one; warm: one, with what is asked ahead"
    )


@pytest.mark.parametrize(
    "other", ["--bench-cache-kv=cold", "--bench-aa", "--bench-baseline=last", "--bench-reference=mine"]
)
def test_what_has_no_place_in_a_matrix_is_refused(other: str, project: Project) -> None:
    refused(project, project.run("--bench-cache-matrix", other), other.partition("=")[0], "--bench-cache-matrix")


def test_matrix_by_environment_and_ini(project: Project) -> None:
    project.ini(bench_cache_matrix="true")
    project.run().assert_outcomes(passed=3)
    project.env(RAGMETER_CACHE_MATRIX="off")
    project.run().assert_outcomes(passed=1)
    project.env(RAGMETER_CACHE_MATRIX="perhaps")
    refused(project, project.run(), "environment RAGMETER_CACHE_MATRIX: 'perhaps' is not one of")
