"""Which skills a skill meets: the nearest ones above the floor, computed once and kept."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from swapmatch.ports import SeekerSide, Vector, Vectors
    from swapmatch.scoring import Scoring
    from swapmatch.vector_stores.exact.dictionary import DictionaryView

    Ids = NDArray[np.int32]

MAX_LISTS = 100_000  # kept at most; 2 kB each
BLUR = 1e-6  # cosines of one pair from multiplications of different shapes differ by less
PREPARED_FROM = 2_000  # skills from which lists are computed in the background
BLOCK = 256  # skills multiplied with all others at a time


@dataclass(frozen=True, slots=True)
class Met:
    """The skills that one skill meets, nearest first (equal ones by key).

    Attributes:
        ids: Which skills.
        cosines: How near each of them is, none below the floor.
        seen: The first so many ids of the dictionary were looked at.
        is_cut: Whether the neighbour limit left any of these out.
    """

    ids: Ids
    cosines: NDArray[np.float32]
    seen: int
    is_cut: bool


class Neighbours:
    """Lists of the skills that each skill of one dictionary meets. Several threads may ask at once.

    A list is computed when it is first asked for. Ids only grow, so an old list is brought up to date by looking at
    the skills that have come since, and lists need no repair when a skill appears.
    """

    def __init__(self, *, floor: float, limit: int) -> None:
        """Start with no lists; all will be of this floor and at most so long."""
        self.floor = floor
        self.limit = limit
        self.lists: dict[int, Met] = {}
        self._lock = Lock()
        self._prepared = 0  # ids below this were prepared

    def fit(self, scoring: Scoring) -> bool:
        """Return whether these lists are of a scoring's floor and limit."""
        return (self.floor, self.limit) == (scoring.floor, scoring.neighbours)

    def of(self, side: SeekerSide, view: DictionaryView) -> list[Met]:
        """Return for each skill of a seeker which skills in use it meets."""
        known = [view.id_of(key) for key in side.keys]
        lists = self.learn([number for number in known if number is not None], view)
        unknown = [row for row, number in enumerate(known) if number is None]
        strangers = iter(self._of_strangers(side.vectors[unknown], view) if unknown else ())
        return [next(strangers) if number is None else self._in_use(number, lists[number], view) for number in known]

    def learn(self, numbers: Sequence[int], view: DictionaryView) -> dict[int, Met]:
        """Return the lists of these skills as they are; those that are not there yet are computed together and kept."""
        found = {number: met for number in numbers if (met := self.lists.get(number)) is not None}
        new = [number for number in dict.fromkeys(numbers) if number not in found]
        everybody = np.arange(len(view), dtype=np.int32)
        for start in range(0, len(new), BLOCK):
            block = new[start : start + BLOCK]
            for number, row in zip(block, view.cosines(view.vectors[block]), strict=True):
                found[number] = self._nearest(everybody, row, view.vectors[number], view)
                self._keep(number, found[number])
        return found

    def is_prepared(self, view: DictionaryView) -> bool:
        """Return whether nothing is left to `prepare`; a small dictionary is looked through fast enough when asked."""
        return self._prepared >= len(view) or not PREPARED_FROM <= len(view) <= MAX_LISTS

    def prepare(self, view: DictionaryView) -> None:
        """Compute the lists of the next few skills, before anybody asks for them."""
        end = min(self._prepared + BLOCK, len(view))
        self.learn([number for number in range(self._prepared, end) if view.is_used[number]], view)
        self._prepared = end

    def _in_use(self, number: int, met: Met, view: DictionaryView) -> Met:
        if met.seen < len(view):
            met = self._extended(number, met, view)
            self._keep(number, met)
        fits = view.is_used[met.ids] if met.seen == len(view) else _used(met.ids, view)
        if fits.all():
            return met
        if met.is_cut:  # a place among the nearest went to a skill that nobody names any more
            return self._of_strangers(view.vectors[number : number + 1], view)[0]
        return Met(met.ids[fits], met.cosines[fits], met.seen, is_cut=False)

    def _extended(self, number: int, met: Met, view: DictionaryView) -> Met:
        cosines = view.vectors[met.seen :] @ view.vectors[number]
        ids = np.concatenate([met.ids, np.arange(met.seen, len(view), dtype=np.int32)])
        longer = self._nearest(ids, np.concatenate([met.cosines, cosines]), view.vectors[number], view)
        return Met(longer.ids, longer.cosines, longer.seen, is_cut=met.is_cut or longer.is_cut)

    def _of_strangers(self, vectors: Vectors, view: DictionaryView) -> list[Met]:
        used = np.flatnonzero(view.is_used).astype(np.int32)
        rows = zip(view.cosines(vectors), vectors, strict=True)
        return [self._nearest(used, row[used], vector, view) for row, vector in rows]

    def _nearest(self, ids: Ids, cosines: NDArray[np.float32], vector: Vector, view: DictionaryView) -> Met:
        met = np.flatnonzero(cosines >= self.floor)
        is_cut = met.size > self.limit
        if is_cut:
            last = np.partition(cosines[met], met.size - self.limit)[met.size - self.limit]
            surely = met[cosines[met] > last + BLUR]
            close = met[np.abs(cosines[met] - last) <= BLUR]
            # One by one and in double precision, so that equal vectors give equal cosines and the key decides.
            exact = (view.vectors[ids[close]] * vector.astype(np.float64)).sum(axis=1)
            order = sorted(range(close.size), key=lambda place: (-exact[place], view.keys[int(ids[close[place]])]))
            met = np.concatenate([surely, close[order[: self.limit - surely.size]]])
        order_by_cosine = met[np.argsort(-cosines[met], kind="stable")]
        return Met(ids[order_by_cosine], cosines[order_by_cosine], len(view), is_cut)

    def _keep(self, number: int, met: Met) -> None:
        with self._lock:
            self.lists[number] = met
            while len(self.lists) > MAX_LISTS:
                del self.lists[next(iter(self.lists))]

    def renumbered(self, new_ids: Ids, size: int) -> Neighbours:
        """Return the same lists for a dictionary without its unused skills; those that this would shorten are left out.

        Args:
            new_ids: The new id of each old one, -1 where there is none.
            size: How many skills the old dictionary has.
        """
        fresh = Neighbours(floor=self.floor, limit=self.limit)
        kept = int(np.count_nonzero(new_ids >= 0))
        for number, met in list(self.lists.items()):
            ids = new_ids[met.ids]
            is_whole = met.seen == size and (not met.is_cut or bool((ids >= 0).all()))
            if new_ids[number] >= 0 and is_whole:
                stays = ids >= 0
                fresh.lists[int(new_ids[number])] = Met(ids[stays], met.cosines[stays], kept, met.is_cut)
        return fresh


def _used(ids: Ids, view: DictionaryView) -> NDArray[np.bool_]:
    """Return which of these are in use in a view that may be older than they are."""
    within = ids < len(view)
    within[within] = view.is_used[ids[within]]
    return within
