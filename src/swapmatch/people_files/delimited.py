"""Cells between delimiters: CSV as in RFC 4180, and the same with tabs."""

from __future__ import annotations

import csv
import io
from typing import IO, TYPE_CHECKING, Any

from swapmatch.errors import InvalidProfileError, PeopleFileError
from swapmatch.people_files.sources import not_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from swapmatch.people_files.columns import Layout
    from swapmatch.people_files.sources import OpenFile

MAX_CELL_LENGTH = 1 << 24  # characters; only a quotation mark that is never closed makes a longer cell


def read_delimited(file: OpenFile, layout: Layout, *, delimiter: str) -> Iterator[dict[str, Any] | InvalidProfileError]:
    """Yield each row as a mapping of its header, or why it cannot be read; lines without anything are no rows.

    A header without commas but with semicolons says that these stand between the cells.

    Raises:
        PeopleFileError: The header is absent or lacks a column, a cell is not UTF-8, a quotation mark is never closed.
    """
    # The csv module has one limit for the whole process, and its default is shorter than a text may be.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_CELL_LENGTH))
    text = io.TextIOWrapper(file.stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    try:
        first, before = next(_cells(file, reader), None), 0
        if delimiter == "," and isinstance(first, list) and len(first) == 1 and ";" in first[0]:
            # What spreadsheets call CSV where the comma is the decimal sign.
            first = next(csv.reader(first, delimiter=";"))
            reader, before = csv.reader(text, delimiter=";", strict=True), reader.line_num
        header = _header(file, first)
        layout.check(file.name, header, is_complete=True)
        for cells in _cells(file, reader, before=before):
            if isinstance(cells, InvalidProfileError):
                yield cells
            elif len(cells) != len(header):
                yield InvalidProfileError(f"has {len(cells)} cells where the header has {len(header)}")
            else:
                yield dict(zip(header, cells, strict=True))
    finally:
        text.detach()  # the stream is not this function's to close


def _header(file: OpenFile, cells: Sequence[str] | InvalidProfileError | None) -> list[str]:
    if cells is None:
        message = f"{file.name} is empty: its first line should name the columns"
        raise PeopleFileError(message)
    if isinstance(cells, InvalidProfileError):
        message = f"{file.name}: the line with the names of the columns {cells}"
        raise PeopleFileError(message)
    header = [name.strip() for name in cells]
    if twice := next((name for name in header if name and header.count(name) > 1), None):
        message = f"{file.name} has two columns {twice!r}: give one of them another name"
        raise PeopleFileError(message)
    return header


def _cells(
    file: OpenFile,
    reader: Any,  # noqa: ANN401 - csv.reader
    *,
    before: int = 0,
) -> Iterator[list[str] | InvalidProfileError]:
    while True:
        start = before + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _unreadable(file, start, error)
            continue
        if not "".join(cells).isascii() and _has_escapes(cells):
            raise not_utf8(file.name, f" (line {start})")
        if cells:
            yield cells


def _has_escapes(cells: Sequence[str]) -> bool:
    """Whether bytes that are no UTF-8 were kept as halves of surrogate pairs."""
    return any("\udc80" <= letter <= "\udcff" for cell in cells for letter in cell)


def _unreadable(file: OpenFile, line: int, error: csv.Error) -> InvalidProfileError:
    """Return the reject for a row with misplaced quotation marks; raise where nothing after it can be read."""
    reason = str(error)
    if "unexpected end of data" in reason or "field larger" in reason:
        message = f"{file.name}: a quotation mark in the row of line {line} is never closed: the rows after it are lost"
        raise PeopleFileError(message) from error
    return InvalidProfileError(f"has a misplaced quotation mark ({reason})")


def write_cells(rows: Iterator[Sequence[str]], file: IO[bytes], *, delimiter: str) -> None:
    """Write rows of cells, the header first; quoted where needed, so that reading gives the same cells."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    try:
        csv.writer(text, delimiter=delimiter).writerows(rows)
    finally:
        text.detach()
