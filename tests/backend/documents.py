"""Small real documents in each format that is read, and what an index of them is made with."""

from __future__ import annotations

import io

import docx

from backend.retrieval.embedder import Embedder
from backend.retrieval.parameters import index_parameters
from backend.retrieval.records import Recipe

GUIDE = """# Guide

A token is a piece of a word. Models read and write tokens, never letters.

## Latency

Time to first token, TTFT, is what a reader waits for before the first word appears.

## Prices

A GPU node costs fifty-two cents an hour; egress is billed by the gigabyte.
"""

HTML = """<!doctype html><html><head><title>t</title><style>p { color: red }</style><script>alert(1)</script></head>
<body><nav>Home</nav><main><h1>Storage</h1><p>Disks cost <b>ten</b> cents.</p><h2>Egress</h2>
<ul><li>First gigabyte</li><li>Second gigabyte</li></ul></main></body></html>"""


def make_pdf(text: str) -> bytes:
    """The smallest PDF that shows a line of text, with a correct cross-reference table."""
    content = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode("latin-1")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    pdf, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(pdf))
        pdf += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return pdf + table + b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(pdf)


def make_docx() -> bytes:
    document = docx.Document()
    document.add_heading("Networks", level=1)
    document.add_paragraph("East-west traffic stays inside the cluster.")
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "jitter", "3 ms"
    output = io.BytesIO()
    document.save(output)
    return output.getvalue()


def make_recipe(embedder: Embedder, index_type: str) -> Recipe:
    return Recipe(
        embedding_model_id=embedder.model_id,
        embedding_sha256=embedder.sha256,
        dimension=embedder.dimension,
        chunk_chars=800,
        chunk_overlap=120,
        index_type=index_type,
        index_parameters=index_parameters(index_type, {}),
    )
