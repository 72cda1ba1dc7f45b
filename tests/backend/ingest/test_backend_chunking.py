from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from backend.ingest.chunking import find_headings, split

TEXTS = st.text(alphabet=st.sampled_from(list("abc .\n#")), max_size=600)


@given(text=TEXTS, chars=st.integers(20, 200))
def test_no_chunk_is_longer_than_allowed_and_none_is_empty(text: str, chars: int) -> None:
    chunks = split(text, chars=chars, overlap=chars // 4)
    assert all(0 < len(chunk.text) <= chars for chunk in chunks)


@given(words=st.lists(st.integers(0, 99_999), unique=True, max_size=150), chars=st.integers(50, 200))
def test_every_word_is_in_a_chunk(words: list[int], chars: int) -> None:
    chunks = split(" ".join(str(word) for word in words), chars=chars, overlap=chars // 4)
    assert {str(word) for word in words} <= {word for chunk in chunks for word in chunk.text.split()}


def test_neighbours_share_about_the_overlap() -> None:
    text = " ".join(f"w{number:03d}" for number in range(200))
    chunks = split(text, chars=100, overlap=20)
    shared = [set(one.text.split()) & set(two.text.split()) for one, two in pairwise(chunks)]
    assert all(3 <= len(words) <= 4 for words in shared)


def test_a_chunk_ends_at_a_paragraph_when_one_ends_in_its_last_third() -> None:
    text = "a" * 80 + "\n\n" + "b" * 80
    assert [chunk.text for chunk in split(text, chars=100, overlap=0)] == ["a" * 80, "b" * 80]


def test_the_section_is_the_last_heading_before_the_chunk() -> None:
    text = "# One\n\n" + "first text. " * 10 + "\n\n## Two\n\n" + "second text. " * 20
    sections = [chunk.section for chunk in split(text, chars=120, overlap=0)]
    assert sections[0] == "One"
    assert sections[-1] == "Two"


def test_a_chunk_ends_before_a_heading_and_the_next_starts_there() -> None:
    text = "# One\n\n" + "first text. " * 5 + "\n\n## Two\n\n" + "second text. " * 5
    chunks = split(text, chars=120, overlap=30)
    assert [(chunk.section, chunk.text.split("\n")[0]) for chunk in chunks] == [("One", "# One"), ("Two", "## Two")]


def test_a_comment_in_fenced_code_is_no_heading() -> None:
    text = "# Real\n\n```\n# comment\n```\n\n## Also real\n"
    assert [title for _, title in find_headings(text)] == ["Real", "Also real"]


def test_a_heading_without_end_is_not_carried_whole_by_every_chunk() -> None:
    passages = split(f"# {'a' * 20_000}\n\n{'word ' * 10_000}", chars=800, overlap=120)
    assert {len(passage.section or "") for passage in passages} == {200}


def test_a_text_without_headings_has_no_section() -> None:
    assert split("plain words", chars=100, overlap=0)[0].section is None
