"""People, and tables of anything else, -> files."""

from __future__ import annotations

import gzip
import json
import os
import sys
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from swapmatch.errors import ConfigurationError, PeopleFileError
from swapmatch.models import Profile
from swapmatch.people_files import parquet
from swapmatch.people_files.columns import FACETS
from swapmatch.people_files.delimited import write_cells
from swapmatch.people_files.sources import STDIN as STDOUT
from swapmatch.people_files.sources import checked_format, format_of_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from swapmatch.people_files.sources import Format

Target = str | os.PathLike[str]

_TIMESTAMPS = ("created_at", "updated_at")
_COLUMNS: dict[str, type] = {
    name: datetime if name in _TIMESTAMPS else bool if field.annotation is bool else str
    for name, field in Profile.model_fields.items()
}


def write_people(
    profiles: Iterable[Profile],
    target: Target,
    *,
    format: Format | None = None,  # noqa: A002 - what everybody calls it
) -> int:
    """Write people to a file and return how many.

    The file appears, or replaces the one before, when all of it is written.

    Args:
        profiles: Who to write.
        target: A path, compressed if it ends with `.gz`, or `-` for the standard output.
        format: By default told by the suffix; JSON Lines for the standard output.

    Raises:
        ConfigurationError: The format is unknown, or not told by the suffix.
        PeopleFileError: The file cannot be written.
        MissingExtraError: Parquet needs pyarrow.
    """
    chosen = target_format(target, format)
    records = (profile.model_dump(exclude_none=True) for profile in profiles)
    if chosen not in {"json", "jsonl"}:
        records = (record | {FACETS: _facets(record[FACETS])} for record in records)
    return write_table(records, _COLUMNS, target, format=chosen)


def write_table(
    rows: Iterable[Mapping[str, Any]],
    columns: Mapping[str, type],
    target: Target,
    *,
    format: Format | None = None,  # noqa: A002 - what everybody calls it
) -> int:
    """Write rows to a file and return how many; what a row lacks stays blank. See `write_people`.

    Args:
        rows: Values by column.
        columns: The columns in their order, each with its type: str, bool, float or datetime.
        target: A path or `-`.
        format: How to write it.
    """
    chosen = target_format(target, format)
    count = 0

    def counted() -> Iterator[Mapping[str, Any]]:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    with _opened(target) as file:
        match chosen:
            case "parquet":
                parquet.write(counted(), columns, file)
            case "json" | "jsonl":
                _write_json(counted(), file, is_array=chosen == "json")
            case _:
                write_cells(_cells(counted(), columns), file, delimiter="\t" if chosen == "tsv" else ",")
    return count


def target_format(target: Target, given: str | None) -> Format:
    """Return the format to write in. Raises ConfigurationError."""
    if given is not None:
        return checked_format(given)
    if target == STDOUT:
        return "jsonl"
    if told := format_of_name(os.fspath(target)):
        return told
    message = f"what should {os.fspath(target)} be? Name it .jsonl, .json, .csv, .tsv or .parquet, or choose a format"
    raise ConfigurationError(message)


def _write_json(rows: Iterable[Mapping[str, Any]], file: IO[bytes], *, is_array: bool) -> None:
    before, between, after = (b"[\n", b",\n", b"\n]\n") if is_array else (b"", b"\n", b"\n")
    is_first = True
    for row in rows:
        file.write(before if is_first else between)
        file.write(json.dumps(row, ensure_ascii=False, default=_json_value).encode("utf-8"))
        is_first = False
    if not is_first:
        file.write(after)
    elif is_array:
        file.write(b"[]\n")


def _json_value(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    message = f"{type(value).__name__} cannot be written as JSON"
    raise TypeError(message)


def _cells(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, type]) -> Iterator[Sequence[str]]:
    yield list(columns)
    for row in rows:
        yield [_cell(row.get(name)) for name in columns]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _facets(facets: Mapping[str, Sequence[str]]) -> str | None:
    """Return facets as one cell: with a column each, all people had to be read before the first is written."""
    return json.dumps(facets, ensure_ascii=False) if facets else None


@contextmanager
def _opened(target: Target) -> Iterator[IO[bytes]]:
    if target == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(target).resolve()  # a link stays a link
    is_replaced = path.is_file() or not path.exists()  # others, such as /dev/stdout, are written as they are
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial") if is_replaced else path
    try:
        with partial.open("wb") as file, _compressed(file, path) as content:
            yield content
        if is_replaced:
            partial.replace(path)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror or error}"
        raise PeopleFileError(message) from error
    finally:
        if is_replaced:
            partial.unlink(missing_ok=True)


@contextmanager
def _compressed(file: IO[bytes], path: Path) -> Iterator[IO[bytes]]:
    if path.suffix.lower() != ".gz":
        yield file
        return
    with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as content:
        yield cast("IO[bytes]", content)
