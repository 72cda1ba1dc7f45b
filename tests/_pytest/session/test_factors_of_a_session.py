"""`factors:` in a session: what is measured, what is told, and what is refused before any load."""

import json
from typing import Any

import pytest

from tests._pytest.project import Project, refused

VARIED: dict[str, Any] = {"vary": {"retrieval.k": [2, 5], "retrieval.mode": ["dense", "hybrid"]}}


def found(project: Project) -> dict[str, Any]:
    (path,) = project.reports.glob("ns/*/*.factors.json")
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def test_every_cell_runs_once_in_every_block(project: Project) -> None:
    project.workload(factors=VARIED, benchmark={"requests": 3, "trials": 3, "concurrency": 2})
    outcome = project.run()
    outcome.assert_outcomes(passed=4)
    outcome.stdout.fnmatch_lines(
        ["*the full plan: 4 cells*3 blocks of 4 trials in drawn order*the plan takes at least*"]
    )
    print(outcome.stdout.str())
    assert project.sent == 4 * 3 * 3
    results = project.results()
    assert [each["workload"]["name"] for each in results] == ["tiny"] * 4
