"""Parquet, through pyarrow, in batches."""

from __future__ import annotations

import math
import shutil
import tempfile
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from swapmatch._extras import require
from swapmatch.errors import InvalidProfileError, PeopleFileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from swapmatch.people_files.columns import Layout
    from swapmatch.people_files.sources import OpenFile

BATCH = 1_000  # rows read or written at a time


def read(file: OpenFile, layout: Layout) -> Iterator[dict[str, Any] | InvalidProfileError]:
    """Yield each row as a mapping of those columns that are fields, or why it cannot be read.

    Raises:
        PeopleFileError: The file is damaged or lacks a column.
        MissingExtraError: pyarrow is not installed.
    """
    arrow, parquet = _require("pyarrow"), _require("pyarrow.parquet")
    with _seekable(file) as content, _damage_told(file.name, arrow):
        table = parquet.ParquetFile(content)
        names: list[str] = table.schema_arrow.names
        if twice := next((name for name in names if names.count(name) > 1), None):
            message = f"{file.name} has two columns {twice!r}: give one of them another name"
            raise PeopleFileError(message)
        layout.check(file.name, names, is_complete=True)
        wanted, done, total = [name for name in names if layout.fields(name)], 0, table.metadata.num_rows
        for batch in table.iter_batches(batch_size=BATCH, columns=wanted):
            yield from _rows(batch)
            done += batch.num_rows
            file.share_read = done / total


def write(rows: Iterator[Mapping[str, Any]], columns: Mapping[str, type], file: IO[bytes]) -> None:
    """Write rows under these columns, each of its type. Raises MissingExtraError."""
    arrow, parquet = _require("pyarrow"), _require("pyarrow.parquet")
    types = {
        str: arrow.string(),
        bool: arrow.bool_(),
        float: arrow.float64(),
        datetime: arrow.timestamp("us", tz="UTC"),
    }
    schema = arrow.schema([(name, types[kind]) for name, kind in columns.items()])
    with parquet.ParquetWriter(file, schema) as writer:
        while batch := list(islice(rows, BATCH)):
            writer.write_batch(arrow.RecordBatch.from_pylist(batch, schema=schema))


def _require(module: str) -> Any:  # noqa: ANN401 - a module without types
    return require(module, adapter="Parquet", extra="cli")


@contextmanager
def _seekable(file: OpenFile) -> Iterator[IO[bytes]]:
    """Lend the content as a file to jump about in: what describes a Parquet file stands at its end."""
    if file.is_seekable:
        yield file.stream
        return
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(file.stream, copy)
        copy.seek(0)
        yield copy


@contextmanager
def _damage_told(name: str, arrow: Any) -> Iterator[None]:  # noqa: ANN401 - a module without types
    try:
        yield
    except (arrow.ArrowException, OSError) as error:
        first_line = str(error).partition("\n")[0]
        message = f"{name} is truncated or damaged, or no Parquet file: {first_line}"
        raise PeopleFileError(message) from error


def _rows(batch: Any) -> Iterator[dict[str, Any] | InvalidProfileError]:  # noqa: ANN401 - of a module without types
    try:
        rows = batch.to_pylist()
    except UnicodeDecodeError:  # one bad row spoils the batch: take them one by one
        for number in range(batch.num_rows):
            yield _row(batch.slice(number, 1))
    else:
        for row in rows:
            yield _plain(row)


def _row(batch: Any) -> dict[str, Any] | InvalidProfileError:  # noqa: ANN401 - of a module without types
    try:
        (row,) = batch.to_pylist()
    except UnicodeDecodeError:
        return InvalidProfileError("is not UTF-8")
    return _plain(row)


def _plain(row: dict[str, Any]) -> dict[str, Any] | InvalidProfileError:
    """Take what pandas writes for an absent number as absent, and bytes without a type as text."""
    for name, value in row.items():
        if isinstance(value, float) and math.isnan(value):
            row[name] = None
        elif isinstance(value, bytes):
            try:
                row[name] = value.decode("utf-8")
            except UnicodeDecodeError:
                return InvalidProfileError(f"{name} is not UTF-8", field=name)
    return row
