"""YAML and JSON as other people write them: a value or a sentence, and never a traceback."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragmeter.clients.files import read_document, read_text, read_yaml
from ragmeter.clients.notation import NotationError, json_document, json_lines, yaml_document
from ragmeter.core.errors import ConfigError

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n", {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}),
        ("a: &a {x: 1}\nb: &b {<<: *a, x: 2}\nc: {<<: *b}\n", {"a": {"x": 1}, "b": {"x": 2}, "c": {"x": 2}}),
        ("a: {<<: [{x: 1}, {x: 2, y: 3}]}", {"a": {"x": 1, "y": 3}}),
        ("a: &a [1, 2]\nb: *a\n", {"a": [1, 2], "b": [1, 2]}),
        ("a: 0\nb: -10\nc: 1_000\nd: 0x10\ne: 0.5\n", {"a": 0, "b": -10, "c": 1000, "d": 16, "e": 0.5}),
        ("a: '010'\nb: \"1:30\"\nc: 1.0.0\nd: 01-02\n", {"a": "010", "b": "1:30", "c": "1.0.0", "d": "01-02"}),
        ("", None),
    ],
)
def test_yaml_has_the_value_that_its_writer_meant(text: str, value: object) -> None:
    assert yaml_document(text) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 010", "010: a leading zero makes it octal in YAML 1.1"),
        ("a: 1:30", "1:30: YAML 1.1 reads it as a number to the base of 60"),
        ("a: 12:30:45.5", "to the base of 60"),
        ("a: .nan", "is no finite number"),
        ("a: -.inf", "is no finite number"),
        ("a: " + "9" * 5000, "a number of 5000 digits"),
        ("a: !!int x", "is not of the kind that its tag names"),
        ("a: !!bool maybe", "is not of the kind that its tag names"),
        ("a: &a [*a]", "an alias stands inside what it names"),
        (LAUGHS, "its aliases unfold to more than 1,000,000 values"),
        ("[" * 200 + "]" * 200, "nested deeper than 100 levels"),
        ("- " * 100_000, "nested deeper than 100 levels"),
        ("a: {<<: 1}", "takes a mapping or a list of mappings"),
        ("x" * 1_000_001, "YAML of 1,000,001 characters"),
    ],
)
def test_yaml_that_is_read_in_two_ways_or_is_too_much_is_a_sentence(text: str, words: str) -> None:
    with pytest.raises(NotationError, match=words):
        yaml_document(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": NaN}', "NaN is no number"),
        ('{"a": -Infinity}', "-Infinity is no number"),
        ('{"a": 1e999}', "larger than a number can be"),
        ('{"a": ' + "1" * 400 + "}", "a number of 400 digits"),
        ("[" * 200 + "]" * 200, "nested deeper than 100 levels"),
        ("[" * 100_000 + "]" * 100_000, "nested deeper than 100 levels"),
        ("{", "not JSON: "),
    ],
)
def test_json_that_is_none_is_a_sentence(text: str, words: str) -> None:
    with pytest.raises(NotationError, match=words):
        json_document(text)


def test_what_other_tools_write_for_no_number_is_read_where_it_is_asked_for() -> None:
    assert json_document('{"a": Infinity}', infinite=True) == {"a": float("inf")}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("name", ["x.json", "x.yaml", "x.jsonl"])
def test_every_unicode_file_with_its_mark_is_read(tmp_path: Path, encoding: str, name: str) -> None:
    path = tmp_path / name
    path.write_bytes('{"name": "Zürich ☕"}\n'.encode(encoding))
    assert read_document(path) == (
        [{"name": "Zürich ☕"}] if name.endswith("l") and "json" in name else {"name": "Zürich ☕"}
    )
    assert read_text(path).startswith("{")


def test_json_lines_are_documents_and_a_bad_one_has_its_line(tmp_path: Path) -> None:
    assert list(json_lines('{"a": 1}\r\n\n{"a": "\u2028"}\n')) == [{"a": 1}, {"a": "\u2028"}]
    path = tmp_path / "x.jsonl"
    path.write_text('{"a": 1}\n{"a": }\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"x\.jsonl:2:1: not JSON"):
        read_document(path)


def test_a_sentence_has_file_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("load:\n  requests: 010\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"x\.yaml:2:13: not YAML: 010: a leading zero"):
        read_yaml(path)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(alphabet=st.sampled_from("abc019:-[]{}&*!<>|'\"#,?%@`~ \n\t.\\_xeE+\x00\u2028"), max_size=60))
def test_no_text_ends_the_readers_otherwise_than_in_a_sentence(text: str) -> None:
    for read in (yaml_document, json_document, lambda lines: list(json_lines(lines))):
        try:
            read(text)
        except NotationError as error:
            assert str(error)  # noqa: PT017 - either outcome is right


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=8),
        lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3),
        max_leaves=12,
    )
)
def test_what_is_json_is_read_as_it_was_written(document: Any) -> None:
    assert json_document(json.dumps(document)) == document
