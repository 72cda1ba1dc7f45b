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


def changed_docx(body: str, *, part: str = "word/document.xml", text: str | None = None) -> bytes:
    """A DOCX whose body, or another part, is something else."""
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    other = text if text is not None else f'<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>'
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(make_docx())) as old, zipfile.ZipFile(packed, "w") as new:
        for entry in old.infolist():
            new.writestr(entry, other if entry.filename == part else old.read(entry))
    return packed.getvalue()


def paragraph(text: str, tag: str = "t") -> str:
    return f"<w:p><w:r><w:{tag}>{text}</w:{tag}></w:r></w:p>"


def run(text: str, tag: str = "t") -> str:
    return f"<w:r><w:{tag}>{text}</w:{tag}></w:r>"


def table(*rows: tuple[str, ...]) -> str:
    made = "".join(f"<w:tr>{''.join(f'<w:tc>{cell}</w:tc>' for cell in row)}</w:tr>" for row in rows)
    return f"<w:tbl>{made}</w:tbl>"


MERGED = "<w:tcPr><w:vMerge/></w:tcPr><w:p/>"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (f"<w:sdt><w:sdtContent>{paragraph('controlled')}</w:sdtContent></w:sdt>", "controlled"),
        (
            f"<w:p>{run('kept ')}<w:ins>{run('added')}</w:ins><w:del>{run('gone', 'delText')}</w:del></w:p>",
            "kept added",
        ),
        (f"<w:p><w:moveFrom>{run('old place')}</w:moveFrom><w:moveTo>{run('new place')}</w:moveTo></w:p>", "new place"),
        (table((paragraph("a") + table((paragraph("in"), paragraph("side"))), paragraph("b"))), "a in | side | b"),
        (table((paragraph("both"), paragraph("one")), (MERGED, paragraph("two"))), "both | one\n | two"),
        ("<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r></w:p>", "a\tb\nc"),
        (
            f"<w:p><w:hyperlink>{run('linked')}</w:hyperlink><w:sdt><w:sdtContent>{run('!')}</w:sdtContent></w:sdt></w:p>",
            "linked!",
        ),
        (
            f"<w:p><w:pPr><w:tabs><w:tab/></w:tabs></w:pPr>{run('before ')}<w:r><w:pict><w:txbxContent>"
            f"{paragraph('boxed')}</w:txbxContent></w:pict></w:r></w:p>",
            "before \nboxed",
        ),
        ('<w:p><w:pPr><w:pStyle w:val="Heading2"/></w:pPr>' + run("Title") + "</w:p>", "## Title"),
    ],
)
def test_all_visible_text_of_a_docx_is_read_once(body: str, text: str) -> None:
    assert load("a.docx", changed_docx(body), LIMITS) == text


def test_a_header_is_read_once() -> None:
    import docx

    document = docx.Document()
    document.add_paragraph("Body")
    document.sections[0].header.paragraphs[0].text = "Confidential"
    document.add_section().header.is_linked_to_previous = False
    document.sections[1].header.paragraphs[0].text = "Confidential"
    packed = io.BytesIO()
    document.save(packed)
    assert load("a.docx", packed.getvalue(), LIMITS) == "Body\n\nConfidential"


def test_a_docx_of_many_paragraphs_is_read_in_one_pass() -> None:
    """Styles are looked up once: it took three milliseconds a paragraph."""
    many = "".join(paragraph(f"line {number}") for number in range(20_000))
    assert load("a.docx", changed_docx(many), FileLimits(pages=1, unpacked_bytes=1 << 24)).endswith("line 19999")


def broken(name: str) -> bytes:
    whole = make_docx()
    if name == "cut XML":
        return changed_docx("", text="<w:document")
    if name == "odd styles":
        return changed_docx("", part="word/styles.xml", text="<w:styles")
    at = whole.index(b"PK\x01\x02") if name != "wrong bytes" else 0
    found = bytearray(whole)
    while (at := found.find(b"PK\x01\x02", at)) >= 0:
        if name == "encrypted":
            found[at + 8] |= 1
        elif name == "unknown compression":
            found[at + 10] = 99
        at += 4
    if name == "wrong bytes":
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            entry = archive.getinfo("word/document.xml")
        begin = entry.header_offset + 30 + len(entry.filename)
        found[begin : begin + 40] = b"\xff" * 40
    return bytes(found)


@pytest.mark.parametrize("name", ["cut XML", "odd styles", "encrypted", "unknown compression", "wrong bytes"])
def test_a_damaged_docx_is_named_and_nothing_else_is_raised(name: str) -> None:
    with pytest.raises(UnreadableDocumentError, match=r"^a\.docx: "):
        load("a.docx", broken(name), LIMITS)


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_an_encrypted_pdf_that_opens_without_a_password_is_read(algorithm: str) -> None:
    import pypdf

    writer = pypdf.PdfWriter(clone_from=io.BytesIO(make_pdf("Open to all")))
    writer.encrypt(user_password="", owner_password="secret", algorithm=algorithm)
    packed = io.BytesIO()
    writer.write(packed)
    assert load("a.pdf", packed.getvalue(), LIMITS) == "Open to all"


def test_an_encrypted_pdf_that_needs_a_password_is_named() -> None:
    import pypdf

    writer = pypdf.PdfWriter(clone_from=io.BytesIO(make_pdf("Closed")))
    writer.encrypt(user_password="secret", algorithm="AES-256")
    packed = io.BytesIO()
    writer.write(packed)
    with pytest.raises(UnreadableDocumentError, match="not a readable PDF"):
        load("a.pdf", packed.getvalue(), LIMITS)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<table><tr><th>Plan</th><th>GPU</th></tr><tr><td>g2</td><td>1</td></tr></table>", "Plan | GPU\ng2 | 1"),
        ("<table><tr><td>a<table><tr><td>b</td><td>c</td></tr></table></td><td>d</td></tr></table>", "a\nb | c\n| d"),
        ("<select><option>one</option><option>two</option></select>", "one\ntwo"),
        ("<details><summary>More</summary>inside</details>", "More\ninside"),
        ("<label>Name</label><button>Send</button><button>Stop</button>", "Name Send Stop"),
        ("<p>one<em>word</em></p>", "oneword"),
    ],
)
def test_what_stands_apart_on_a_page_stands_apart_in_its_text(html: str, text: str) -> None:
    lines = [line.strip() for line in load("a.html", html.encode(), LIMITS).splitlines()]
    assert "\n".join(line for line in lines if line) == text
