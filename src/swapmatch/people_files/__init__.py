"""People in files: CSV, TSV, JSON, JSON Lines and Parquet, each of them also compressed with gzip.

One row is one person, one column one field of `swapmatch.Profile`. `uid` is needed, and `skills_to_offer` or
`services_needed`; columns with other names can be told apart by `columns`, and are ignored if nothing says what they
are. Facets stand in columns `facets.NAME`, their values separated by `;`, or in one column `facets` as a JSON object.
A blank cell is an absent value. Timestamps and revisions are the store's: they are written, and ignored when read.

What `write_people` writes, `read_people` reads back as the same people, to the last character. For that reason cells
are written as they are, also those that begin with `=`, `+`, `-` or `@`: whoever opens an exported CSV file in a
spreadsheet program should import its columns as text, because such programs run formulas that others wrote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from swapmatch.people_files.columns import Columns
from swapmatch.people_files.reading import PeopleFile, Row
from swapmatch.people_files.sources import Format, Source
from swapmatch.people_files.writing import Target, write_people, write_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "FORMATS",
    "Columns",
    "Format",
    "PeopleFile",
    "Row",
    "Source",
    "Target",
    "read_people",
    "write_people",
    "write_table",
]

FORMATS: tuple[Format, ...] = get_args(Format)


def read_people(
    source: Source,
    *,
    format: Format | None = None,  # noqa: A002 - what everybody calls it
    columns: str | Mapping[str, str] | None = None,
) -> Iterator[Row]:
    """Yield the people of a file, in order, ready for `Matcher.put_many`.

    Args:
        source: A path, `-` for the standard input, or a binary file.
        format: How it is written; by default told by the name, else by the content.
        columns: Which column holds which field, where their names differ: `uid=id,facets.country=country`, or a
            mapping of fields to columns.

    Yields:
        For each row the fields of a profile, not yet checked, or an InvalidProfileError for a row that cannot be read.

    Raises:
        ConfigurationError: The format or the columns name something that does not exist.
        PeopleFileError: The file cannot be read, is damaged, is not UTF-8 or lacks a column; whatever came before the
            damage has been yielded.
        MissingExtraError: Parquet needs pyarrow.
    """
    yield from PeopleFile(source, format=format, columns=columns)
