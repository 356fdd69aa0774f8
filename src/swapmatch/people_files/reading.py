"""A file of any format -> its rows, and PeopleFile: its rows -> the fields of profiles."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from swapmatch.errors import InvalidProfileError, PeopleFileError
from swapmatch.people_files import json_text, parquet
from swapmatch.people_files.columns import Columns
from swapmatch.people_files.delimited import read_delimited
from swapmatch.people_files.sources import STDIN, checked_format, format_of, opened, translated

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from swapmatch.people_files.columns import Layout
    from swapmatch.people_files.sources import Format, OpenFile, Source

Row = Mapping[str, Any] | InvalidProfileError  # what a row says of a person, or why it could not even be read

LOOKED_AT = 100  # objects of a JSON file that tell which columns it has


class PeopleFile:
    """The people of one file, in order; each iteration reads it anew. See `read_people`."""

    def __init__(
        self,
        source: Source,
        *,
        format: Format | None = None,  # noqa: A002 - what everybody calls it
        columns: str | Mapping[str, str] | None = None,
    ) -> None:
        """Say what to read; nothing is opened yet.

        Raises:
            ConfigurationError: The format or the columns name something that does not exist.
        """
        self._source = source
        self._format = None if format is None else checked_format(format)
        self._columns = Columns(columns)
        self._file: OpenFile | None = None

    def share(self) -> float | None:
        """Return how much of the file is read, [0, 1], or None where that is unknown."""
        return None if self._file is None else self._file.share()

    @property
    def absent_skills(self) -> str | None:
        """Which of the two texts of skills nobody read so far has a column for, if they have one for the other."""
        return self._columns.absent_skills

    def check(self) -> None:
        """Read as far as the first person, to tell a file that cannot be read before anything is done with it.

        What can be read only once, such as the standard input, is left alone.

        Raises:
            PeopleFileError: As `read_people` does.
            MissingExtraError: Likewise.
        """
        if not isinstance(self._source, str | os.PathLike) or self._source == STDIN:
            return
        path = Path(self._source)
        if path.is_fifo() or path.is_char_device():
            return
        with closing(iter(self)) as rows:
            next(rows, None)

    def __iter__(self) -> Generator[Row, None, None]:
        """Yield the people: see `read_people`."""
        with opened(self._source) as file:
            self._file = file
            for row in read_rows(file, self._columns, format=self._format):
                yield row if isinstance(row, InvalidProfileError) else self._columns.person(row)
            file.share_read = 1.0


def read_rows(file: OpenFile, layout: Layout, *, format: Format | None = None) -> Iterator[Row]:  # noqa: A002 - as above
    """Return the rows of a file of any format, by the names of their columns, or why a row cannot be read.

    Args:
        file: An open one.
        layout: Knows its columns.
        format: How it is written; by default told by the name, else by the content.
    """
    match format_of(file, format):
        case "parquet":
            return parquet.read(file, layout)
        case "json":
            return _known(file, layout, json_text.read_array(file))
        case "jsonl":
            return _known(file, layout, json_text.read_lines(file))
        case "tsv":
            return read_delimited(file, layout, delimiter="\t")
        case _:
            return read_delimited(file, layout, delimiter=",")


def _known(file: OpenFile, layout: Layout, rows: Iterator[Row]) -> Iterator[Row]:
    """Check the columns of a file that has no header by its first objects."""
    first: list[Row] = []
    damage: PeopleFileError | None = None
    try:
        with translated(file.name):
            for row in islice(rows, LOOKED_AT):
                first.append(row)  # noqa: PERF402 - what came before some damage stays
    except PeopleFileError as error:
        damage = error
    objects = [row for row in first if not isinstance(row, InvalidProfileError)]
    if objects:
        found = dict.fromkeys(name for row in objects for name in row)
        layout.check(file.name, found, is_complete=False)
    yield from first
    if damage:
        raise damage
    yield from rows
