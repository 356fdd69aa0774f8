"""Figures -> JSON lines, a table for the terminal, and docs/performance.md with its plot."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from job import OURS, POOLED, WAP, Figure
from plot import plot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    Line = dict[str, Any]

START, END = "<!-- figures: written by nox -s bench, not by hand -->", "<!-- end of the figures -->"
PAGE = f"# Performance\n\n{START}\n{END}\n"
COLUMNS = ("name", "n", "value", "unit", "peer", "peer_value", "ratio")
LISTED = ("name", "n", "value", "unit", "peer", "peer_value")
DIGITS = 4
SIDE_BY_SIDE = {
    "match_p50": "Match of a stored person, median",
    "match_p95": "Match of a stored person, 95th percentile",
    "match_recall@10": "Share of the true ten best that are found",
    "match_nobody": "Share of people who get nobody",
    "build": "Index everybody",
    "memory": "Memory of the index: of the process, less what it took before",
    "memory_process": "Memory of the process, without a model",
    "memory_peak": "The same at its highest, what the people are drawn from included",
}
PEERS = (WAP, POOLED)
# The rest: tables of figures by what their names begin with, and what n counts there.
TABLES = {
    "encoder_": ("Encoders on one core, the exported models beside the original", "texts, or people of an nDCG"),
    "serving_": ("A server on all cores, from the outside", "people"),
    "": ("Everything else", "people"),
}


def as_lines(figures: Sequence[Figure], n: int, machine: str) -> Iterator[Line]:
    """Yield a line for each figure of ours and each peer that has it, too; n is that of figures without their own."""
    ours = [one for one in figures if one.who == OURS]
    for one in ours:
        theirs: list[tuple[str | None, float | None]] = [
            (other.who, other.value)
            for other in figures
            if other.who != OURS and (other.name, other.n) == (one.name, one.n)
        ]
        for peer, value in theirs or [(one.peer, one.peer_value)]:
            yield {
                "name": one.name,
                "n": n if one.n is None else one.n,
                "value": _rounded(one.value),
                "unit": one.unit,
                "peer": peer,
                "peer_value": _rounded(value),
                "ratio": _rounded(one.value / value) if one.value is not None and value else None,
                "machine": machine,
            }


def key_of(line: Line) -> tuple[str, int, str | None]:
    """Return what a line is about: a later one about the same replaces it."""
    return line["name"], line["n"], line["peer"]


def as_table(lines: Iterable[Line]) -> str:
    """Return the lines as a table for the terminal."""
    texts = [COLUMNS, *(tuple(_shown(line[column]) for column in COLUMNS) for line in lines)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    is_number = [column in {"n", "value", "peer_value", "ratio"} for column in COLUMNS]
    return "\n".join(
        "  ".join(
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(row, widths, is_number, strict=True)
        ).rstrip()
        for row in texts
    )


def write_docs(folder: Path, lines: Sequence[Line]) -> None:
    """Write the page, leaving alone what stands outside the markers, and the plot."""
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "performance.md"
    before = page.read_text(encoding="utf-8") if page.is_file() else PAGE
    head, has_start, rest = before.partition(START)
    _, has_end, tail = rest.partition(END)
    if not (has_start and has_end):
        message = f"{page} lacks the markers between which the figures stand:\n{START}\n{END}"
        raise SystemExit(message)
    page.write_text(f"{head}{START}\n\n{_figures(lines)}\n{END}{tail}", encoding="utf-8")
    curves = {who: _points(lines, "match_p50", who) for who in (OURS, *PEERS)}
    svg = plot("Match of a stored person, median", "people", "ms", {who: at for who, at in curves.items() if at})
    (folder / "performance.svg").write_text(svg, encoding="utf-8")


def _figures(lines: Sequence[Line]) -> str:
    machines = dict.fromkeys(line["machine"] for line in lines)
    parts = [f"Measured on {datetime.now(UTC):%Y-%m-%d}: {'; '.join(machines)}.\n"]
    if _points(lines, "match_p50", OURS):
        parts.append("![Latency of a match against the number of people](performance.svg)\n")
    for name, title in SIDE_BY_SIDE.items():
        if rows := _side_by_side(lines, name):
            unit = next(line["unit"] for line in lines if line["name"] == name)
            parts.append(_markdown(f"**{title}** ({unit})", ("people", OURS, *PEERS), rows))
    others = [line for line in lines if line["name"] not in SIDE_BY_SIDE]
    for start, (title, counted) in TABLES.items():
        about = [line for line in others if line["name"].startswith(start)]
        others = [line for line in others if line not in about]
        if about:
            rows = [tuple(_shown(line[column]) for column in LISTED) for line in about]
            parts.append(_markdown(f"**{title}**", ("figure", counted, "value", "unit", "beside", "value"), rows))
    left_out = dict.fromkeys(line["peer"] for line in lines if line["peer"] and "left out" in line["peer"])
    parts += [f"Not measured: {one}.\n" for one in left_out]
    return "\n".join(parts)


def _side_by_side(lines: Sequence[Line], name: str) -> list[tuple[str, ...]]:
    columns = [dict(_points(lines, name, who)) for who in (OURS, *PEERS)]
    return [(_shown(n), *(_shown(column.get(n)) for column in columns)) for n in sorted(set().union(*columns))]


def _points(lines: Sequence[Line], name: str, who: str) -> list[tuple[int, float]]:
    """Return the values of one figure by number of people."""
    about = [line for line in lines if line["name"] == name]
    if who == OURS:
        found = {line["n"]: line["value"] for line in about}
    else:
        found = {line["n"]: line["peer_value"] for line in about if line["peer"] == who}
    return sorted((n, value) for n, value in found.items() if value is not None)


def _markdown(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    table = [heads, ["---"] * len(heads), *rows]
    return "\n".join([title, "", *(f"| {' | '.join(row)} |" for row in table), ""])


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{DIGITS}g}") if abs(value) < 10**DIGITS else round(value)


def _shown(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)
