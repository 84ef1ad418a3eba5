"""The legacy upload form, read while it arrives: fields into memory, the file straight to its staging place.

Sources: RFC 7578 (multipart/form-data) over RFC 2046; the fields are those of PyPI's legacy upload API.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from itertools import pairwise

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from wheelyard_registry.blobs import Staged
from wheelyard_registry.file_errors import RefusedForm, UnfinishedForm

FILE_FIELD = "content"

MAX_FIELDS = 2_000
MAX_FIELD_BYTES = 16 * 1024 * 1024
"""All fields together. A long description is the largest of them."""

DIGEST_FIELDS = {"sha256_digest": "sha256", "md5_digest": "md5", "blake2_256_digest": "blake2b"}
"""Fields that state a digest, and the algorithm they state it by."""

_STATED_ONCE = frozenset({":action", "name", "version", *DIGEST_FIELDS})
"""Fields that must not contradict themselves."""

Stage = Callable[..., Staged]


@dataclass(frozen=True, slots=True)
class OtherFile:
    """A file beside the one that is uploaded, such as a detached signature. Its bytes are not kept."""

    field: str
    filename: str


@dataclass(frozen=True, slots=True)
class UploadForm:
    """A form that was read to its end. ``file`` is the content of the distribution file, staged."""

    fields: tuple[tuple[str, str], ...]
    filename: str | None
    file: Staged | None
    others: tuple[OtherFile, ...]

    def field(self, name: str) -> str:
        """The first field of this name, else the empty string."""
        return next((value for key, value in self.fields if key == name), "")


class FormReader:
    """Reads a form piece by piece. As a context manager it removes what it staged."""

    def __init__(self, content_type: str, stage: Stage) -> None:
        self._parser = _parser(boundary_of(content_type), self)
        self._stage = stage
        self._fields: list[tuple[str, str]] = []
        self._others: list[OtherFile] = []
        self._size = 0
        self._ended = False
        self._name, self._value = bytearray(), bytearray()
        self._disposition = ""
        self._part: _Part = _Nowhere()
        self._filename: str | None = None
        self._file: Staged | None = None

    def __enter__(self) -> FormReader:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.discard()

    def feed(self, data: bytes) -> None:
        """Read the next bytes of the body.

        Raises:
            RefusedForm: they are not those of a form.
        """
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise RefusedForm(reason=str(error)) from error

    def finish(self) -> UploadForm:
        """The form.

        Raises:
            UnfinishedForm: its closing boundary has not come.
            RefusedForm: it states two values for one thing.
        """
        if not self._ended:
            raise UnfinishedForm
        stated = {(name, value) for name, value in self._fields if name in _STATED_ONCE}
        names = sorted(name for name, _ in stated)
        twice = [name for name, next_name in pairwise(names) if name == next_name]
        if twice:
            raise RefusedForm(reason=f"it states more than one value of {twice[0]}")
        if self._file is not None:
            self._file.flush()
        return UploadForm(tuple(self._fields), self._filename, self._file, tuple(self._others))

    # What the parser calls, in the order of a part.

    def on_part_begin(self) -> None:
        """A part begins."""
        self._disposition = ""

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        """A piece of a header's name."""
        self._name += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        """A piece of a header's value."""
        self._value += data[start:end]

    def on_header_end(self) -> None:
        """A header is complete."""
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value.decode("latin-1")
        self._name.clear()
        self._value.clear()

    def on_headers_finished(self) -> None:
        """The part's bytes follow."""
        kind, options = parse_options_header(self._disposition)
        if kind != b"form-data" or b"name" not in options:
            raise RefusedForm(reason="one of its parts has no name")
        name = _text(options[b"name"], "the name of a part")
        if b"filename" not in options:
            self._part = _Field(name)
        else:
            self._begin_file(name, _text(options[b"filename"], "a file name"))

    def _begin_file(self, name: str, filename: str) -> None:
        if name != FILE_FIELD:
            self._others.append(OtherFile(name, filename))
            self._part = _Nowhere()
            return
        if self._file is not None:
            raise RefusedForm(reason=f"it has more than one {FILE_FIELD!r} file")
        # Fields come first by custom, so the digests to compare with are known and cost no second reading.
        stated = [DIGEST_FIELDS[key] for key, value in self._fields if key in DIGEST_FIELDS and value]
        self._filename, self._file = filename, self._stage(*(name for name in stated if name != "sha256"))
        self._part = _File(self._file)

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """A piece of the part."""
        if not isinstance(self._part, _File):
            self._size += end - start
            if self._size > MAX_FIELD_BYTES:
                raise RefusedForm(reason=f"its fields hold more than {MAX_FIELD_BYTES} bytes")
        self._part.take(data, start, end)

    def on_part_end(self) -> None:
        """The part is complete."""
        if isinstance(self._part, _Field):
            if len(self._fields) >= MAX_FIELDS:
                raise RefusedForm(reason=f"it has more than {MAX_FIELDS} fields")
            self._fields.append((self._part.name, _text(bytes(self._part.value), f"the field {self._part.name!r}")))
        self._part = _Nowhere()

    def on_end(self) -> None:
        """The closing boundary was there."""
        self._ended = True


class _Nowhere:
    """A part whose bytes nobody wants."""

    def take(self, data: bytes, start: int, end: int) -> None:
        """Let them go."""


class _Field:
    """A part that is a field."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.value = bytearray()

    def take(self, data: bytes, start: int, end: int) -> None:
        """Add to the value."""
        self.value += data[start:end]


class _File:
    """The part that is the uploaded file."""

    def __init__(self, staged: Staged) -> None:
        self._staged = staged

    def take(self, data: bytes, start: int, end: int) -> None:
        """Write on."""
        self._staged.write(memoryview(data)[start:end])


_Part = _Nowhere | _Field | _File


def boundary_of(content_type: str) -> bytes:
    """The boundary that a ``Content-Type`` names.

    Raises:
        RefusedForm: it is not that of a form.
    """
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_boundary()
    if message.get_content_type() != "multipart/form-data" or not boundary:
        raise RefusedForm(reason="its Content-Type is not multipart/form-data with a boundary")
    return boundary.encode("latin-1", "replace")


def _parser(boundary: bytes, reader: FormReader) -> MultipartParser:
    names = ("part_begin", "part_end", "header_end", "headers_finished", "end")
    pieces = ("part_data", "header_field", "header_value")
    try:
        return MultipartParser(boundary, {f"on_{name}": getattr(reader, f"on_{name}") for name in (*names, *pieces)})  # type: ignore[arg-type]  # the callbacks are named by a loop
    except FormParserError as error:
        raise RefusedForm(reason=str(error)) from error


def _text(data: bytes, what: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise RefusedForm(reason=f"{what} is not UTF-8") from error
