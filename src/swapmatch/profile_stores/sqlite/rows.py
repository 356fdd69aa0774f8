"""Profiles <-> the rows that hold them.

Rows are trusted: what stands in them was a valid profile when it was written, so reading does not
validate again (7 microseconds a profile instead of 170, 2026-11-23).
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from pydantic_core import from_json

from swapmatch.models import Profile
from swapmatch.ports import Stored

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

COLUMNS = "rev, uid, profile, email_hash, created_at, updated_at"
IN_LIST = 500  # values in one IN list: older SQLites take 999
HASH_BYTES = 16

Value = TypeVar("Value")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS = 1_000_000  # a second
_OWN_COLUMNS = {"uid", "created_at", "updated_at"}
_DEFAULTS = dict(Profile.model_construct(uid=""))  # for what a row leaves out
_set = object.__setattr__  # a profile is frozen once it is whole
_FIELDS = set(_DEFAULTS)  # one for all: pydantic copies it before it changes it


class Row(NamedTuple):
    """A row of `people`; a tombstone has only a rev and a uid."""

    rev: int
    uid: str
    profile: str | None = None
    email_hash: bytes | None = None
    created_at: int = 0
    updated_at: int = 0


def to_json(profile: Profile) -> str:
    """Return what the column `profile` holds: equal texts say the same of the person."""
    return profile.model_dump_json(exclude=_OWN_COLUMNS, exclude_none=True)


def from_row(row: Row) -> Stored | None:
    """Return the person of a row, equal to one that was validated, or None for a tombstone."""
    if row.profile is None:
        return None
    fields = _DEFAULTS | from_json(row.profile)
    fields["uid"] = row.uid
    fields["facets"] = {name: tuple(values) for name, values in fields["facets"].items()}
    return Stored(profile=_dated(Profile, fields, row), rev=row.rev)


def as_stored(row: Row, profile: Profile, *, is_written: bool) -> Stored:
    """Return a profile that was put, with the rev and the timestamps of its row."""
    dated = _dated(type(profile), profile.__dict__.copy(), row)
    return Stored(profile=dated, rev=row.rev, is_written=is_written)


def _dated(kind: type[Profile], state: dict[str, Any], row: Row) -> Profile:
    """Return a profile in this state, its fields and what it has worked out of them, with the timestamps of a row."""
    state["created_at"] = _moment(row.created_at)
    state["updated_at"] = _moment(row.updated_at)
    profile = kind.__new__(kind)  # what unpickling does: half the time of model_construct and of model_copy
    _set(profile, "__dict__", state)
    _set(profile, "__pydantic_fields_set__", _FIELDS)
    _set(profile, "__pydantic_extra__", None)
    _set(profile, "__pydantic_private__", None)
    return profile


@lru_cache  # people who were put together have one
def _moment(stamp: int) -> datetime:
    return datetime.fromtimestamp(stamp / _MICROSECONDS, UTC)


def microseconds(moment: datetime) -> int:
    """Return a moment as the timestamp columns hold it."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def hashed(text: str) -> bytes:
    """Return the hash under which an e-mail or a skill is found; no text is refused."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=HASH_BYTES).digest()


def find(connection: sqlite3.Connection, uids: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of those uids that have one, tombstones among them."""
    known = [uid for uid in uids if uid.isascii()]  # no other text is a uid; not all can be bound
    for chunk in chunks(known, IN_LIST):
        sql = f"SELECT {COLUMNS} FROM people WHERE uid IN ({marks(chunk)})"  # noqa: S608 - only question marks
        yield from map(Row._make, connection.execute(sql, chunk))


def chunks(values: Sequence[Value], size: int) -> Iterator[Sequence[Value]]:
    """Yield values in lists that one statement takes."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def marks(values: Sequence[object]) -> str:
    """Return a question mark for each value."""
    return ",".join("?" * len(values))
