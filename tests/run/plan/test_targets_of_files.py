"""Targets as manifests and provider files name them: what is taken, what of it is hashed, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ragmeter.core.codec import decode, encode
from ragmeter.core.errors import ConfigError, TargetError
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.run.plan import RunPlan
from ragmeter.core.setting import Setting
from ragmeter.run.load.loader import dialect_of
from ragmeter.run.plan.catalog import known, load_provider, load_workload
from ragmeter.run.plan.target import metadata_sources, reach
from ragmeter.run.processes.workers import Workers
from ragmeter.run.session.calibrate import calibrate
from tests.core.inputs.targets.descriptions import plain
from tests.run.cases import plan
from tests.run.http_fake import Answer, serving

READY = Answer(body={"status": "ready"})
MODELS = Answer(body={"data": [{"id": "m-2", "owned_by": "engine"}]})


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "targets").mkdir()
    return tmp_path


def write(file: str, /, **document: Any) -> str:
    Path(file).write_text(yaml.safe_dump(document))
    return file


def workload_file(**keys: Any) -> str:
    return write("./w.yaml", **{"schema": "workload.v1", "name": "w", "benchmark": {}, "prompts": ["Why?"], **keys})


def loaded(target: Any = None, of_provider: Any = None, settings: list[Setting] | None = None, **keys: Any) -> Workload:
    named = {} if target is None else {"target": target}
    of_it = {} if of_provider is None else {"target": of_provider}
    write("./p.yaml", schema="provider.v1", name="p", base_url="http://127.0.0.1:1", **of_it)
    provider = load_provider("./p.yaml", environment={"BOT": "b1"})
    return load_workload(workload_file(**named, **keys), settings or (), provider)


@pytest.mark.parametrize("name", [*known("target")])
def test_every_shipped_target_asks_something(name: str) -> None:
    values = yaml.safe_load(known("target")[name].read_text()).get("values", {})
    needed = {key: "any" for key, value in values.items() if value is None}
    made = loaded({"preset": name, "values": needed}, model={"model_id": "m"})
    assert made.target == name
    assert made.described is not None
    assert b"Why?" in dialect_of(made, load_provider("./p.yaml", environment={})).request("Why?").body


@pytest.mark.parametrize("of_provider", [False, True])
def test_a_target_is_a_name_a_path_or_a_description(of_provider: bool) -> None:
    write("targets/mine.yaml", schema="target.v1", **plain())
    for target in ("mine", "./targets/mine.yaml", {"preset": "mine"}, plain()):
        made = loaded(of_provider=target) if of_provider else loaded(target)
        assert made.described is not None
        assert made.described.document["path"] == "/ask"
        assert [each.origin for each in made.overrides] == (["p.yaml"] if of_provider else []), target


def test_the_two_files_may_say_the_same_and_nothing_else() -> None:
    write("targets/mine.yaml", schema="target.v1", **plain())
    assert loaded("mine", "mine").target == "mine"
    assert loaded("openai", "openai", model={"model_id": "m"}).described is None
    with pytest.raises(ConfigError, match=r"^w\.yaml: \$\.target: p\.yaml has another one; write it in one"):
        loaded("rag", "mine")


def test_a_setting_wins_over_both() -> None:
    write("targets/mine.yaml", schema="target.v1", **plain())
    set_here = Setting(key="target", value="mine", origin="--set target")
    assert loaded("rag", "openai", [set_here]).target == "mine"


def test_the_hash_is_of_the_description_and_not_of_its_name() -> None:
    write("targets/mine.yaml", schema="target.v1", **plain())
    same = {loaded(target).sha256 for target in ("mine", plain(), {"preset": "mine"}, {**plain(), "name": "other"})}
    assert len(same) == 1
    assert loaded(of_provider="mine").sha256 in same
    others = {loaded(target).sha256 for target in ("rag", plain(path="/b"), plain(headers={"x-v": "2"}))}
    assert len(others - same) == 3
    write("targets/mine.yaml", schema="target.v1", **plain(path="/new"))
    assert loaded("mine").sha256 not in same | others


def test_values_come_from_the_environment_in_a_provider_file_alone() -> None:
    target = plain(path="/bots/{bot}", values={"bot": "${BOT}"})
    made = loaded(of_provider=target)
    assert made.described is not None
    assert made.described.document["values"] == {"bot": "b1"}


REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "a name of nobody": ("nobody", {}, r"w\.yaml: \$\.target: unknown target 'nobody'; known: rag, openai, anth"),
    "a preset of nobody": (
        {"preset": "nobody"}, {}, r"w\.yaml: \$\.target\.preset: unknown target 'nobody'; known: anthropic",
    ),
    "a file that is not there": ("./no.yaml", {}, r"w\.yaml: \$\.target: target './no\.yaml': no such file"),
    "a number": (3, {}, r"w\.yaml: \$\.target: 3 is not of type string or object"),
    "a text that is empty": ("", {}, r"w\.yaml: \$\.target: '' must not be empty"),
    "a description with a mistake": (plain(path="ask"), {}, r"w\.yaml: \$\.target\.path: 'ask' is not like"),
    "a preset without its values": ("langserve", {}, r"w\.yaml: \$\.target\.values\.chain: missing"),
    "a model that is not named": ("ollama", {}, r"w\.yaml: \$\.model\.model_id: needed with target ollama"),
    "a model that leads elsewhere": (
        plain(path="/m/{model}"), {"model": {"model_id": ".."}}, r"w\.yaml: \$\.target\.path: '/m/\.\.': a path has no",
    ),
    "keys of a body": (
        plain(), {"model": {"body": {"a": 1}}}, r"\$\.model\.body: has no meaning with target described: write \$\.t",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("target", "keys", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_before_any_load(target: Any, keys: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words) as raised:
        loaded(**{"target": target, **keys})
    assert "\n" not in str(raised.value)


def test_a_plan_carries_its_target() -> None:
    made = plan(workload=loaded(plain()))
    assert decode(RunPlan, encode(made), where="plan") == made


@pytest.mark.parametrize(
    ("ready", "answers", "paths", "words"),
    [
        ("/up", {"/up": READY}, ["/up"], None),
        ("/up", {}, ["/up"], r"p\.yaml: http://.*/up: HTTP 404: nothing here"),
        ("none", {}, [], None),
        (None, {}, ["/"], None),
        (None, {"/": Answer(status=500)}, ["/"], None),
    ],
)
def test_readiness(ready: str | None, answers: dict[str, Answer], paths: list[str], words: str | None) -> None:
    made = loaded(plain(ready=ready))
    with serving(answers) as fake:
        write("./p.yaml", schema="provider.v1", name="p", base_url=fake.url)
        provider = load_provider("./p.yaml", environment={})
        if words is None:
            reach(provider, made)
        else:
            with pytest.raises(TargetError, match=words):
                reach(provider, made)
    assert fake.paths == paths


def test_a_service_that_is_not_there_is_one_sentence() -> None:
    made = loaded(plain())
    with pytest.raises(TargetError, match=r"p\.yaml: http://127\.0\.0\.1:1/: cannot be reached"):
        reach(load_provider("./p.yaml", environment={}), made)


def test_metadata_say_what_is_asked_and_the_model_where_it_is_listed() -> None:
    asks = plain(body={"q": "{prompt}", "top": "{k}"}, models="/api/models")
    with serving({"/api/models": MODELS}) as fake:
        made = loaded(asks)
        write("./p.yaml", schema="provider.v1", name="p", base_url=fake.url)
        sources = metadata_sources(load_provider("./p.yaml", environment={}), made, environment={})
    said = {source.origin: source.values for source in sources}
    assert (said["this run"]["k"], said["this run"]["docset"]) == (5, None)
    assert said["LLM"] == {"model_id": "m-2", "llm_engine": "engine"}
    assert "/info" not in fake.paths


def test_a_described_target_is_calibrated() -> None:
    made = loaded(plain(), benchmark={"requests": 4, "concurrency": 2})
    provider = load_provider("./p.yaml", environment={})
    with Workers(1) as workers:
        found = calibrate(made, provider, workers, clock="user")
    assert found.requests > 0
