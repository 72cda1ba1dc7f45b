"""A service that counts nothing, asked with exact lengths, and its answers counted by the workload's tokenizer."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from ragmeter.clients.tokenizer import ends_by
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.requests.records import TokenSource
from ragmeter.core.schedule.phases import trial
from ragmeter.report.words.asked import asked_rows
from ragmeter.run.load.loader import Loader, Prepared
from ragmeter.run.load.single import ask_at_once
from ragmeter.run.plan.catalog import load_workload
from ragmeter.testing import GroundTruthServer, StreamScript
from ragmeter.testing.frames import text_of
from tests.report.examples import passing
from tests.run.cases import provider
from tests.tokenizers_made import of_words

SCRIPT = StreamScript(ttft_ms=5, itl_ms=1, tokens=12, tokens_per_event=3)
MANIFEST: dict[str, Any] = {
    "schema": "workload.v1",
    "name": "synthetic",
    "target": "openai",
    "benchmark": {"requests": 6, "concurrency": 3, "timeout": 20},
    "model": {"model_id": "ground-truth", "tokenizer": "model"},
    "request": {"usage": False, "temperature": 0.5},
    "lengths": {"input": {"distribution": "uniform", "min": 20, "max": 60}, "output": 12},
    "prompts": ["What is the time to first token?", "Why?"],
}


@pytest.fixture
def planned(tmp_path: Path) -> Workload:
    (tmp_path / "model").mkdir()
    of_words(tmp_path / "model" / "tokenizer.json")
    (tmp_path / "w.yaml").write_text(yaml.safe_dump(MANIFEST))
    return load_workload(str(tmp_path / "w.yaml"))


@pytest.fixture(scope="module")
def server() -> Iterator[GroundTruthServer]:
    with GroundTruthServer(SCRIPT) as running:
        yield running


def test_answers_are_counted_and_marked(server: GroundTruthServer, planned: Workload) -> None:
    samples = asyncio.run(ask_at_once(provider(server.base_url), planned, 4))
    ends = ends_by(str(planned.tokenizer.path if planned.tokenizer else ""))
    truth = len(ends("".join(text_of(SCRIPT, event) for event in range(SCRIPT.text_events))))
    assert truth == 12  # the server's tokens are words
    assert [(each.output_tokens, each.token_source) for each in samples] == [(truth, TokenSource.TOKENIZER)] * 4
    assert {each.events_tokens for each in samples} == {(3, 3, 3, 3)}


def test_prompts_that_are_sent_have_the_lengths_that_were_drawn(planned: Workload) -> None:
    async def requests() -> list[tuple[int, int | None]]:
        loader = Loader(planned, provider(), origin_ns=0, listener=_Deaf())
        try:
            (plan,) = trial(planned, 0)
            made = Prepared(loader, plan)._requests
            bodies = [(json.loads(request.body), lengths) for (_, lengths), request in made.items()]
        finally:
            await loader.aclose()
        assert all(body["max_tokens"] == 12 for body, _ in bodies)
        ends = ends_by(str(planned.tokenizer.path if planned.tokenizer else ""))
        return [
            (len(ends(body["messages"][0]["content"])), None if each is None else each.input_tokens)
            for body, each in bodies
        ]

    found = asyncio.run(requests())
    assert len(found) == 6
    assert all(sent == wanted for sent, wanted in found)


class _Deaf:
    def started(self) -> None: ...

    def ended(self, sample: object) -> None: ...


def test_the_hash_is_of_the_tokenizer_and_not_of_where_it_lies(planned: Workload, tmp_path: Path) -> None:
    of_words(tmp_path / "other.json")
    moved = {**MANIFEST, "model": {"model_id": "ground-truth", "tokenizer": "other.json"}}
    (tmp_path / "moved.yaml").write_text(yaml.safe_dump(moved))
    assert load_workload(str(tmp_path / "moved.yaml")).sha256 == planned.sha256
    (tmp_path / "other.json").write_text((tmp_path / "other.json").read_text().replace('"?"', '"%"'))
    assert load_workload(str(tmp_path / "moved.yaml")).sha256 != planned.sha256


def test_a_tokenizer_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(yaml.safe_dump(MANIFEST))
    with pytest.raises(ConfigError, match="model: No such file or directory"):
        load_workload(str(tmp_path / "w.yaml"))


def test_the_page_shows_what_was_stated() -> None:
    result = replace(passing(), workload=MANIFEST)
    assert asked_rows(result) == [
        ("Usage block asked for", "no"),
        ("Temperature", "0.5"),
        ("Length of a prompt, tokens", "uniform, min 20, max 60"),
        ("Length of an answer, tokens", "12"),
        ("Tokenizer", "model"),
    ]
