"""Providers and workloads are found by name or path, here before the shipped ones."""

from pathlib import Path

import pytest
import yaml

from ragmeter.core.errors import ConfigError
from ragmeter.core.setting import Setting
from ragmeter.run.plan.catalog import load_provider, load_workload, shown

PROVIDER = {"schema": "provider.v1", "name": "local", "base_url": "http://here"}
WORKLOAD = {"schema": "workload.v1", "name": "smoke", "benchmark": {"requests": 7}, "prompts": ["Why?"]}


def write(path: Path, document: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["akamai-lke", "aws-eks", "gcp-gke", "local"])
def test_shipped_providers_are_known_and_sound(name: str) -> None:
    found = load_provider(name, environment={f"RAGMETER_{name.upper().replace('-', '_')}_URL": "http://service"})
    assert found.name == name
    assert (found.local is None) == (name != "local")
    assert (found.cost is None) == (name == "local")


@pytest.mark.parametrize("name", ["example", "light", "load", "smoke", "standard", "stress"])
def test_shipped_workloads_are_known_and_sound(name: str) -> None:
    assert load_workload(name).prompts


def test_profiles_have_the_numbers_that_users_know() -> None:
    profiles = [load_workload(name) for name in ("light", "standard", "load", "stress")]
    found = [(w.requests, w.concurrency, w.warmup_requests, w.max_output_tokens) for w in profiles]
    assert found == [(20, 5, 5, 128), (100, 10, 10, 256), (500, 50, 20, 256), (1000, 100, 50, 256)]


@pytest.mark.parametrize("suffix", [".yaml", ".yml"])
def test_file_of_the_project_wins_over_the_shipped_one(here: Path, suffix: str) -> None:
    write(here / "fixtures" / "providers" / f"local{suffix}", PROVIDER)
    write(here / "workloads" / f"smoke{suffix}", WORKLOAD)
    assert load_provider("local", environment={}).base_url == "http://here"
    assert load_workload("smoke").requests == 7


@pytest.mark.parametrize("path", ["sub/mine.yaml", "./mine.yml", "mine.yaml"])
def test_path_is_taken_as_it_is(here: Path, path: str) -> None:
    write(here / path, PROVIDER)
    assert load_provider(path, environment={}).path == str(Path(path))


def test_prompts_file_is_found_beside_the_manifest(here: Path) -> None:
    write(here / "sub" / "mine.yaml", {**WORKLOAD, "prompts": None, "prompts_file": "../questions.txt"})
    document = {key: value for key, value in WORKLOAD.items() if key != "prompts"}
    write(here / "sub" / "mine.yaml", {**document, "prompts_file": "../questions.txt"})
    (here / "questions.txt").write_text("Why?\n\n  How?  \n")
    assert [prompt.text for prompt in load_workload("./sub/mine.yaml").prompts] == ["Why?", "How?"]


def test_settings_reach_the_manifest(here: Path) -> None:
    write(here / "mine.yaml", WORKLOAD)
    setting = Setting(key="benchmark.requests", value=3, origin="--bench-requests")
    assert load_workload("./mine.yaml", [setting]).requests == 3


@pytest.mark.parametrize("load", [lambda: load_provider("nobody", environment={}), lambda: load_workload("nobody")])
def test_unknown_name_lists_the_known_ones(load: object) -> None:
    assert callable(load)
    with pytest.raises(
        ConfigError, match=r"unknown (provider|workload) 'nobody'; known: [a-z-]+(, [a-z-]+)+; or the path"
    ):
        load()


def test_directory_is_no_file(here: Path) -> None:
    (here / "mine.yaml").mkdir()
    with pytest.raises(ConfigError, match=r"provider './mine\.yaml': no such file"):
        load_provider("./mine.yaml", environment={})


def test_path_is_shown_as_a_person_would_write_it(here: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert shown(here / "a" / ".." / "b.yaml") == "b.yaml"
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "c.yaml"
    assert shown(elsewhere) == str(elsewhere)


def test_file_of_a_config_map_is_shown_by_its_name_and_not_by_the_folder_that_its_link_leads_to(here: Path) -> None:
    (here / "..2026_02_22").mkdir()
    (here / "..2026_02_22" / "mine.yaml").touch()
    (here / "..data").symlink_to("..2026_02_22")
    (here / "mine.yaml").symlink_to("..data/mine.yaml")
    assert shown(here / "mine.yaml") == "mine.yaml"
