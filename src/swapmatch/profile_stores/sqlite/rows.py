"""Profiles <-> the rows that hold them.

Rows are trusted: what stands in them was a valid profile when it was written, so reading does not
validate again (7 microseconds a profile instead of 170, 2026-11-23).
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pydantic_core import from_json

from swapmatch.models import Profile
from swapmatch.ports import Stored

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

COLUMNS = "rev, uid, profile, email_hash, created_at, updated_at"
CHUNK = 500  # values in one IN list: older SQLites take 999
HASH_BYTES = 16

Value = TypeVar("Value", str, bytes)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS = 1_000_000  # a second
_OWN_COLUMNS = {"uid", "created_at", "updated_at"}
_DEFAULTS = dict(Profile.model_construct(uid=""))  # for what a row leaves out


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
    fields |= _timestamps(row)
    profile = Profile.__new__(Profile)  # what unpickling does: half the time of model_construct
    profile.__setstate__(
        {
            "__dict__": fields,
            "__pydantic_fields_set__": set(fields),
            "__pydantic_extra__": None,
            "__pydantic_private__": None,
        }
    )
    return Stored(profile=profile, rev=row.rev)


def as_stored(row: Row, profile: Profile, *, is_written: bool) -> Stored:
    """Return a profile that was put, with the rev and the timestamps of its row."""
    dated = profile.model_copy(update=_timestamps(row))
    return Stored(profile=dated, rev=row.rev, is_written=is_written)


def _timestamps(row: Row) -> dict[str, datetime]:
    return {
        "created_at": datetime.fromtimestamp(row.created_at / _MICROSECONDS, UTC),
        "updated_at": datetime.fromtimestamp(row.updated_at / _MICROSECONDS, UTC),
    }


def microseconds(moment: datetime) -> int:
    """Return a moment as the timestamp columns hold it."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def hashed(text: str) -> bytes:
    """Return the hash under which an e-mail or a skill is found; no text is refused."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=HASH_BYTES).digest()


def find(connection: sqlite3.Connection, uids: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of those uids that have one, tombstones among them."""
    known = [uid for uid in uids if uid.isascii()]  # no other text is a uid; not all can be bound
    for chunk, marks in chunks(known):
        sql = f"SELECT {COLUMNS} FROM people WHERE uid IN ({marks})"  # noqa: S608 - only question marks
        yield from map(Row._make, connection.execute(sql, chunk))


def chunks(values: Sequence[Value]) -> Iterator[tuple[Sequence[Value], str]]:
    """Yield values in lists that one statement takes, each with as many question marks."""
    for start in range(0, len(values), CHUNK):
        chunk = values[start : start + CHUNK]
        yield chunk, ",".join("?" * len(chunk))
