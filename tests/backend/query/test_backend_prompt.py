from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backend.query.prompt import build_context, build_messages, passages_given
from backend.retrieval.records import Chunk, Hit


def hit(text: str, section: str | None = None) -> Hit:
    return Hit(chunk=Chunk(name="a.md", number=0, section=section, text=text), score=1.0, meta={})


@given(texts=st.lists(st.text(max_size=50), max_size=8), max_chars=st.integers(1, 200))
def test_the_context_is_never_longer_than_its_bound(texts: list[str], max_chars: int) -> None:
    hits = [hit(text) for text in texts]
    context = build_context(hits, max_chars=max_chars)
    assert len(context) <= max_chars
    assert build_context(hits, max_chars=0).startswith(context)


@given(texts=st.lists(st.text(max_size=50), max_size=8), max_chars=st.integers(0, 200))
def test_a_passage_is_told_as_far_as_the_context_holds_it(texts: list[str], max_chars: int) -> None:
    hits = [hit(text) for text in texts]
    context = build_context(hits, max_chars=max_chars)
    told = [at["text"] for at in passages_given(hits, max_chars=max_chars)]
    assert len(told) == len(texts)
    assert all(text.startswith(at) and at in context for text, at in zip(texts, told, strict=True))
    heads = [len(f"[{number}] a.md\n") for number in range(1, len(texts) + 1)]
    room = max_chars or len(context)
    whole = sum(heads) + sum(map(len, texts)) + 2 * max(0, len(texts) - 1)
    assert sum(map(len, told)) == sum(map(len, texts)) if whole <= room else sum(map(len, told)) <= room


def test_passages_are_numbered_best_first_with_file_and_section() -> None:
    context = build_context([hit("first", "Prices"), hit("second")], max_chars=0)
    assert context == "[1] a.md, Prices\nfirst\n\n[2] a.md\nsecond"


def test_history_stands_between_system_and_question() -> None:
    history = [{"role": "user", "content": "before"}, {"role": "assistant", "content": "answer"}]
    messages = build_messages("now?", [hit("text")], history, max_chars=0)
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[-1]["content"] == "Context:\n[1] a.md\ntext\n\nQuestion: now?"


def test_braces_in_texts_stay_what_they_are() -> None:
    messages = build_messages("{query}", [hit("{context}")], [], max_chars=0)
    assert messages[-1]["content"] == "Context:\n[1] a.md\n{context}\n\nQuestion: {query}"


def test_without_passages_the_question_stands_alone() -> None:
    assert build_messages("now?", [], [], max_chars=0)[-1]["content"] == "now?"
