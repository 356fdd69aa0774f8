"""Results on stdout: a table for a terminal, tab-separated lines for a pipe, JSON Lines on request."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pydantic import BaseModel

    Columns = Mapping[str, Callable[[Any], object]]

_ESCAPE_SEQUENCE = re.compile("(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[PX^_\\]][^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)?")
_JOINERS = "\u200c\u200d"  # emoji and Persian need them


def visible(text: str, *, is_one_line: bool = True) -> str:
    """Return a text that somebody else wrote, without anything that a terminal would act on.

    Escape sequences, control characters and marks that turn the direction of writing go; line ends and tabs become
    spaces, unless line ends may stay.
    """
    if text.isascii() and text.isprintable():
        return text
    lines = _ESCAPE_SEQUENCE.sub("", text).splitlines()
    kept = ["".join(filter(_is_visible, line.replace("\t", " "))) for line in lines]
    return (" " if is_one_line else "\n").join(kept)


def show(results: Sequence[BaseModel], columns: Columns, *, as_json: bool) -> None:
    """Print results, each as one line or row.

    Args:
        results: What was found.
        columns: For each header what to print of a result.
        as_json: Print all of each result as JSON instead.
    """
    if as_json:
        for result in results:
            print_json(result.model_dump(mode="json"))
        return
    print_table(list(columns), [[_text(value(result)) for value in columns.values()] for result in results])


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under headers; others may have written the cells."""
    safe = [[visible(cell) for cell in row] for row in rows]
    if not safe:
        typer.echo("nothing found", err=True)
    elif sys.stdout.isatty():
        _draw_table(headers, safe)
    else:
        print_lines([headers, *safe])


def print_json(value: object) -> None:
    """Print one JSON line."""
    typer.echo(json.dumps(value, ensure_ascii=False))


def print_lines(rows: Iterable[Sequence[str]]) -> None:
    """Print cells that hold no tabs as tab-separated lines."""
    for row in rows:
        typer.echo("\t".join(row))


def _draw_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console(highlight=False).print(table)


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _is_visible(letter: str) -> bool:
    return unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} or letter in _JOINERS
