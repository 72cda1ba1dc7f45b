from __future__ import annotations

import io
import zipfile

import pytest

from backend.errors import BadRequestError
from backend.ingest.loaders import FileLimits, UnreadableDocumentError, check_name, load
from tests.backend.documents import HTML, make_docx, make_pdf

LIMITS = FileLimits(pages=2, unpacked_bytes=1_000_000)


def test_html_keeps_text_and_headings_and_drops_scripts_and_navigation() -> None:
    text = load("page.html", HTML.encode(), LIMITS)
    assert [line for line in text.splitlines() if line] == [
        "# Storage",
        "Disks cost ten cents.",
        "## Egress",
        "First gigabyte",
        "Second gigabyte",
    ]


def test_docx_gives_headings_paragraphs_and_tables() -> None:
    assert load("net.docx", make_docx(), LIMITS).split("\n\n") == [
        "# Networks",
        "East-west traffic stays inside the cluster.",
        "jitter | 3 ms",
    ]


def test_pdf_gives_its_text() -> None:
    assert load("paper.PDF", make_pdf("Goodput counts good requests"), LIMITS) == "Goodput counts good requests"


def test_markdown_is_taken_as_it_is_without_byte_order_mark() -> None:
    assert load("a.md", b"\xef\xbb\xbf# Title\r\n\r\ntext", LIMITS) == "# Title\n\ntext"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.exe", b"MZ", "the ending '.exe' is not one of .txt, .md"),
        ("a.txt", b"\xff\xfe", "not UTF-8 text"),
        ("a.txt", b" \n ", "it holds no text"),
        ("a.pdf", b"not a pdf", "not a readable PDF"),
        ("a.pdf", make_pdf("x")[:200], "not a readable PDF"),
        ("a.docx", b"not a zip", "not a readable DOCX"),
        ("a.html", b"<script>x</script>", "it holds no text"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(name: str, content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableDocumentError, match=reason):
        load(name, content, LIMITS)


def test_a_docx_that_unpacks_to_too_much_is_refused_unopened() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * 10_000_000)
    with pytest.raises(UnreadableDocumentError, match="10000000 bytes, more than 1000000"):
        load("bomb.docx", packed.getvalue(), LIMITS)


@pytest.mark.parametrize("name", ["a.md", "docs/a.md", "Käse 1.txt", ".hidden"])
def test_relative_names_are_taken(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../a.md", "a/../b", "a//b", "a\\b", "a\x00b", "a\nb", "x" * 201])
def test_names_that_could_mean_another_place_are_refused(name: str) -> None:
    with pytest.raises(BadRequestError):
        check_name(name)
