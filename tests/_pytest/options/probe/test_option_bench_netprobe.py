"""--bench-netprobe."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ragmeter.core.codec import to_json
from tests._pytest.project import Project, refused
from tests.netprobe.documents import pair, probe


def saved(project: Project, name: str = "20260101T000000Z", provider: str = "mine") -> str:
    path = project.reports / "ew" / provider / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_json(probe(pair(), provider=provider, timestamp=datetime.now(UTC).isoformat())))
    return str(path.relative_to(project.pytester.path))


def test_the_result_refers_to_the_latest_probe_and_its_attribution_uses_it(project: Project) -> None:
    path = saved(project)
    project.run().assert_outcomes(passed=1)
    result = project.result()
    assert result["netprobe_reference"] == path
    assert result["run_metadata"]["netprobe_ew_path"] == path
    stages = {stage["name"]: stage for stage in result["attribution"]["stages"]}
    assert stages["llm_network"]["mean_ms"] == pytest.approx(0.25)
    assert stages["llm_network"]["basis"] == "probe"


def test_a_document_that_is_named_wins_over_the_latest_and_off_over_all(project: Project) -> None:
    named, _ = (saved(project, name) for name in "ab")
    for value, expected in ((named, named), ("off", None)):
        project.run(f"--bench-netprobe={value}").assert_outcomes(passed=1)
        assert project.result()["netprobe_reference"] == expected
        for old in project.reports.glob("ns/*/*"):
            old.unlink()


def test_without_a_probe_there_is_no_reference(project: Project) -> None:
    project.run().assert_outcomes(passed=1)
    assert project.result()["netprobe_reference"] is None


def test_a_file_that_is_no_probe_of_the_provider_is_refused(project: Project) -> None:
    refused(project, project.run("--bench-netprobe=none.json"), "none.json", "No such file")
    Path(project.pytester.path, "empty.json").write_text(json.dumps({}))
    refused(project, project.run("--bench-netprobe=empty.json"), "empty.json: $", "missing")
    other = saved(project, provider="other")
    refused(project, project.run(f"--bench-netprobe={other}"), "$.provider: 'other' is not 'mine'")
