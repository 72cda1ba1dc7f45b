"""Which arguments ask for the suite, so that a variable may name its provider."""

from pathlib import Path

import pytest

from ragmeter._pytest.options.inherited import _OWN_MARKERS, _is_of_the_suite, named_by_variable
from tests.docs.pages import ROOT


@pytest.mark.parametrize(
    ("argument", "asked"),
    [
        ("bench", True),
        ("bench/", True),
        ("bench/test_cost.py", True),
        (str(ROOT / "bench"), True),
        ("ragmeter.suite", True),
        ("ragmeter.suite.test_cost", True),
        ("ragmeter.suites", False),
        ("tests", False),
        ("tests/core/test_urls.py", False),
        ("nowhere", False),
        ("nowhere/bench", False),
    ],
)
def test_the_suite_is_its_module_its_folder_or_a_file_in_it(argument: str, asked: bool) -> None:
    assert _is_of_the_suite(argument, ROOT) == asked


@pytest.mark.parametrize(
    ("expression", "asked"),
    [
        ("north_south", True),
        ("ew_probe", True),
        ("smoke or north_south", True),
        ("not north_south", False),
        ("smoke", False),
        ("contract and cost", False),
        ("my_north_south_tests", False),
        ("", False),
    ],
)
def test_a_marker_that_is_ours_alone_asks_for_it(expression: str, asked: bool) -> None:
    assert bool(_OWN_MARKERS.search(expression)) == asked


def test_an_empty_variable_names_nothing() -> None:
    assert named_by_variable({"RAG_PROVIDER": "", "PROVIDER": "x"}) == ("x", "PROVIDER")
    assert named_by_variable({"RAG_PROVIDER": ""}) is None
    assert Path(ROOT, "bench", "test_north_south.py").is_file()
