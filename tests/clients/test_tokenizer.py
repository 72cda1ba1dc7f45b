"""Tokens by a tokenizer.json: exact lengths of prompts, and counts of answers that nobody else counts."""

import json
import sys
from pathlib import Path

import pytest

from ragmeter.clients.answers.decode import decode
from ragmeter.clients.answers.dialects import Dialect, OpenAiDialect, RagDialect
from ragmeter.clients.tokenizer import Ends, ends_by, tokenizer_path
from ragmeter.core.errors import ConfigError
from ragmeter.core.requests.measures import tpot_ms
from ragmeter.core.requests.records import Phase, RequestSample, TokenSource
from ragmeter.core.schedule.prompting import prompt_of_length
from tests.clients.answers.answering import answer, dialect_named
from tests.tokenizers_made import byte_level, of_words

MAKERS = {"bytes": byte_level, "words": of_words}


@pytest.fixture(scope="module", params=MAKERS)
def ends(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ends:
    return ends_by(str(MAKERS[request.param](tmp_path_factory.mktemp(request.param) / "tokenizer.json")))


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Ends:
    return ends_by(str(of_words(tmp_path_factory.mktemp("words") / "tokenizer.json")))


@pytest.mark.parametrize("tokens", [1, 2, 7, 64, 500, 2048])
@pytest.mark.parametrize("first", [0, 1])
def test_a_prompt_has_exactly_as_many_tokens_as_were_asked_for(ends: Ends, tokens: int, first: int) -> None:
    prompts = ["What is the time to first token?", "naïve ☕ Zürich, one after the other"]
    made = prompt_of_length(prompts, first, tokens, ends)
    assert len(ends(made)) == tokens
    assert prompts[first].startswith(made) or made.startswith(prompts[first])


@pytest.mark.parametrize("prompts", [["a"], [" ", "b"], ["𝄞"], ["verylongwordwithoutanyend" * 40]])
def test_prompts_of_any_kind_have_a_length(ends: Ends, prompts: list[str]) -> None:
    assert len(ends(prompt_of_length(prompts, 0, 3, ends))) == 3


def chunk(text: str, **more: object) -> bytes:
    body = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": text}}], **more}
    return f"data: {json.dumps(body)}\n\n".encode()


STOP = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
USAGE = b'data: {"choices": [], "usage": {"completion_tokens": 9}}\n\n'
THOUGHT = b'data: {"choices": [{"index": 0, "delta": {"reasoning_content": "so it is"}}]}\n\n'
PAIR = b'event: token\ndata: {"text": "two words"}\n\n'
DONE = b'event: done\ndata: {"finish_reason": "stop"}\n\n'
CHAT, RAG = OpenAiDialect(model="m"), RagDialect()
JSON = dialect_named({"path": "/x", "body": {"q": "{prompt}"}, "answer": {"framing": "json", "text": "answer"}})

COUNTED = {
    "one word an event": (CHAT, [chunk("one "), chunk("two "), chunk("three"), STOP], 3, (1, 1, 1)),
    "several words an event": (CHAT, [chunk("one two "), chunk("three four five"), STOP], 5, (2, 3)),
    "a word over two events": (CHAT, [chunk("one tw"), chunk("o three"), STOP], 3, (1, 2)),
    "an event within a word": (CHAT, [chunk("o"), chunk("n"), chunk("e"), STOP], 1, (0, 0, 1)),
    "reasoning": (CHAT, [THOUGHT, chunk("one two"), STOP], 5, (2,)),
    "rag": (RAG, [PAIR, PAIR, DONE], 3, (1, 2)),  # "two words" and "two words" make "two wordstwo words"
    "a document": (JSON, [b'{"answer": "one two three"}'], 3, (3,)),
}


def counted(dialect: Dialect, pieces: list[bytes], ends: Ends | None) -> RequestSample:
    kind = "application/json" if dialect.framing == "json" else "text/event-stream"
    exchange = answer(pieces, content_type=kind)
    return decode(exchange, dialect, index=0, phase=Phase.MEASURED, scheduled_ns=0, origin_ns=0, ends=ends)


@pytest.mark.parametrize(("dialect", "pieces", "tokens", "of_events"), COUNTED.values(), ids=COUNTED)
def test_tokens_are_counted_where_the_service_counts_none(
    words: Ends, dialect: Dialect, pieces: list[bytes], tokens: int, of_events: tuple[int, ...]
) -> None:
    sample = counted(dialect, pieces, words)
    assert (sample.ok, sample.output_tokens, sample.token_source) == (True, tokens, TokenSource.TOKENIZER)
    assert sample.events_tokens == of_events
    assert sum(of_events) == tokens - (sample.reasoning_tokens or 0)


def test_time_per_token_is_that_of_tokens_and_not_of_events(words: Ends) -> None:
    pieces = [chunk("one "), chunk("two three "), chunk("four five"), STOP]  # an event every 10 ms
    assert tpot_ms(counted(CHAT, pieces, None)) == 10
    assert tpot_ms(counted(CHAT, pieces, words)) == 5


@pytest.mark.parametrize(
    ("pieces", "tokens", "source"),
    [
        ([chunk("one "), chunk("two"), STOP.replace(b"data: [DONE]", USAGE + b"data: [DONE]")], 9, TokenSource.USAGE),
        ([chunk("one "), chunk("two")], None, TokenSource.USAGE),  # cut: nobody knows how many there would have been
    ],
)
def test_what_the_service_counts_is_its_own_and_half_an_answer_is_not_counted(
    words: Ends, pieces: list[bytes], tokens: int | None, source: TokenSource
) -> None:
    sample = counted(CHAT, pieces, words)
    assert (sample.output_tokens, sample.token_source) == (tokens, source)


def test_a_file_that_is_no_tokenizer_is_named(tmp_path: Path) -> None:
    file = tmp_path / "tokenizer.json"
    for content in ("", "{}", "[1]", "no JSON"):
        file.write_text(content)
        ends_by.cache_clear()
        with pytest.raises(ConfigError, match=r"tokenizer\.json: is no tokenizer\.json of the library tokenizers"):
            ends_by(str(file))
    assert tokenizer_path(tmp_path) == file == tokenizer_path(file)


def test_without_the_library_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(ConfigError) as refused:
        ends_by("any/tokenizer.json")
    assert str(refused.value).startswith("any/tokenizer.json: a tokenizer is read by the library tokenizers")
    assert "pip install 'ragmeter[tokens]'" in str(refused.value)
