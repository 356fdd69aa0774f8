"""Pairs of texts of which it is known whether they mean one skill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from swapmatch import skills
from swapmatch.errors import InvalidProfileError, PeopleFileError
from swapmatch.people_files.columns import boolean
from swapmatch.people_files.reading import read_rows
from swapmatch.people_files.sources import opened

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from swapmatch.people_files.reading import Row
    from swapmatch.people_files.sources import Source

TEXTS = ("a", "b")
SAME = "same"
COLUMNS = (*TEXTS, SAME)
SHOWN = 40  # letters of a cell in a message


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts.

    Attributes:
        a: One of them, as it is embedded: see `swapmatch.skills.key`.
        b: The other, likewise.
        is_same: Whether they mean one skill.
    """

    a: str
    b: str
    is_same: bool


def load_pairs(source: Source) -> list[Pair]:
    """Return the pairs of a file, in order.

    It has the columns `a` and `b`, two texts, and `same`: 1 or 0, true or false, yes or no, in whatever case. Others
    are ignored. It is read like a file of people: CSV, TSV, JSON, JSON Lines or Parquet, each also with gzip, in UTF-8.

    Args:
        source: A path, `-` for the standard input, or a binary file.

    Raises:
        PeopleFileError: The file cannot be read, lacks a column, or has a row that is no pair; the message says which.
            Rows are counted from 1, without the header and blank lines.
        MissingExtraError: Parquet needs pyarrow.
    """
    with opened(source) as file:
        rows = list(read_rows(file, _Layout()))
    return [_pair(file.name, number, row) for number, row in enumerate(rows, start=1)]


class _Layout:
    """See Layout."""

    def fields(self, column: str) -> tuple[str, ...]:
        return (column,) if column in COLUMNS else ()

    def check(self, name: str, found: Collection[str], *, is_complete: bool) -> None:
        del is_complete
        if missing := [column for column in COLUMNS if column not in found]:
            message = f"{name} has no column {missing[0]}: pairs need {', '.join(COLUMNS)}"
            raise PeopleFileError(message)


def _pair(file: str, number: int, row: Row) -> Pair:
    try:
        if isinstance(row, InvalidProfileError):
            raise row
        a, b = (_text(row, name) for name in TEXTS)
        return Pair(a, b, _is_same(row.get(SAME)))
    except InvalidProfileError as error:
        message = f"{file}, row {number}: {error}"
        raise PeopleFileError(message) from error


def _text(row: Mapping[str, object], name: str) -> str:
    text = row.get(name)
    if not isinstance(text, str):
        message = f"{name} is no text"
        raise InvalidProfileError(message)
    if key := skills.key(skills.clean(text, field=name)):
        return key
    message = f"{name} is blank"
    raise InvalidProfileError(message)


def _is_same(value: object) -> bool:
    answer = boolean(value)
    if isinstance(answer, bool):
        return answer
    message = f"{SAME} is {str(value)[:SHOWN]!r}: write 1 or 0, true or false, yes or no"
    raise InvalidProfileError(message)
