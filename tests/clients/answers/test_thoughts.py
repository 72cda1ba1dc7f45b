"""Where thoughts end that stand in the text of an answer; the streams that have them: tests/llm_streams.py."""

import pytest

from ragmeter.clients.answers.thoughts import TAGS, end_of_thoughts


@pytest.mark.parametrize("tags", TAGS, ids=[opening for opening, _ in TAGS])
def test_thoughts_end_with_the_space_after_their_tag(tags: tuple[str, str]) -> None:
    opening, closing = tags
    thoughts = f" {opening}hm, {opening} again{closing}\n\n"
    assert end_of_thoughts(f"{thoughts}Yes.") == len(thoughts)
    assert end_of_thoughts(f"hm\n{closing}\n\nYes.") == len(f"hm\n{closing}\n\n")


@pytest.mark.parametrize(
    ("text", "thoughts"),
    [
        ("", ""),
        ("Yes.", ""),
        ("<think>", "<think>"),
        ("<think>hm", "<think>hm"),
        ("<think></think>", "<think></think>"),
        ("hm</think>\nYes.", "hm</think>\n"),
        ("hm\n</think>Yes.", "hm\n</think>"),
        ("hm</think>Yes.", ""),
        ("The tag `</think>` ends a thought.", ""),
        ("Write <think>\nhm\n</think>\nYes.", ""),
        ("<THINK>hm</THINK>", ""),
        ("<thin king>", ""),
    ],
)
def test_thoughts_are_only_what_tags_say(text: str, thoughts: str) -> None:
    assert text[: end_of_thoughts(text)] == thoughts
