import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.report.words.markup import Html, clean, element, join, text


@given(st.text())
def test_text_never_opens_a_tag_or_closes_an_attribute(words: str) -> None:
    written = text(words)
    assert not set("<>\"'") & set(written)


@given(st.text())
def test_text_always_fits_into_utf_8_and_has_no_control_characters(words: str) -> None:
    written = clean(words + "\ud800\x00\x1b")
    written.encode()
    assert all(character in "\t\n" or character.isprintable() or ord(character) >= 0xA0 for character in written)


def test_markup_is_escaped_once_and_stays_markup() -> None:
    inner = element("b", "a < b")
    assert join(inner, " & ") == "<b>a &lt; b</b> &amp; "
    assert isinstance(inner, Html)


def test_markup_that_went_through_a_plain_string_is_text_again() -> None:
    assert text(f"{element('b')}!") == "&lt;b&gt;&lt;/b&gt;!"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (element("p", class_="a b"), '<p class="a b"></p>'),
        (element("p", aria_label='say "hi"'), '<p aria-label="say &quot;hi&quot;"></p>'),
        (element("p", hidden=True, id=None, lang=False), "<p hidden></p>"),
        (element("meta", charset="utf-8"), '<meta charset="utf-8">'),
        (element("line", x1=1.23456, y1=7), '<line x1="1.235" y1="7"></line>'),
        (element("p", "a", None, "b"), "<p>ab</p>"),
    ],
)
def test_attributes_and_children_are_written(written: Html, expected: str) -> None:
    assert written == expected
