"""Where a file of people comes from: a path, the standard input or an open file, compressed or not."""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, cast, get_args

from swapmatch.errors import ConfigurationError, PeopleFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

Format = Literal["csv", "tsv", "json", "jsonl", "parquet"]
Source = str | os.PathLike[str] | BinaryIO

STDIN = "-"
BUFFER_BYTES = 1 << 16
SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}

_GZIP_MAGIC = b"\x1f\x8b"
_PARQUET_MAGIC = b"PAR1"
_BOM = b"\xef\xbb\xbf"
_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff")


class OpenFile:
    """A file of people, open for reading, decompressed.

    Attributes:
        name: What to call it in messages.
        stream: Its content.
        is_seekable: Whether jumping about in it costs nothing.
        share_read: Overrides `share` where the position in the file does not tell.
    """

    def __init__(self, name: str, stream: io.BufferedReader, position: BinaryIO | None, size: int | None) -> None:
        """Wrap a stream; `position` is the file that it is read from, where that has a size."""
        self.name = name
        self.stream = stream
        self.is_seekable = stream.seekable() and not isinstance(stream.raw, gzip.GzipFile)
        self.share_read: float | None = None
        self._position = position
        self._size = size

    def share(self) -> float | None:
        """Return how much of the file is read, [0, 1], or None where that is unknown."""
        if self.share_read is not None:
            return self.share_read
        if self._position is None or not self._size or self._position.closed:
            return None
        return min(self._position.tell() / self._size, 1.0)


@contextmanager
def opened(source: Source) -> Iterator[OpenFile]:
    """Open a source for reading; what the caller opened stays open.

    Raises:
        PeopleFileError: It cannot be read, now or while its content is read inside the `with` block.
    """
    name = _name(source)
    with translated(name):
        if isinstance(source, str | os.PathLike) and source != STDIN:
            with Path(source).open("rb") as file:
                yield _decompressed(name, file, os.fstat(file.fileno()).st_size, source)
            return
        given = sys.stdin.buffer if isinstance(source, str | os.PathLike) else source
        yield _decompressed(name, given, None, name)


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Raise PeopleFileError in place of whatever reading a file raises, with that as its cause."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        message = f"{name} is truncated or damaged: it cannot be decompressed ({error})"
        raise PeopleFileError(message) from error
    except UnicodeDecodeError as error:
        raise not_utf8(name) from error
    except OSError as error:
        message = f"{name} cannot be read: {error.strerror or error}"
        raise PeopleFileError(message) from error


def not_utf8(name: str, where: str = "") -> PeopleFileError:
    """Return the error for a file in another encoding."""
    return PeopleFileError(f"{name} is not UTF-8{where}: save it as UTF-8, then try again")


def format_of(file: OpenFile, given: str | None) -> Format:
    """Return the format: the given one, else the one of the suffix, else what the content looks like.

    Raises:
        ConfigurationError: The given format does not exist.
        PeopleFileError: The content is in an encoding that no format has.
    """
    if given is not None:
        return checked_format(given)
    start = file.stream.peek(BUFFER_BYTES)
    return format_of_name(file.name) or _format_of_content(file.name, start)


def checked_format(given: str) -> Format:
    """Return a format by its name. Raises ConfigurationError."""
    if given not in get_args(Format):
        message = f"unknown format {given!r}: choose one of {', '.join(get_args(Format))}"
        raise ConfigurationError(message)
    return cast("Format", given)


def format_of_name(name: str) -> Format | None:
    """Return the format that the suffix of a file's name tells, if it does."""
    return SUFFIXES.get(Path(name.lower().removesuffix(".gz")).suffix)


def _format_of_content(name: str, start: bytes) -> Format:
    if start.startswith(_PARQUET_MAGIC):
        return "parquet"
    if start.startswith(_WIDE_BOMS):
        raise not_utf8(name)
    text = start.removeprefix(_BOM).lstrip()
    if not text:
        message = f"{name} is empty"
        raise PeopleFileError(message)
    if text.startswith(b"["):
        return "json"
    if text.startswith(b"{"):
        return "jsonl"
    header = text.splitlines()[0]
    return "tsv" if header.count(b"\t") > header.count(b",") else "csv"


def _name(source: Source) -> str:
    if isinstance(source, str | os.PathLike):
        return "the standard input" if source == STDIN else os.fspath(source)
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "the file"


def _decompressed(name: str, file: BinaryIO, size: int | None, path: str | os.PathLike[str]) -> OpenFile:
    stream = _buffered(file)
    if stream.peek(2)[:2] == _GZIP_MAGIC or (os.fspath(path).lower().endswith(".gz") and size != 0):
        stream = _buffered(cast("BinaryIO", gzip.GzipFile(fileobj=stream)))
    return OpenFile(name, stream, file if size else None, size)


def _buffered(file: BinaryIO) -> io.BufferedReader:
    if isinstance(file, io.BufferedReader):
        return file
    return _Lent(cast("io.RawIOBase", file), BUFFER_BYTES)


class _Lent(io.BufferedReader):
    """A buffer over somebody else's file, which stays open when the buffer goes."""

    def close(self) -> None:
        """Leave the file alone."""

    def __del__(self) -> None:
        """Likewise."""
