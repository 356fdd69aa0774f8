"""The vectors of skills in an SQLite file: those of the encoder that counts, and of one that may be next.

Each have a table of their own, and the encoders stand in `meta`. To change the encoder is to rename the tables, which
takes a millisecond however many vectors there are, and to overwrite the old ones by and by: while these were dropped in
one go, nobody else could write for 0.6 s at 60,000 vectors of 384 floats and for 12 s at 600,000 (2026-11-24).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from swapmatch.profile_stores import check_encoder
from swapmatch.profile_stores.sqlite import rows

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from swapmatch.ports import Vector

TABLE = "CREATE TABLE skill_vectors (hash BLOB PRIMARY KEY, vector BLOB NOT NULL)"
NEXT_TABLE = "CREATE TABLE next_vectors (hash BLOB PRIMARY KEY, vector BLOB NOT NULL)"
FLOATS = np.dtype("<f4")  # of a kept vector
SWEPT = 5_000  # vectors overwritten at a time: 50 ms

_SWAP = (
    "ALTER TABLE skill_vectors RENAME TO old_vectors",
    "ALTER TABLE next_vectors RENAME TO skill_vectors",
    "ALTER TABLE old_vectors RENAME TO next_vectors",
    "DELETE FROM meta WHERE name = 'encoder'",
    "UPDATE meta SET name = 'encoder' WHERE name = 'next_encoder'",
)


def encoder(connection: sqlite3.Connection) -> str | None:
    """Return the fingerprint whose vectors count."""
    return _named(connection, "encoder")


def prepare(connection: sqlite3.Connection, fingerprint: str) -> None:
    """Let this fingerprint's vectors be the next ones, in a transaction; any other next ones are deleted."""
    if _named(connection, "next_encoder") == fingerprint:
        return
    connection.execute("DELETE FROM next_vectors")
    connection.execute("DELETE FROM meta WHERE name = 'next_encoder'")
    if encoder(connection) != fingerprint:
        _name(connection, "next_encoder", fingerprint)


def use(connection: sqlite3.Connection, fingerprint: str) -> None:
    """Let this fingerprint's vectors count, in a transaction, and leave those that did for `sweep`."""
    prepare(connection, fingerprint)
    if encoder(connection) != fingerprint:
        for statement in _SWAP:
            connection.execute(statement)


def sweep(connection: sqlite3.Connection) -> bool:
    """Delete some of the vectors that no encoder has, and return whether there may be more of them."""
    if _named(connection, "next_encoder") is not None:
        return False
    sql = "DELETE FROM next_vectors WHERE rowid IN (SELECT rowid FROM next_vectors LIMIT ?)"
    return connection.execute(sql, (SWEPT,)).rowcount == SWEPT


def find(connection: sqlite3.Connection, fingerprint: str, keys: Sequence[str]) -> dict[str, Vector]:
    """Return the kept vectors, read-only, in a transaction: another process may be changing the encoder."""
    names = {rows.hashed(key): key for key in keys}
    found: dict[str, Vector] = {}
    if (table := _table(connection, fingerprint)) is None:
        return found
    for chunk in rows.chunks(list(names), rows.IN_LIST):
        sql = f"SELECT hash, vector FROM {table} WHERE hash IN ({rows.marks(chunk)})"  # noqa: S608 - only question marks
        for name, vector in connection.execute(sql, chunk):
            found[names[name]] = np.frombuffer(vector, FLOATS).astype(np.float32, copy=False)
    return found


def keep(connection: sqlite3.Connection, fingerprint: str, vectors: Mapping[str, Vector]) -> None:
    """Keep vectors, in a transaction. Raises EncoderMismatchError."""
    table = _table(connection, fingerprint)
    if table is None:
        check_encoder(encoder(connection), fingerprint)
        _name(connection, "encoder", fingerprint)
        table = "skill_vectors"
    kept = [(rows.hashed(key), np.asarray(vector, FLOATS).tobytes()) for key, vector in vectors.items()]
    connection.executemany(f"INSERT OR IGNORE INTO {table} VALUES (?, ?)", kept)  # noqa: S608 - one of ours


def _table(connection: sqlite3.Connection, fingerprint: str) -> str | None:
    """Return the table of a fingerprint's vectors, if they are kept."""
    if encoder(connection) == fingerprint:
        return "skill_vectors"
    return "next_vectors" if _named(connection, "next_encoder") == fingerprint else None


def _named(connection: sqlite3.Connection, name: str) -> str | None:
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def _name(connection: sqlite3.Connection, name: str, fingerprint: str) -> None:
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, fingerprint))
