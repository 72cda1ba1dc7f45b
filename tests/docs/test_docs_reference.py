"""The reference pages say what the code does."""

import re
import runpy
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

import pytest

from backend.settings import describe_settings
from backend.telemetry.metrics import Metrics
from ragmeter._pytest.options.table import OPTIONS
from ragmeter.clients.files import known_schemas, schema
from ragmeter.core.requests.records import ErrorClass
from ragmeter.core.result.result import RunResult
from ragmeter.core.stats.estimate import min_samples
from ragmeter.core.verdicts.records import Outcome
from ragmeter.run.plan.catalog import load_workload
from tests.docs.pages import DOCS, ROOT, rows
from tests.programs import AS_A_USER

REFERENCE = DOCS / "reference"


def keys_of(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """(dotted key, default as the page writes it) of every property of a schema; a section itself is not one."""
    for name, written in document["properties"].items():
        shared = schema("provider.v1")["$defs"].get(written.get("$ref", "").rpartition("/")[2], {})
        rule = {**written, **shared}
        if "properties" in rule:
            yield from keys_of(rule, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _default(rule, required=name in document.get("required", ()))


def _default(rule: Mapping[str, Any], *, required: bool) -> str:
    value = rule.get("default", "required" if required else "none")
    return '"1.0"' if value == "1.0" else str(value)


@pytest.mark.parametrize("name", ["workload", "provider"])
def test_every_key_of_a_file_has_a_row_with_its_default(name: str) -> None:
    written = {row[0]: row[1] for row in rows(REFERENCE / f"{name}.md")}
    for key, default in keys_of(schema(f"{name}.v1")):
        assert written.get(key) == default, key


@pytest.mark.parametrize("name", ["workload", "provider"])
def test_no_row_is_about_a_key_that_does_not_exist(name: str) -> None:
    document = schema(f"{name}.v1")
    existing = {key for key, _ in keys_of(document)} | document["properties"].keys() | {"key"}
    assert {row[0] for row in rows(REFERENCE / f"{name}.md")} <= existing


def test_the_tables_of_options_are_generated_from_the_table_of_options() -> None:
    text = (REFERENCE / "options.md").read_text(encoding="utf-8")
    generated = runpy.run_path(str(ROOT / "tools" / "write_option_reference.py"))["page"](text)
    assert text == generated, "run tools/write_option_reference.py"


def test_the_table_of_imported_tools_is_generated_from_the_importers() -> None:
    text = (REFERENCE / "cli.md").read_text(encoding="utf-8")
    generated = runpy.run_path(str(ROOT / "tools" / "write_import_reference.py"))["page"](text)
    assert text == generated, "run tools/write_import_reference.py"


def test_the_columns_of_query_are_generated_from_its_tables() -> None:
    text = (REFERENCE / "cli.md").read_text(encoding="utf-8")
    generated = runpy.run_path(str(ROOT / "tools" / "write_query_reference.py"))["page"](text)
    assert text == generated, "run tools/write_query_reference.py"


def test_pytest_helps_with_every_row_of_the_options() -> None:
    command = [sys.executable, "-m", "pytest", "--help", *AS_A_USER]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    help_text = " ".join(done.stdout.split())
    table = {row[0].split()[0]: row for row in rows(REFERENCE / "options.md") if row[0].startswith("--")}
    assert table.keys() == set(re.findall(r"ini form of (--[a-z-]+)", help_text)) == {o.flag for o in OPTIONS.values()}
    for flag, (_, ini, variable, *_) in table.items():
        assert f"ini form of {flag}" in help_text.partition(f" {ini} (")[2][:80], ini
        assert variable in help_text, variable


def test_the_metric_reference_is_generated_from_the_metrics() -> None:
    generated = runpy.run_path(str(ROOT / "tools" / "write_metric_reference.py"))["page"]()
    assert (REFERENCE / "metrics.md").read_text(encoding="utf-8") == generated, "run tools/write_metric_reference.py"


def test_every_field_of_a_result_is_explained() -> None:
    named = {name for row in rows(REFERENCE / "result.md") for name in re.findall(r"[a-z_0-9]+", row[0])}
    assert {field.name for field in fields(RunResult)} <= named


def test_every_verdict_and_error_class_is_explained() -> None:
    first = {row[0] for row in rows(REFERENCE / "result.md")}
    assert {outcome.value for outcome in Outcome} <= first
    assert {error.value for error in ErrorClass} <= first


def test_every_schema_is_named() -> None:
    text = (REFERENCE / "cli.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in known_schemas())


def test_every_setting_of_the_backend_has_a_row_with_its_default_and_meaning() -> None:
    table = {row[0]: row[1:] for row in rows(REFERENCE / "backend.md")}
    lines = describe_settings().splitlines()
    assert len(lines) > 40
    for line in lines:
        name, _, rest = line.strip().partition(" ")
        default, meaning = table[name]
        suffix = "" if default == "none" else f" (default {default})"
        assert rest.strip() == meaning + suffix, name


def test_every_metric_of_the_backend_has_a_row_with_its_type() -> None:
    metrics = Metrics(version="0", model_id="m", provider="p")
    exported = dict(re.findall(r"^# TYPE (rag_\w+) (\w+)$", metrics.render().decode(), re.MULTILINE))
    table = {row[0]: row[1] for row in rows(REFERENCE / "backend.md") if row[0].startswith("rag_")}
    assert table == exported


def test_the_numbers_of_requests_that_percentiles_need_are_those_of_the_code() -> None:
    table = {row[0]: row[1] for row in rows(DOCS / "explanation-measurement.md") if row[0].startswith("p")}
    del table["percentile"]
    assert {name: int(needed) for name, needed in table.items()} == {
        name: min_samples(float(name[1:]) / 100) for name in ("p50", "p90", "p95", "p99", "p99.9")
    }


def test_the_workloads_of_the_how_to_are_those_that_ship() -> None:
    table = [row for row in rows(DOCS / "howto-cluster.md") if row[0] in {"light", "standard", "load", "stress"}]
    assert len(table) == 4
    for name, *figures in table:
        shipped = load_workload(name)
        expected = [shipped.requests, shipped.concurrency, shipped.warmup_requests, shipped.max_output_tokens]
        assert [int(figure) for figure in figures] == expected, name
