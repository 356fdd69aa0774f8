"""Who stands in which list of people: marks for everybody, or a search in sorted lists, whichever is faster."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from swapmatch.vector_stores.exact.rows import People

WIDE = 16  # times as many people to be looked among from which a search for each beats a mark for all
DENSE = 4  # one in so many people from which a look at everybody beats sorting them


class Marks(threading.local):
    """A mark for everybody, kept by each thread: marking some and unmarking them beats clearing a fresh array."""

    def __init__(self) -> None:
        """Start without room."""
        self._marks = np.zeros(0, np.bool_)

    @contextmanager
    def on(self, people: People, size: int) -> Iterator[NDArray[np.bool_]]:
        """Lend the marks, set for these people of so many; `(size or more,)`."""
        if self._marks.size < size:
            self._marks = np.zeros(size, np.bool_)
        self._marks[people] = True
        try:
            yield self._marks
        finally:
            self._marks[people] = False


MARKS = Marks()


def distinct(people: People) -> People:
    """Return each of these once, ascending."""
    ordered = np.sort(people)
    is_first = np.ones(ordered.size, np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:])
    return ordered[is_first]


def in_both(some: People, others: People, size: int) -> People:
    """Return who of so many people stands in both lists, ascending; they may name somebody several times."""
    with MARKS.on(some, size) as is_there:
        both = others[is_there[others]]
    if DENSE * both.size < size:
        return distinct(both)
    with MARKS.on(both, size) as is_there:
        return np.flatnonzero(is_there[:size]).astype(np.int32)


def is_in(people: People, among: People, size: int) -> NDArray[np.bool_]:
    """Return which of these people stand among others, who are ascending."""
    if among.size <= WIDE * people.size:
        with MARKS.on(among, size) as is_there:
            found: NDArray[np.bool_] = is_there[people]
            return found
    places = np.searchsorted(among, people)
    return np.asarray(among[np.minimum(places, among.size - 1)] == people)
