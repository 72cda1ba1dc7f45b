"""Files and bodies that are made to harm whoever reads them, each of about `size` bytes."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Callable

from tests.backend.documents import make_docx

Make = Callable[[int], bytes]


def filled(unit: bytes) -> Make:
    return lambda size: unit * (size // len(unit))


def _numbered(text: str) -> Make:
    """As often as `size` bytes hold the longest of them."""
    return lambda size: "".join(text.format(number) for number in range(size // len(text.format(size)))).encode()


HTML: dict[str, Make] = {
    "attributes.html": lambda size: b"<a" + _numbered(" a{}=1")(size) + b">x</a>",
    "attributes-open.html": lambda size: b"<a" + filled(b' b="')(size),
    "cdata.html": filled(b"<![CDATA["),
    "comments.html": filled(b"<!--"),
    "comments-odd.html": filled(b"<!--x--!>"),
    "declarations.html": filled(b"<!"),
    "doctypes.html": filled(b"<!DOCTYPE x ["),
    "end-tags.html": filled(b"</"),
    "entities.html": filled(b"&#x"),
    "entities-long.html": lambda size: b"&" + b"a" * size,
    "headings.html": filled(b"<h1>x"),
    "instructions.html": filled(b"<?"),
    "lists.html": filled(b"<ul><li>x"),
    "nested.html": filled(b"<div>"),
    "nested-closed.html": lambda size: b"<b>" * (size // 7) + b"x" + b"</b>" * (size // 7),
    "open-tags.html": filled(b"<p"),
    "scripts.html": filled(b"<script>"),
    "spaces.html": lambda size: b"<a" + b" " * size + b"x",
    "tables.html": filled(b"<table><tr><td>x"),
}

_PDF = b"%PDF-1.7\n"


def _pdf(*objects: bytes) -> bytes:
    """With a table of where its objects are; the first is the catalog."""
    content, places = bytearray(_PDF), []
    for number, each in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(content))
    return bytes(content) + table + trailer


def _stream(content: bytes, filters: bytes = b"") -> bytes:
    return b"<< /Length %d %b >>\nstream\n%b\nendstream" % (len(content), filters, content)


_CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
_ONE_PAGE = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
_PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>"


def _packed_pdf(size: int) -> bytes:
    """Its one page unpacks to a thousand times of what it has."""
    packed = zlib.compress(b"BT (x) Tj ET " * (size * 1000 // 13), 9)
    return _pdf(_CATALOG, _ONE_PAGE, _PAGE, _stream(packed, b"/Filter /FlateDecode"))


def _twice_packed_pdf(size: int) -> bytes:
    packed = zlib.compress(zlib.compress(b"\0" * (size * 2000), 9), 9)
    return _pdf(_CATALOG, _ONE_PAGE, _PAGE, _stream(packed, b"/Filter [/FlateDecode /FlateDecode]"))


PDF: dict[str, Make] = {
    "arrays.pdf": lambda size: _pdf(_CATALOG, _ONE_PAGE, _PAGE, b"[" * size),
    "circle.pdf": lambda _size: _pdf(_CATALOG, b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"),
    "dictionaries.pdf": lambda size: _pdf(_CATALOG, b"<< /A " * (size // 6)),
    "operators.pdf": lambda size: _pdf(_CATALOG, _ONE_PAGE, _PAGE, _stream(filled(b"q BT (x) Tj ")(size))),
    "packed.pdf": _packed_pdf,
    "packed-twice.pdf": _twice_packed_pdf,
    "pages.pdf": lambda size: _pdf(
        _CATALOG, b"<< /Type /Pages /Kids [%b] /Count 9 >>" % (b"3 0 R " * (size // 6)), _PAGE
    ),
    "no-objects.pdf": lambda size: _PDF + b"1 0 obj\n" * (size // 8) + b"startxref\n9\n%%EOF",
    "tables.pdf": lambda size: (
        _PDF + b"xref\n0 999999999\n" + b"0000000000 65535 f \n" * (size // 20) + b"startxref\n9\n%%EOF"
    ),
}


def _docx(document: bytes, *others: tuple[str, bytes]) -> bytes:
    """A real one with another text."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(make_docx())) as real, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in real.namelist():
            archive.writestr(entry, document if entry == "word/document.xml" else real.read(entry))
        for name, content in others:
            archive.writestr(name, content)
    return made.getvalue()


_W = b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
_END = b"</w:body></w:document>"
_LAUGHS = b"".join(b'<!ENTITY l%d "%b">' % (each, b"&l%d;" % (each - 1) * 10) for each in range(1, 12))


def _lying_docx(size: int) -> bytes:
    """It says that it unpacks to nothing."""
    packed = bytearray(_docx(_W + filled(b"<w:p><w:r><w:t>x</w:t></w:r></w:p>")(size * 100) + _END))
    for mark, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        start = packed.find(mark)
        while start >= 0:
            packed[start + place : start + place + 4] = (1).to_bytes(4, "little")
            start = packed.find(mark, start + 1)
    return bytes(packed)


DOCX: dict[str, Make] = {
    "entities.docx": lambda _size: _docx(
        b'<!DOCTYPE x [<!ENTITY l0 "ha">' + _LAUGHS + b"]>" + _W + b"<w:p><w:r><w:t>&l11;</w:t></w:r></w:p>" + _END
    ),
    "files.docx": lambda _size: _docx(
        b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + _W + b"<w:p><w:r><w:t>&f;</w:t></w:r></w:p>" + _END
    ),
    "lies.docx": _lying_docx,
    "many.docx": lambda size: _docx(_W + _END, *((f"word/{number}.xml", b"") for number in range(size // 100))),
    "nested.docx": lambda size: _docx(_W + b"<w:p>" * (size // 5)),
    "packed.docx": lambda size: _docx(_W + filled(b"<w:p><w:r><w:t>x</w:t></w:r></w:p>")(size * 400) + _END),
    "paragraphs.docx": lambda size: _docx(_W + filled(b"<w:p/>")(size * 50) + _END),
    "tables.docx": lambda size: _docx(_W + filled(b"<w:tbl><w:tr><w:tc>")(size)),
}

TEXT: dict[str, Make] = {
    "fences.md": filled(b"```x\n"),
    "headings.md": filled(b"# x\n"),
    "one-line.txt": lambda size: b"a" * size,
    "signs.md": lambda size: b"# " + b" #" * (size // 2) + b"x",
    "spaces.md": lambda size: b"# x" + b" " * size + b"x",
    "nothing.txt": filled(b"\0"),
    "no-text.txt": filled(b"\xff\xfe"),
    "wide.txt": filled("\U0001f9a5\n\n".encode()),
}

FILES = {**HTML, **PDF, **DOCX, **TEXT}

JSON: dict[str, Make] = {
    "a million texts": lambda size: b'{"texts":[' + b",".join([b'""'] * (size // 3)) + b"]}",
    "a million documents": lambda size: b'{"documents":[' + b",".join([b"{}"] * (size // 3)) + b"]}",
    "a million keys": lambda size: b'{"texts":["x"]' + _numbered(',"k{}":1')(size) + b"}",
    "a million keys of meta": lambda size: (
        b'{"documents":[{"content":"x","meta":{"a":1' + _numbered(',"k{}":1')(size) + b"}}]}"
    ),
    "a million URLs": lambda size: b'{"urls":[' + b",".join([b'"h"'] * (size // 4)) + b"]}",
    "deep": filled(b"["),
    "deep meta": lambda size: b'{"documents":[{"content":"x","meta":' + b'{"a":' * (size // 5),
    "digits": lambda size: b'{"texts":' + b"9" * size + b"}",
    "a long name": lambda size: json.dumps({"documents": [{"content": "x", "meta": {"name": "n" * size}}]}).encode(),
    "no end": lambda size: b'{"texts":["' + b"a" * size,
    "escapes": lambda size: b'{"texts":["' + b"\\ud83d" * (size // 6) + b'"]}',
}
"""Bodies of an ingest."""

FORM_TYPE = "multipart/form-data; boundary=x"
_FILE = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
FORMS: dict[str, Make] = {
    "parts": lambda size: filled(_FILE + b"a\r\n")(size) + b"--x--\r\n",
    "fields": lambda size: filled(b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\na\r\n')(size) + b"--x--\r\n",
    "headers": lambda size: b"--x\r\n" + filled(b"a: b\r\n")(size),
    "a long header": lambda size: b"--x\r\nContent-Disposition: form-data; name=" + b"a" * size,
    "almost boundaries": lambda size: _FILE + filled(b"\r\n--")(size) + b"\r\n--x--\r\n",
    "no end": lambda size: _FILE + b"a" * size,
    "no form": lambda size: b"a" * size,
    "nothing": lambda _size: b"",
}
"""Bodies with the content type FORM_TYPE."""
