"""Forms of the type multipart/form-data (RFC 7578), read whole. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..errors import BadRequestError, TooLargeError

_MAX_PART_HEADER_BYTES = 4096


@dataclass(slots=True, kw_only=True)
class Part:
    """`filename` None: a field, not a file."""

    key: str = ""
    filename: str | None = None
    content: bytes = b""

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")


@dataclass(slots=True, kw_only=True)
class _Reader:
    """What the parser tells. Its callbacks come with the whole buffer, and where in it."""

    max_parts: int
    parts: list[Part] = field(default_factory=list)
    name: bytearray = field(default_factory=bytearray)
    value: bytearray = field(default_factory=bytearray)
    content: bytearray = field(default_factory=bytearray)
    header_bytes: int = 0
    is_whole: bool = False

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self.begin,
            "on_header_field": lambda data, start, end: self.header(self.name, data[start:end]),
            "on_header_value": lambda data, start, end: self.header(self.value, data[start:end]),
            "on_header_end": self.end_header,
            "on_part_data": lambda data, start, end: self.content.extend(data[start:end]),
            "on_part_end": self.end,
            "on_end": self.finish,
        }

    def begin(self) -> None:
        if len(self.parts) >= self.max_parts:
            raise TooLargeError(f"the form has more than {self.max_parts} parts (RAG_MAX_DOCUMENTS, and 10 fields)")
        self.parts.append(Part())
        self.content.clear()
        self.header_bytes = 0

    def header(self, kept: bytearray, more: bytes) -> None:
        self.header_bytes += len(more)
        if self.header_bytes > _MAX_PART_HEADER_BYTES:
            raise BadRequestError(f"the headers of a part have more than {_MAX_PART_HEADER_BYTES} bytes")
        kept.extend(more)

    def end_header(self) -> None:
        if self.name.lower() == b"content-disposition":
            from python_multipart.multipart import parse_options_header

            _, options = parse_options_header(bytes(self.value))
            self.parts[-1].key = options.get(b"name", b"").decode("utf-8", "replace")
            if b"filename" in options:
                self.parts[-1].filename = options[b"filename"].decode("utf-8", "replace")
        self.name.clear()
        self.value.clear()

    def end(self) -> None:
        self.parts[-1].content = bytes(self.content)

    def finish(self) -> None:
        self.is_whole = True


def read_form(content_type: str, body: bytes, *, max_parts: int) -> list[Part]:
    """Raises BadRequestError, TooLargeError."""
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import MultipartParser, parse_options_header

    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise BadRequestError("the form's Content-Type names no boundary")
    reader = _Reader(max_parts=max_parts)
    try:
        parser = MultipartParser(boundary, reader.callbacks())
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise BadRequestError(f"the form cannot be read: {error}") from error
    if not reader.is_whole:
        raise BadRequestError("the form ends before its last boundary")
    return reader.parts
