"""A user's project in an empty folder: a provider file, a workload, a test, and pytest run in it."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from ragmeter.testing import GroundTruthServer

PLUGINS = (
    "-p",
    "pytest_metadata.plugin",
    "-p",
    "pytest_html.plugin",
    "-p",
    "ragmeter.plugin",
    "-p",
    "no:cacheprovider",
    # An editable install lists no modules, so pytest warns that it cannot rewrite this process's plugin.
    "-W",
    "ignore:Module already imported:pytest.PytestAssertRewriteWarning",
)
"""All that a run inside a test loads: with every plugin of the environment it would take a second longer."""
SUITE = """
    def test_it(run_workload):
        assert run_workload().requests
"""
WORKLOAD: Mapping[str, Any] = {
    "schema": "workload.v1",
    "name": "tiny",
    "cache": {"kv": "natural"},
    "benchmark": {"requests": 2, "concurrency": 2, "timeout": 10, "max_output_tokens": 16},
    "prompts": ["What is the time to first token?", "Why is it not the time to the first byte?"],
}


@dataclass(slots=True)
class Project:
    """pytest runs in this process, against a ground-truth server in another one."""

    pytester: pytest.Pytester
    service: GroundTruthServer
    patch: pytest.MonkeyPatch
    sent_before: int = 0
    pages_before: int = 0

    def provider(self, name: str = "mine", *, script: str | None = None, **keys: Any) -> str:
        """Write NAME.yaml, a provider whose service plays the script; returns its file's name."""
        base_url = self.service.url(script) if script else self.service.base_url
        document = {"schema": "provider.v1", "name": name, "base_url": base_url, "workload": "./tiny.yaml", **keys}
        return self.write(f"{name}.yaml", {key: value for key, value in document.items() if value is not None})

    def workload(self, name: str = "tiny", **keys: Any) -> str:
        """Write NAME.yaml, a workload like the tiny one; a section that is given is merged into its own."""
        document = {**WORKLOAD, "name": name}
        for key, value in keys.items():
            document[key] = {**document.get(key, {}), **value} if isinstance(value, dict) else value
        return self.write(f"{name}.yaml", {key: value for key, value in document.items() if value is not None})

    def write(self, name: str, document: object) -> str:
        """Write a YAML file; returns its name."""
        (self.pytester.path / name).write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        return name

    def suite(self, source: str = SUITE) -> None:
        """Write the project's test."""
        self.pytester.makepyfile(test_mine=source)

    def ini(self, **values: object) -> None:
        """Write the project's pytest.ini."""
        lines = [f"{key} = {value}" for key, value in values.items()]
        self.pytester.makeini("\n".join(["[pytest]", *lines]))

    def env(self, **variables: object) -> None:
        """Set environment variables."""
        for name, value in variables.items():
            self.patch.setenv(name, str(value))

    def run(self, *arguments: str, provider: str | None = "./mine.yaml") -> pytest.RunResult:
        """Run pytest here with these arguments; ``sent`` then counts from this moment."""
        self.sent_before, self.pages_before = len(self.service.truths()), len(self.pages)
        named = [f"--provider={provider}"] if provider else []
        return self.pytester.runpytest_inprocess(*PLUGINS, *named, *arguments)

    @property
    def sent(self) -> int:
        """How many streams the server was asked for during the last run."""
        return len(self.service.truths()) - self.sent_before

    @property
    def pages(self) -> list[Path]:
        """pytest's own reports of all runs."""
        return [path for path in self.reports.rglob("*.*ml") if path.suffix in {".html", ".xml"}]

    @property
    def reports(self) -> Path:
        return self.pytester.path / "reports"

    def results(self) -> list[dict[str, Any]]:
        """Every result document, by file name."""
        found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(self.reports.glob("ns/*/*.json"))]
        return [document for document in found if document["schema"] == "benchmark-output.v1"]

    def comparison(self) -> dict[str, Any]:
        """The only comparison document."""
        (path,) = self.reports.glob("ns/*/*.comparison.json")
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return document

    def result(self) -> dict[str, Any]:
        """The only result document."""
        (only,) = self.results()
        return only

    def samples(self) -> list[dict[str, Any]]:
        """The samples of the only raw record, as they came."""
        return self.lines("sample")

    def lines(self, kind: str, provider: str = "*") -> list[dict[str, Any]]:
        """What the only raw record of the provider holds of one kind: plan, sample, part, ending."""
        (record,) = self.reports.glob(f"ns/{provider}/*.raw.jsonl")
        documents = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
        return [document[kind] for document in documents if kind in document]

    def forget(self) -> None:
        """Delete the reports."""
        shutil.rmtree(self.reports, ignore_errors=True)


def refused(project: Project, outcome: pytest.RunResult, *words: str) -> None:
    """Assert a usage error: exit 4, one sentence with all the words, no traceback; nothing was sent or reported."""
    said = outcome.stderr.str() + outcome.stdout.str()
    assert outcome.ret == pytest.ExitCode.USAGE_ERROR, said
    assert "Traceback" not in said
    assert "INTERNALERROR" not in said
    sentence = next((line for line in said.splitlines() if line.startswith("ERROR:")), "")
    for word in words:
        assert word in sentence, said
    assert project.sent == 0
    assert len(project.pages) == project.pages_before
    assert "report:" not in said
