"""Rows -> profiles and rejects."""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from swapmatch.errors import InvalidProfileError
from swapmatch.models import Profile, Reject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    # A person, what should become one, or why it could not even be read.
    Row = Profile | Mapping[str, Any] | InvalidProfileError


def batches(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """Go through rows by so many at a time; if the rows break off with an error, it comes after the last batch."""
    batch: list[Row] = []
    try:
        for row in rows:
            batch.append(row)
            if len(batch) == size:
                yield batch
                batch = []
    except Exception:
        yield batch
        raise
    if batch:
        yield batch


def sort_out(rows: Sequence[Row], *, first_row: int) -> tuple[list[Profile], list[Reject]]:
    """Return the valid ones as profiles, and a reject for each of the others.

    Args:
        rows: Some people.
        first_row: The place of the first of them in the whole input.
    """
    valid: list[Profile] = []
    rejects: list[Reject] = []
    for number, row in enumerate(rows, start=first_row):
        try:
            valid.append(_profile(row))
        except InvalidProfileError as error:
            rejects.append(Reject(row=number, uid=_uid(row), reason=str(error)))
    return valid, rejects


@contextmanager
def no_collecting() -> Iterator[None]:
    """Let no garbage be collected for a moment.

    A batch makes thousands of objects and no cycle among them, so that collections find nothing: they took 5 of 52
    microseconds a person (2026-11-24).
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def print_count(done: int) -> None:
    """Say on stderr how many people are done."""
    print(f"{done:,} people", file=sys.stderr)  # noqa: T201 - asked for by the caller


def _profile(row: Row) -> Profile:
    if isinstance(row, InvalidProfileError):
        raise row
    if isinstance(row, Profile):
        return row
    if isinstance(row, Mapping):
        return Profile.parse(row)
    message = f"a person is a Profile or a mapping of its fields, not {type(row).__name__}"
    raise InvalidProfileError(message)


def _uid(row: Row) -> str | None:
    uid = row.get("uid") if isinstance(row, Mapping) else None
    return uid[:200] if isinstance(uid, str) else None
