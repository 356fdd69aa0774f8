"""All or nothing."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def transaction(connection: sqlite3.Connection, kind: Literal["DEFERRED", "IMMEDIATE"]) -> Iterator[None]:
    """Keep all that is written inside, or nothing after an error.

    Args:
        connection: One that begins no transactions by itself (isolation_level=None).
        kind: IMMEDIATE to write: others wait from the beginning. DEFERRED to read one committed state.
    """
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite ends some failed transactions by itself
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise
