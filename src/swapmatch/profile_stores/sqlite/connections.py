"""Connections to one SQLite file: one that writes, and as many that read as calls run at once."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from swapmatch.errors import StoreError, StoreUnavailableError
from swapmatch.profile_stores.sqlite import schema
from swapmatch.profile_stores.sqlite.transactions import transaction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_IDLE = 8  # readers kept open; each holds two file handles and up to 2 MB of pages
_PRIMARY = 0xFF  # an extended result code carries its primary one in the low byte

# What to tell for a result code, and whether the same call may work later.
_TOLD = {
    sqlite3.SQLITE_BUSY: (StoreUnavailableError, "it is locked by another process: try again"),
    sqlite3.SQLITE_LOCKED: (StoreUnavailableError, "it is locked by another process: try again"),
    sqlite3.SQLITE_CANTOPEN: (
        StoreUnavailableError,
        "it cannot be opened: check that this user may write the file and its directory",
    ),
    sqlite3.SQLITE_IOERR: (StoreUnavailableError, "the disk reports an error"),
    sqlite3.SQLITE_FULL: (
        StoreError,
        "the disk is full and nothing of this call was written: free some space, then try again",
    ),
    sqlite3.SQLITE_READONLY: (
        StoreError,
        "it cannot be written: let this user write the file and its directory, or move it",
    ),
    sqlite3.SQLITE_CORRUPT: (StoreError, "the file is damaged: restore a copy"),
    sqlite3.SQLITE_NOTADB: (StoreError, "the file is damaged: restore a copy"),
}


@contextmanager
def translated(doing: str, path: Path) -> Iterator[None]:
    """Raise StoreError or StoreUnavailableError in place of the driver's error, its cause.

    `errors.translate` tells errors apart by their class; SQLite tells a full disk from a locked
    file by a code.
    """
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY
        ours, told = _TOLD.get(code, (StoreError, "SQLite refused"))
        message = f"could not {doing} in {path}: {told} ({error})"
        raise ours(message) from error


class Connections:
    """The connections of one store; all of them may be used from any thread.

    Writers take turns within the process by a lock and between processes by SQLite's; readers see
    the last committed state and wait for nobody (write-ahead log).
    """

    def __init__(self, path: Path, *, timeout_s: float) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._pid = os.getpid()
        self._is_closed = False
        self._lock = Lock()  # guards _idle and _is_closed
        self._idle: list[sqlite3.Connection] = []
        self._turn = Lock()  # held by the one who writes
        self._writer = self._connect("rwc")
        try:
            self._identity = schema.prepare(self._writer, path, timeout_s=timeout_s)
        except BaseException:
            self._writer.close()
            raise
        self._file = _file_at(path)

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._path

    @property
    def identity(self) -> str:
        """What no other store shares."""
        return self._identity

    @contextmanager
    def reading(self, doing: str) -> Iterator[sqlite3.Connection]:
        """Lend a connection that reads; each statement sees one committed state."""
        with translated(doing, self._path):
            connection = self._take()
            try:
                yield connection
            finally:
                self._give_back(connection)

    @contextmanager
    def writing(self, doing: str) -> Iterator[sqlite3.Connection]:
        """Lend the connection that writes, for one transaction; after an error nothing is kept."""
        self._check_usable()
        if not self._turn.acquire(timeout=self._timeout_s):
            message = f"could not {doing} in {self._path}: another thread is writing: try again"
            raise StoreUnavailableError(message)
        try:
            self._check_usable()
            with translated(doing, self._path), transaction(self._writer, "IMMEDIATE"):
                yield self._writer
                self._check_file()  # again, so late that whatever was moved meanwhile is rolled back
        finally:
            self._turn.release()

    def close(self) -> None:
        """Close every connection, those in use once they are given back."""
        with self._lock:
            if self._is_closed or self._pid != os.getpid():
                return
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        with self._turn:
            self._writer.close()

    def _take(self) -> sqlite3.Connection:
        self._check_usable()
        with self._lock:
            if self._idle:
                return self._idle.pop()
        connection = self._connect("rw")
        connection.execute("PRAGMA query_only = ON")
        return connection

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            if not self._is_closed and len(self._idle) < MAX_IDLE:
                self._idle.append(connection)
                return
        connection.close()

    def _connect(self, mode: str) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self._path.as_uri()}?mode={mode}",
            uri=True,
            timeout=self._timeout_s,
            isolation_level=None,  # transactions begin where this module says so
            check_same_thread=False,
        )

    def _check_usable(self) -> None:
        if self._is_closed:
            message = f"{self._path} is closed"
            raise StoreError(message)
        if self._pid != os.getpid():  # SQLite's locks do not survive a fork: going on would damage the file
            message = f"{self._path} was opened before this process was forked: open it again in here"
            raise StoreError(message)
        self._check_file()

    def _check_file(self) -> None:
        """Refuse to go on with a file that nobody can open any more: SQLite would write into it and say nothing."""
        if self._file is None or _file_at(self._path) != self._file:
            message = (
                f"{self._path} is no longer the database that was opened: it was moved, deleted or replaced; "
                "nothing was written; restart"
            )
            raise StoreUnavailableError(message)


def _file_at(path: Path) -> tuple[int, int] | None:
    """Return what tells the file at a path from any other, or None where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116 - with each call: half the time of Path.stat
    except OSError:
        return None
    return status.st_dev, status.st_ino
