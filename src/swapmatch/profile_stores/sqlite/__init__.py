"""People in one SQLite file: the default store.

What is acknowledged survives a crash (write-ahead log, synchronous=FULL). Any number of threads and
processes may use one file; each sees what the others wrote with its next call.

What a person said is overwritten when they are deleted or changed (secure_delete) and leaves the
write-ahead log with its next checkpoint, at the latest when the last process closes the file. One
thing SQLite cannot be told to overwrite: copies that it made while it moved rows between pages (of
10,000 people deleted from a file that had been rewritten several times, 30 left some words in
unused parts of pages, 2026-11-23). `VACUUM` clears these. An index that is saved beside the file is
a file of its own: it goes as soon as anybody is deleted, and forgets changed words when it is next saved.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Self

from swapmatch import profile_stores as shared
from swapmatch.errors import ConfigurationError
from swapmatch.ports import Change, Changes
from swapmatch.powers import Counts
from swapmatch.profile_stores.sqlite import rows, skill_vectors
from swapmatch.profile_stores.sqlite.connections import Connections, translated
from swapmatch.profile_stores.sqlite.lineages import Lineage, name_at
from swapmatch.profile_stores.sqlite.rows import COLUMNS, Row
from swapmatch.profile_stores.sqlite.transactions import transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from swapmatch.models import Profile
    from swapmatch.ports import Cursor, Stored, Vector

__all__ = ["SQLiteProfileStore"]

TIMEOUT_S = 5.0
PAUSE_S = 0.1  # for others to write, who look every 0.1 s whether they may
# People of one statement: half the time of a statement each (2 of 4 microseconds a person, 2026-11-24). Older SQLites
# take 999 values, and a row has six.
ROWS = 150
MAX_LIMIT = sys.maxsize - 1  # one more than the limit is asked for, and must fit SQLite's integers


class SQLiteProfileStore:
    """A ProfileStore with every power, SkillVectors among them, that keeps people in one file."""

    def __init__(self, path: Path | str, *, timeout_s: float = TIMEOUT_S) -> None:
        """Open a file of people; one that is not there is created.

        Args:
            path: Of the file; its directory must exist.
            timeout_s: How long to wait, in seconds, while another process writes.

        Raises:
            ConfigurationError: This path cannot hold people: a directory, another application's
                file, a file of a newer swapmatch; the message says what to do.
            StoreError: The file cannot be read or written.
        """
        path = _checked(path)
        with translated("open people", path):
            self._connections = Connections(path, timeout_s=timeout_s)
        self._lineage = Lineage()

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Return the store of a path, `sqlite:///relative.db` or `sqlite:////absolute.db`.

        `sqlite:some.db` works too.

        Raises:
            ConfigurationError: The URL names no file, or one that cannot hold people.
            StoreError: The file cannot be read or written.
        """
        scheme, separator, rest = url.partition(":")
        if not separator or scheme.lower() != "sqlite":
            return cls(url)
        if rest.startswith("//") and not rest.startswith("///"):
            message = f"{url!r} names no file: write sqlite:///relative.db or sqlite:////absolute.db"
            raise ConfigurationError(message)
        return cls(rest.removeprefix("///"))

    def put(self, profiles: Sequence[Profile], *, expected_rev: int | None = None) -> list[Stored]:
        """Store all of these or none: see ProfileStore."""
        wanted = shared.by_uid(profiles, expected_rev=expected_rev)
        texts = {uid: rows.to_json(profile) for uid, profile in wanted.items()}
        stored: dict[str, Stored] = {}
        written: list[Row] = []
        with self._connections.writing("store people") as connection:
            before = {row.uid: row for row in rows.find(connection, list(wanted)) if row.profile}
            for uid in wanted if expected_rev is not None else ():
                shared.check_rev(uid, expected_rev=expected_rev, rev=before[uid].rev if uid in before else 0)
            rev, now = _newest_rev(connection), rows.microseconds(shared.now())
            for uid, profile in wanted.items():
                row = before.get(uid)
                if row and row.profile == texts[uid]:
                    stored[uid] = rows.as_stored(row, profile, is_written=False)
                    continue
                rev += 1
                written.append(_next_row(row, profile, texts[uid], rev=rev, now=now))
                stored[uid] = rows.as_stored(written[-1], profile, is_written=True)
            self._write(connection, written)
        if written:
            self._lineage.keep(written[-1].rev)
        return [stored[profile.uid] for profile in profiles]

    def get(self, uid: str) -> Stored:
        """Return one person: see ProfileStore."""
        if stored := self.get_many([uid]).get(uid):
            return stored
        raise shared.uid_not_found(uid)

    def get_many(self, uids: Sequence[str]) -> dict[str, Stored]:
        """Return those who are there: see ProfileStore."""
        with self._connections.reading("read people") as connection:
            found = list(rows.find(connection, uids))
        return {row.uid: stored for row in found if (stored := rows.from_row(row))}

    def find_by_email(self, email: str) -> Stored:
        """Return who has this e-mail: see ProfileStore."""
        sql = f"SELECT {COLUMNS} FROM people WHERE email_hash = ? ORDER BY uid LIMIT 1"  # noqa: S608
        with self._connections.reading("find an e-mail") as connection:
            row = connection.execute(sql, (rows.hashed(shared.email_key(email)),)).fetchone()
        if row and (stored := rows.from_row(Row._make(row))):
            return stored
        raise shared.email_not_found()

    def delete(self, uid: str) -> int | None:
        """Forget a person: see ProfileStore."""
        with self._connections.writing("delete a person") as connection:
            if not any(row.profile for row in list(rows.find(connection, [uid]))):
                return None
            tombstone = Row(rev=_newest_rev(connection) + 1, uid=uid)
            self._write(connection, [tombstone])
        self._lineage.keep(tombstone.rev)
        return tombstone.rev

    def changes(self, since: Cursor | None, limit: int = 1000) -> Changes:
        """Return what happened after a cursor: see ProfileStore."""
        limit = min(max(limit, 0), MAX_LIMIT)
        sql = f"SELECT {COLUMNS} FROM people WHERE rev > ? ORDER BY rev LIMIT ?"  # noqa: S608
        with self._connections.reading("follow the changes") as connection:
            named = partial(name_at, connection, identity=self._connections.identity)
            start = shared.rev_of(since, name_at=named, newest=_newest_rev(connection))
            found = [Row._make(row) for row in connection.execute(sql, (start, limit + 1))]
            page = found[:limit]
            end = page[-1].rev if page else start
            cursor = shared.cursor_at(named(end), end)
        items = tuple(Change(uid=row.uid, rev=row.rev, stored=rows.from_row(row)) for row in page)
        return Changes(items=items, cursor=cursor, more=len(found) > limit)

    def counts(self) -> Counts:
        """Return how much is here, tombstones among the people: see Counted."""
        sql = (
            "SELECT (SELECT count(*) FROM people), (SELECT count(*) FROM skill_vectors), "
            "(SELECT length(vector) / 4 FROM skill_vectors LIMIT 1)"
        )
        with self._connections.reading("count") as connection:
            people, skills, dimension = connection.execute(sql).fetchone()
        return Counts(people=people, skills=skills, dimension=dimension or 0)

    def behind(self, cursor: Cursor | None, revs: Sequence[int]) -> Cursor | None:
        """Return the cursor behind these revs if no other is between: see Sequenced."""
        ordered = sorted(revs)
        with self._connections.reading("follow the changes") as connection:
            named = partial(name_at, connection, identity=self._connections.identity)
            start = shared.rev_of(cursor, name_at=named, newest=_newest_rev(connection))
            if ordered != list(range(start + 1, start + 1 + len(ordered))):
                return None
            return shared.cursor_at(named(ordered[-1]), ordered[-1])

    @property
    def path(self) -> Path:
        """Where the file is: see InFile."""
        return self._connections.path

    def encoder(self) -> str | None:
        """Return the fingerprint whose vectors count here: see SkillVectors."""
        with self._connections.reading("read the encoder") as connection:
            return skill_vectors.encoder(connection)

    def prepare_encoder(self, fingerprint: str) -> None:
        """Keep this fingerprint's vectors beside those that count: see SkillVectors."""
        with self._connections.writing("prepare an encoder") as connection:
            skill_vectors.prepare(connection, fingerprint)

    def use_encoder(self, fingerprint: str) -> None:
        """Let this fingerprint's vectors count: see SkillVectors."""
        with self._connections.writing("change the encoder") as connection:
            skill_vectors.use(connection, fingerprint)
        more = True
        while more:
            with self._connections.writing("delete vectors") as connection:
                more = skill_vectors.sweep(connection)
            if more:
                time.sleep(PAUSE_S)

    def get_vectors(self, fingerprint: str, keys: Sequence[str]) -> dict[str, Vector]:
        """Return the kept vectors, read-only: see SkillVectors."""
        with self._connections.reading("read vectors") as connection, transaction(connection, "DEFERRED"):
            return skill_vectors.find(connection, fingerprint, keys)

    def put_vectors(self, fingerprint: str, vectors: Mapping[str, Vector]) -> None:
        """Keep vectors: see SkillVectors."""
        with self._connections.writing("keep vectors") as connection:
            skill_vectors.keep(connection, fingerprint, vectors)

    def close(self) -> None:
        """Close the file."""
        self._connections.close()

    def _write(self, connection: sqlite3.Connection, written: Sequence[Row]) -> None:
        if written:
            self._lineage.add(connection, written[0].rev)
        for chunk in rows.chunks(written, ROWS):
            marks = ",".join(["(?, ?, ?, ?, ?, ?)"] * len(chunk))
            connection.execute(f"INSERT OR REPLACE INTO people VALUES {marks}", list(chain.from_iterable(chunk)))  # noqa: S608


def _checked(path: Path | str) -> Path:
    if str(path) in {"", ":memory:"}:
        message = "name a file; to keep people in memory only, choose 'memory:'"
        raise ConfigurationError(message)
    path = Path(path).expanduser().absolute()
    if path.is_dir():
        message = f"{path} is a directory: name a file in it, such as {path / 'people.db'}"
        raise ConfigurationError(message)
    if not path.parent.is_dir():
        message = f"there is no directory {path.parent}: create it first, or choose another path"
        raise ConfigurationError(message)
    return path


def _next_row(before: Row | None, profile: Profile, text: str, *, rev: int, now: int) -> Row:
    updated_at = max(now, before.updated_at) if before else now  # a clock may have been set back
    return Row(
        rev=rev,
        uid=profile.uid,
        profile=text,
        email_hash=rows.hashed(shared.email_key(profile.email)) if profile.email else None,
        created_at=before.created_at if before else updated_at,
        updated_at=updated_at,
    )


def _newest_rev(connection: sqlite3.Connection) -> int:
    (rev,) = connection.execute("SELECT max(seq) FROM sqlite_sequence WHERE name = 'people'").fetchone()
    return rev or 0
