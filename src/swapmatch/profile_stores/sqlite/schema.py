"""What an SQLite file of people looks like, and which files are none."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING
from uuid import uuid4

from swapmatch.errors import ConfigurationError, StoreError
from swapmatch.profile_stores.sqlite import lineages, skill_vectors
from swapmatch.profile_stores.sqlite.transactions import transaction

if TYPE_CHECKING:
    from pathlib import Path

APPLICATION_ID = 0x53574150  # "SWAP"
SCHEMA_VERSION = 3
RETRY_S = 0.01

# A row of `people` is the latest change of its uid: the feed and the people are one table, in the
# order of the feed. A tombstone is a row without a profile. AUTOINCREMENT: a rev is never given
# twice, even if rows go.
#
# E-mails and skills are found by a hash of 16 bytes. SQLite rearranges the pages of an index as it
# grows and may leave copies in their unused parts, which secure_delete does not reach; a hash
# leaves nobody's e-mail or words there.
_TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """
    CREATE TABLE people (
        rev INTEGER PRIMARY KEY AUTOINCREMENT,
        uid TEXT NOT NULL UNIQUE,
        profile TEXT,        -- JSON without uid and timestamps
        email_hash BLOB,
        created_at INTEGER,  -- microseconds since 1970, UTC
        updated_at INTEGER
    )
    """,
    "CREATE INDEX people_by_email ON people (email_hash, uid) WHERE email_hash IS NOT NULL",
    skill_vectors.TABLE,
    lineages.TABLE,
    skill_vectors.NEXT_TABLE,
)
# What makes a file of each older schema one of the next.
_UPGRADES = {1: lineages.TABLE, 2: skill_vectors.NEXT_TABLE}


def prepare(connection: sqlite3.Connection, path: Path, *, timeout_s: float) -> str:
    """Make a file ready for writing, with all tables if it is new or older, and return the store's identity.

    Nothing is changed in a file that is refused.

    Raises:
        ConfigurationError: The file is none of ours, or one of a newer version of swapmatch.
    """
    with transaction(connection, "DEFERRED"):  # else another process might create it between two looks
        is_new = _is_new(connection, path)
    if is_new:
        _use_write_ahead_log(connection, path, timeout_s=timeout_s)
        _create(connection, path)
    _use_write_ahead_log(connection, path, timeout_s=timeout_s)
    connection.execute("PRAGMA synchronous = FULL")  # what is acknowledged is on the disk
    connection.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten
    if _pragma(connection, "user_version") < SCHEMA_VERSION:
        _upgrade(connection)
    row = connection.execute("SELECT value FROM meta WHERE name = 'identity'").fetchone()
    if row is None:
        message = f"{path} has lost its identity: the file is damaged: restore a copy"
        raise StoreError(message)
    return str(row[0])


def _is_new(connection: sqlite3.Connection, path: Path) -> bool:
    """Tell an empty file from one of ours, and refuse any other."""
    try:
        application = _pragma(connection, "application_id")
        version = _pragma(connection, "user_version")
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_NOTADB:
            raise
        message = f"{path} is no SQLite database, and was not changed: name another path"
        raise ConfigurationError(message) from error
    if (application, version, tables) == (0, 0, 0):
        return True
    if application != APPLICATION_ID:
        message = f"{path} belongs to another application, and was not changed: name another path"
        raise ConfigurationError(message)
    if version > SCHEMA_VERSION:
        message = (
            f"{path} was written by a newer swapmatch (schema {version}; this one knows "
            f"{SCHEMA_VERSION}): pip install --upgrade swapmatch"
        )
        raise ConfigurationError(message)
    return False


def _create(connection: sqlite3.Connection, path: Path) -> None:
    with transaction(connection, "IMMEDIATE"):
        if not _is_new(connection, path):  # another process was faster
            return
        for table in _TABLES:
            connection.execute(table)
        connection.execute("INSERT INTO meta VALUES ('identity', ?)", (uuid4().hex,))
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _upgrade(connection: sqlite3.Connection) -> None:
    with transaction(connection, "IMMEDIATE"):
        for version in range(_pragma(connection, "user_version"), SCHEMA_VERSION):  # none if another process was faster
            connection.execute(_UPGRADES[version])
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _use_write_ahead_log(connection: sqlite3.Connection, path: Path, *, timeout_s: float) -> None:
    """Let readers and the writer work at once.

    SQLite does not wait for another process that turns the log on just now, so this does.
    """
    deadline = time.monotonic() + timeout_s
    mode = None
    while mode is None:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > deadline:
                raise
            time.sleep(RETRY_S)
    if mode != "wal":
        message = f"SQLite cannot keep a write-ahead log beside {path}: put the file on a local disk"
        raise ConfigurationError(message)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    return int(value)
