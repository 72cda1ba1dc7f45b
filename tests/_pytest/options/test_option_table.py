"""What holds for every option of the table: which value wins, who is told to have set it, and where it goes."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ragmeter._pytest.options import parse
from ragmeter._pytest.options.bench_options import BY_FIELD, BenchOptions, bench_options
from ragmeter._pytest.options.in_cluster import InClusterOptions
from ragmeter._pytest.options.manifest_options import MANIFEST
from ragmeter._pytest.options.option import Group, Option, Takes, plain
from ragmeter._pytest.options.resolve import resolved, setting_of
from ragmeter._pytest.options.table import GROUPS, NAMES_OF_THE_PREDECESSOR, OPTIONS
from ragmeter.clients.files import schema
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.access.listen import Address
from ragmeter.core.setting import Setting

LEVELS = ("ini", "environment", "command line")
"""From the weakest to the strongest."""
TEXTS: Mapping[Callable[[str], Any], Mapping[str, Any]] = {
    str: {"one": "one", "two": "two", "three": "three"},
    parse.whole: {"3": 3, "4": 4, "-5": -5},
    parse.positive: {"3": 3, "4": 4, "5": 5},
    parse.count: {"3": 3, "4": 4, "0": 0},
    parse.number: {"1.5": 1.5, "4": 4.0, "-1": -1.0},
    parse.above_zero: {"1.5": 1.5, "4": 4.0, "1e-3": 0.001},
    parse.seconds: {"1.5s": 1.5, "4": 4, "500ms": 0.5},
    parse.whole_seconds: {"3": 3, "4s": 4, "1m": 60},
    parse.seconds_above_zero: {"1.5": 1.5, "4s": 4, "2m": 120},
    parse.minutes_above_zero: {"1.5": 1.5, "4": 4, "90s": 1.5},
    parse.numbers: {"1": [1.0], "1,2": [1.0, 2.0], "2, 0.5": [2.0, 0.5]},
    parse.share: {"5%": 0.05, "0.5": 0.5, "2.5 %": 0.025},
    parse.switch: {"on": True, "off": False, "Yes": True},
    parse.url: {"http://a": "http://a", "https://b:8000": "https://b:8000", "http://c/": "http://c"},
    parse.listening: {
        "4318": Address("127.0.0.1", 4318),
        "0.0.0.0:4318": Address("0.0.0.0", 4318),
        "[::1]:0": Address("::1", 0),
    },
    parse.names: {"udp": ["udp"], "tcp,udp": ["tcp", "udp"], "tcp, latency": ["tcp", "latency"]},
    parse.until: {
        "ci_width=5%": {"ci_width": "5%"},
        "max_trials=9": {"max_trials": 9},
        "ci_width=5%,max_minutes=0.5": {"ci_width": "5%", "max_minutes": 0.5},
    },
}
"""By what reads a value: a text for each level, and its value."""


class Written(NamedTuple):
    """An option at one level: what stands there, its value, and who is told to have set it."""

    texts: list[str]
    value: Any
    origin: str


def written(option: Option, level: str, root: Path, here: Path) -> Written:
    at = LEVELS.index(level)
    origin = {"ini": f"ini {option.name}", "environment": f"environment {option.variable}"}.get(level, option.flag)
    if option.takes is Takes.SWITCH:
        text, value = [("true", True), ("off", False), ("", True)][at]
        return Written([text], value, origin)
    if option.takes is Takes.FILE:
        text = f"out/{at}"
        return Written([text], (root if level == "ini" else here) / text, origin)
    if option.takes.several:
        texts = [["one"], ["two", "two"], ["one", "three"]][at]
        return Written(texts, tuple(dict.fromkeys(texts)), origin)
    texts_of = {text: text for text in option.choices[:3]} or TEXTS[option.parse]
    text, value = list(texts_of.items())[at % len(texts_of)]
    return Written([text], value, origin)


@pytest.fixture
def here(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that pytest is started in, below that of the ini file."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    inner = pytester.mkdir("inner")
    monkeypatch.chdir(inner)
    return inner


def config(pytester: pytest.Pytester, *arguments: str) -> pytest.Config:
    return pytester.parseconfig("-p", "ragmeter.plugin", f"--rootdir={pytester.path}", *arguments)


def write_ini(pytester: pytest.Pytester, values: Mapping[str, list[str]]) -> None:
    lines = [f"{name} = " + "\n    ".join(texts) for name, texts in values.items()]
    pytester.makeini("\n".join(["[pytest]", *lines]))


def variables(values: Mapping[str, list[str]]) -> dict[str, str]:
    return {OPTIONS[name].variable: OPTIONS[name].takes.value.separators[:1].join(it) for name, it in values.items()}


def flags(values: Mapping[str, list[str]]) -> list[str]:
    """As they are typed, by the flag that people write."""
    typed = ((OPTIONS[name], text) for name, texts in values.items() for text in texts)
    return [option.flag if option.takes is Takes.SWITCH else f"{option.flag}={text}" for option, text in typed]


@pytest.mark.parametrize("level", LEVELS)
def test_command_line_wins_over_environment_over_ini(pytester: pytest.Pytester, here: Path, level: str) -> None:
    """Every option; each level above those that it wins over."""
    table = {at: {name: written(each, at, pytester.path, here) for name, each in OPTIONS.items()} for at in LEVELS}
    texts = {at: {name: found.texts for name, found in row.items()} for at, row in table.items()}
    write_ini(pytester, texts["ini"])
    environment = variables(texts["environment"]) if level != "ini" else {}
    with_all = config(pytester, *(flags(texts[level]) if level == "command line" else []))
    found = {name: setting_of(with_all, environment, option) for name, option in OPTIONS.items()}
    expected = {
        name: Setting(key=OPTIONS[name].key or OPTIONS[name].attribute, value=at.value, origin=at.origin)
        for name, at in table[level].items()
    }
    assert found == expected


def test_nobody_sets_anything(pytester: pytest.Pytester, here: Path) -> None:
    assert resolved(config(pytester), {}) == {}
    options = bench_options(config(pytester), {})
    assert (options.settings, options.netprobe, options.in_cluster) == ((), (), None)
    for name, option in BY_FIELD.items():
        if name in {field.name for field in fields(BenchOptions)} - {"in_cluster"}:
            default = pytester.path / option.default if name == "report_dir" else option.default
            assert getattr(options, name) == default, name


@pytest.mark.parametrize("level", LEVELS)
def test_an_empty_text_sets_nothing(pytester: pytest.Pytester, here: Path, level: str) -> None:
    texts = {name: [""] for name, option in OPTIONS.items() if option.takes is not Takes.SWITCH}
    write_ini(pytester, texts if level == "ini" else {})
    environment = variables(texts) if level == "environment" else {}
    assert resolved(config(pytester, *(flags(texts) if level == "command line" else [])), environment) == {}


BAD: Mapping[Callable[[str], Any], Mapping[str, str]] = {
    parse.whole: {"many": "'many' is not a whole number", "2.5": "'2.5' is not a whole number"},
    parse.positive: {"0": "0 is not >= 1", "two": "'two' is not a whole number"},
    parse.count: {"-1": "'-1' is not a whole number from 0", "few": "'few' is not a whole number"},
    parse.number: {"soon": "'soon' is not a number", "inf": "'inf' is not a finite number", "nan": "'nan' is not a"},
    parse.above_zero: {"0": "'0' is not > 0", "-1": "'-1' is not > 0", "much": "'much' is not a number"},
    parse.seconds: {"soon": "'soon' is not like 10, 1.5s", "inf": "'inf' is not like", "10%": "'10%' is not like"},
    parse.whole_seconds: {"1.5": "'1.5' is not a whole number of seconds", "many": "'many' is not like 10, 1.5s"},
    parse.seconds_above_zero: {"0": "'0' is not > 0", "-1s": "'-1s' is not > 0", "much": "'much' is not like 10"},
    parse.minutes_above_zero: {"0": "'0' is not > 0", "much": "'much' is not like 30, 90s or 2h"},
    parse.numbers: {"1,x": "'x' is not a number", "1,,2": "'' is not a number"},
    parse.share: {text: f"{text!r} is not a share above 0 and below 1" for text in ("0", "100%", "1.5", "5%%", "a")},
    parse.switch: {"perhaps": "'perhaps' is not one of 1, true, yes, on, 0, false, no, off"},
    parse.url: {
        "rag-backend": "base URL 'rag-backend': must be http://HOST",
        "http://u:hunter2@h": "base URL of h: a user name",
    },
    parse.listening: {
        "x": "'x' is not PORT or ADDRESS:PORT",
        "localhost:4318": "'localhost:4318' is not PORT or ADDRESS",
    },
    parse.until: {"5%": "'5%' is not a list of key=value such as ci_width=5%,max_trials=20"},
}
"""By what reads a value: texts that are refused, and the words of the sentence. Any text is a string or a name."""


def bad_texts(option: Option) -> Mapping[str, str]:
    if option.takes is Takes.SWITCH:
        return BAD[parse.switch]
    if option.choices:
        return {
            text: f"{text!r} is not one of {', '.join(option.choices)}" for text in ("sun", option.choices[0] + "s")
        }
    return {} if option.parse in (str, parse.names) else BAD[option.parse]


@pytest.mark.parametrize("option", OPTIONS.values(), ids=lambda option: option.name)
def test_a_bad_value_is_refused_with_who_set_it(pytester: pytest.Pytester, here: Path, option: Option) -> None:
    plain_config = config(pytester)
    for text, words in bad_texts(option).items():
        with pytest.raises(ConfigError) as told:
            setting_of(plain_config, {option.variable: text}, option)
        assert str(told.value).startswith(f"environment {option.variable}: {words}")
        assert "hunter2" not in str(told.value)
        if option.takes is not Takes.SWITCH:
            with pytest.raises(ConfigError) as told:
                setting_of(config(pytester, f"{option.flag}={text}"), {option.variable: ""}, option)
            assert str(told.value).startswith(f"{option.flag}: {words}")


@pytest.mark.parametrize("needing", [option for option in OPTIONS.values() if option.needs], ids=lambda each: each.name)
def test_an_option_that_would_be_ignored_is_refused(pytester: pytest.Pytester, here: Path, needing: Option) -> None:
    (text, *_) = written(needing, "ini", pytester.path, here).texts
    needed = OPTIONS[str(needing.needs)]
    environment = {needing.variable: text}
    for without in ({}, {needed.variable: "off" if needed.takes is Takes.SWITCH else ""}):
        with pytest.raises(
            ConfigError, match=f"^environment {needing.variable}.* means nothing without {needed.flag}$"
        ):
            resolved(config(pytester), environment | without)
    assert resolved(config(pytester), environment | {needed.variable: "on"}).keys() == {needing.name, needed.name}
    if needing.takes is Takes.SWITCH:
        assert resolved(config(pytester), {needing.variable: "off"}).keys() == {needing.name}


def test_a_pod_is_told_what_its_order_has_checked(pytester: pytest.Pytester, here: Path) -> None:
    """Of a load with an edge the pods must know, and they are not those who make pods."""
    found = resolved(config(pytester), {"RAGMETER_ORDER": "benchmark-1", "RAGMETER_EDGE": "on"})
    assert found["bench_edge"].value is True


def test_every_form_is_the_form_of_one_option_alone() -> None:
    options = [option for group in GROUPS for option in group.options]
    written_flags = [flag for each in options for flag in {each.long, each.flag, *each.predecessors}]
    for forms in ([each.name for each in options], [each.variable for each in options], written_flags):
        assert len(set(forms)) == len(forms)
    assert set(NAMES_OF_THE_PREDECESSOR) == {flag for each in options for flag in each.predecessors}


def test_every_option_goes_somewhere() -> None:
    """To a key of a file, or to a field of a record that has no option twice."""
    own = {"settings", "netprobe", "probe_only", "notices"}
    named = [field.name for record in (BenchOptions, InClusterOptions) for field in fields(record)]
    assert sorted(BY_FIELD) == sorted(set(named) - own - {"namespace"})
    assert len(BY_FIELD) == len([option for option in OPTIONS.values() if option.key is None])


@pytest.mark.parametrize("group", [group for group in GROUPS if group.owner], ids=lambda group: group.name)
def test_a_key_that_is_replaced_exists(group: Group) -> None:
    document = {"manifest": "workload.v1", "provider file": "provider.v1"}[group.owner]
    for option in group.options:
        rule = schema(document)
        for part in str(option.key).split("."):
            shared = schema("provider.v1")["$defs"].get(rule.get("$ref", "").rpartition("/")[2], {})
            rule = {**rule, **shared}["properties"][part]


@pytest.mark.parametrize("option", OPTIONS.values(), ids=lambda option: option.name)
def test_help_is_text_for_a_terminal_and_ends_with_default_and_variable(option: Option) -> None:
    (group,) = (group for group in GROUPS if option in group.options)
    said = group.help_of(option)
    assert not [mark for mark in ("`", "](") if mark in said]
    assert said.endswith(f"environment {option.variable}{told_of(option)})")
    assert ("default: " in said) == bool(option.key or option.default_text)
    assert option.arguments("5%")["help"] == "5%%"


def told_of(option: Option) -> str:
    return {Takes.NAMES: ", comma-separated", Takes.EXPRESSIONS: ", separated by semicolons"}.get(option.takes, "")


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("no mark", "no mark"),
        ("`a` and `b`", "a and b"),
        ("such as `p95(ttft_ms) <= 1500`", "such as 'p95(ttft_ms) <= 1500'"),
        ("see [the page](../page.md#part) of `x`", "see the page of x"),
    ],
)
def test_marks_are_for_the_page(markdown: str, text: str) -> None:
    assert plain(markdown) == text


def test_manifest_options_say_so() -> None:
    assert all(f"(default: the manifest's {option.key}; " in MANIFEST.help_of(option) for option in MANIFEST.options)
