"""How far something long has come: a bar on a terminal, else a line on stderr every few seconds."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Report = Callable[[int, float | None], object]  # how many are done, and which share of all if that is known

EVERY_S = 5.0


@contextmanager
def progress(doing: str, what: str) -> Iterator[Report]:
    """Lend a function to report with: how many are done, and which share of all of them, [0, 1], if that is known.

    Args:
        doing: What is done: "importing people.csv".
        what: What is counted: "people".
    """
    if sys.stderr.isatty():
        with _bar(doing, what) as report:
            yield report
    else:
        yield _Lines(doing, what).report


def told(done: int, share: float | None, elapsed_s: float, what: str) -> str:
    """Say how many are done, how fast, and how long the rest will take."""
    parts = [f"{done:,} {what}", f"{done / elapsed_s:,.0f}/s" if elapsed_s > 0 else ""]
    if share:
        parts += [f"{share:.0%}", f"{_clock(elapsed_s * (1 - share) / share)} left"]
    return ", ".join(filter(None, parts))


class _Lines:
    """Progress for a log file or a pipe."""

    def __init__(self, doing: str, what: str) -> None:
        self._doing = doing
        self._what = what
        self._start = self._last = time.monotonic()

    def report(self, done: int, share: float | None) -> None:
        now = time.monotonic()
        if now - self._last >= EVERY_S:
            self._last = now
            typer.echo(f"{self._doing}: {told(done, share, now - self._start, self._what)}", err=True)


@contextmanager
def _bar(doing: str, what: str) -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    start = time.monotonic()
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[told]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=None, told="")

        def report(done: int, share: float | None) -> None:
            line = told(done, share, time.monotonic() - start, what)
            bar.update(task, total=None if share is None else 1.0, completed=share or 0.0, told=line)

        yield report


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
