"""Flags that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from swapmatch.errors import InvalidQueryError

Db = Annotated[
    str | None,
    typer.Option("--db", metavar="PATH", help="The people: an SQLite file, or another store. [default: swapmatch.db]"),
]
Encoder = Annotated[
    str | None,
    typer.Option("--encoder", metavar="NAME", help="What embeds skills. [default: sentence-transformers:]"),
]
Vectors = Annotated[
    str | None,
    typer.Option("--vectors", metavar="NAME", help="The index over the skills. [default: exact:]"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON Lines.")]
Limit = Annotated[int, typer.Option("--limit", "-n", metavar="N", help="How many at most.")]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="NAME=VALUE",
        help="Only people with this city, timezone or facet. May be repeated: one value of each name must fit.",
    ),
]
Exclude = Annotated[
    list[str] | None, typer.Option("--exclude", metavar="UID", help="Never return this person. May be repeated.")
]
Format = Annotated[
    str | None,
    typer.Option("--format", metavar="FORMAT", help="csv, tsv, json, jsonl or parquet. [default: told by the file]"),
]


def facets(where: list[str] | None) -> dict[str, list[str]]:
    """Return `NAME=VALUE` flags as values by name. Raises InvalidQueryError."""
    values: dict[str, list[str]] = {}
    for one in where or []:
        name, equals, value = one.partition("=")
        if not (equals and name.strip() and value.strip()):
            message = f"--where takes NAME=VALUE, such as city=Lisbon, not {one!r}"
            raise InvalidQueryError(message, field="where")
        values.setdefault(name.strip(), []).append(value.strip())
    return values
