"""Files to text. Headings of HTML and DOCX become Markdown headings, so that chunks know their section.

Each parser is imported where it is used: the process that serves knows the endings, and runs no parser.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from ..errors import BadRequestError
from .docx_text import docx_text

_MAX_NAME_CHARS = 200
_BLOCKS = (
    *("p", "div", "section", "article", "header", "footer", "aside", "li", "tr", "pre", "blockquote", "dt", "dd"),
    *("table", "ul", "ol", "br", "hr", "option", "summary", "caption", "figcaption", "legend", "address"),
)
_APART = ("button", "label")
"""Inline, and yet no part of the word beside it."""
_UNREAD = ("script", "style", "template", "noscript", "svg", "nav", "iframe")


class UnreadableDocumentError(BadRequestError):
    """The bytes are not what the name says, or hold no text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """pages: of a PDF. unpacked_bytes: of all parts of a DOCX."""

    pages: int
    unpacked_bytes: int


def check_name(name: str) -> str:
    """A document's name is a relative path of printable characters. It is only a name: no file is ever opened by it."""
    segments = name.split("/")
    if len(name) > _MAX_NAME_CHARS or "\\" in name or not name.isprintable() or {"", ".", ".."} & set(segments):
        raise BadRequestError(
            f"document name {name[:_MAX_NAME_CHARS]!r}: at most {_MAX_NAME_CHARS} printable characters, "
            "without backslash, empty, '.' or '..' parts"
        )
    return name


def load(name: str, content: bytes, limits: FileLimits) -> str:
    """The text of a file, by the ending of its name. Raises UnreadableDocumentError."""
    ending = PurePosixPath(name).suffix.lower()
    if ending not in LOADERS:
        raise UnreadableDocumentError(f"{name}: the ending {ending!r} is not one of {', '.join(LOADERS)}")
    try:
        text = LOADERS[ending](name, content, limits)
    except (UnreadableDocumentError, MemoryError):
        raise
    except Exception as error:  # parsers raise what their libraries raise, and one file is no reason to lose the others
        words = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise UnreadableDocumentError(f"{name}: not a readable {ending.removeprefix('.').upper()} ({words})") from error
    text = re.sub(r"\n{3,}", "\n\n", text.replace("\r\n", "\n").replace("\x00", "")).strip()
    if not text:
        raise UnreadableDocumentError(f"{name}: it holds no text")
    return text


def load_text(name: str, content: bytes, _limits: FileLimits) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableDocumentError(f"{name}: not UTF-8 text ({error.reason} at byte {error.start})") from error


def load_html(_name: str, content: bytes, _limits: FileLimits) -> str:
    import bs4

    soup = bs4.BeautifulSoup(content, "html.parser")
    for tag in soup.find_all(_UNREAD):
        tag.decompose()
    for heading in soup.find_all(re.compile(r"^h[1-6]$")):
        title = " ".join(heading.get_text(" ").split())
        heading.replace_with(f"\n\n{'#' * int(heading.name[1])} {title}\n\n" if title else "\n")
    for row in soup.find_all("tr"):
        for cell in row.find_all(("td", "th"), recursive=False)[:-1]:
            cell.insert_after(" | ")
    for part in soup.find_all(_APART):
        part.insert_after(" ")
    for block in soup.find_all(_BLOCKS):
        before = block.previous_sibling
        if before is not None and getattr(before, "name", None) not in _BLOCKS and str(before).strip():
            block.insert_before("\n")
        block.insert_after("\n")
    body = soup.find("main") or soup.body or soup
    lines = (line.strip() for line in body.get_text().splitlines())
    return "\n".join(lines)


def load_pdf(name: str, content: bytes, limits: FileLimits) -> str:
    import pypdf
    import pypdf.errors

    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        if len(reader.pages) > limits.pages:
            raise UnreadableDocumentError(
                f"{name}: {len(reader.pages)} pages are more than {limits.pages} (RAG_MAX_PAGES)"
            )
        return "\n\n".join(page.extract_text() for page in reader.pages)
    except (pypdf.errors.PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        # pypdf raises the plain errors, too, on broken files.
        raise UnreadableDocumentError(f"{name}: not a readable PDF ({error})") from error


def load_docx(name: str, content: bytes, limits: FileLimits) -> str:
    import docx
    import docx.opc.exceptions

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked_bytes = sum(entry.file_size for entry in archive.infolist())
        if unpacked_bytes > limits.unpacked_bytes:
            raise UnreadableDocumentError(
                f"{name}: unpacked it has {unpacked_bytes} bytes, "
                f"more than {limits.unpacked_bytes} (RAG_MAX_TEXT_BYTES)"
            )
        document = docx.Document(io.BytesIO(content))
    except (zipfile.BadZipFile, docx.opc.exceptions.OpcError, KeyError, ValueError) as error:
        raise UnreadableDocumentError(f"{name}: not a readable DOCX ({error})") from error
    return docx_text(document)


def urls_of_sitemap(content: bytes) -> list[str]:
    import bs4

    return [tag.get_text(strip=True) for tag in bs4.BeautifulSoup(content, "html.parser").find_all("loc")]


LOADERS: dict[str, Callable[[str, bytes, FileLimits], str]] = {
    ".txt": load_text,
    ".md": load_text,
    ".markdown": load_text,
    ".html": load_html,
    ".htm": load_html,
    ".pdf": load_pdf,
    ".docx": load_docx,
}
