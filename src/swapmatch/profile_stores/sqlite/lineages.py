"""Which past a rev belongs to: what tells a database from the copy of it that was restored and written to.

Both give the same revs to other people, and a cursor behind one of these would be silently wrong in the other. So
whoever opens a file and writes to it begins a lineage: a fresh name for its first rev and all that follow, up to the
next lineage. A cursor carries the name that its rev has. Revs before the first lineage have the identity of the file.

The file must be closed while an older copy takes its place. A store that has it open notices this where the copy is
another file, or ends before what it wrote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    import sqlite3

TABLE = "CREATE TABLE lineages (first_rev INTEGER PRIMARY KEY, name TEXT NOT NULL)"


class Lineage:
    """What one store writes into a file."""

    def __init__(self) -> None:
        """Begin nothing yet: who only reads writes nothing."""
        self._last = 0  # rev of this store that is committed

    def add(self, connection: sqlite3.Connection, first: int) -> None:
        """Begin a lineage with this rev, in the transaction that writes it, unless this store has begun one."""
        if not 0 < self._last < first:  # a file that ends before what this store wrote is an older copy
            connection.execute("INSERT OR REPLACE INTO lineages VALUES (?, ?)", (first, uuid4().hex))

    def keep(self, last: int) -> None:
        """Note that a transaction which ended with this rev is committed. One too many lineages does no harm."""
        self._last = last


def name_at(connection: sqlite3.Connection, rev: int, *, identity: str) -> str:
    """Return the name of the lineage that a rev belongs to."""
    sql = "SELECT name FROM lineages WHERE first_rev <= ? ORDER BY first_rev DESC LIMIT 1"
    row = connection.execute(sql, (rev,)).fetchone()
    return str(row[0]) if row else identity
