"""Which skills a skill meets: the nearest ones above the floor, computed once and kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Self

import numpy as np

from swapmatch.scoring import Scoring
from swapmatch.vector_stores.exact.graph import BEYOND, Graph
from swapmatch.vector_stores.exact.rows import concatenated, starts_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from swapmatch.ports import SeekerSide, Vector, Vectors
    from swapmatch.vector_stores.exact.dictionary import DictionaryView
    from swapmatch.vector_stores.exact.rows import Ids, Starts

MAX_LISTS = 100_000  # kept at most; 2 kB each
BLUR = 1e-6  # cosines of one pair from multiplications of different shapes differ by less
PREPARED_FROM = 2_000  # skills from which lists are computed in the background
TAIL = 10_000  # newer skills up to which bringing a list up to date beats looking it up in a graph
BLOCK = 64  # skills multiplied with all others at a time: 24 MB of cosines at 100,000 skills


@dataclass(frozen=True, slots=True)
class Met:
    """The skills that one skill meets, nearest first (equal ones by key).

    Attributes:
        ids: Which skills.
        cosines: How near each of them is, none below the floor.
        seen: The first so many ids of the dictionary were looked at.
        deaths: How many skills had died by then: none of those is here.
        is_cut: Whether the neighbour limit left any out.
        is_whole: Whether none of them was overlooked, as a graph may.
    """

    ids: Ids
    cosines: NDArray[np.float32]
    seen: int
    deaths: int
    is_cut: bool
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of many skills, made when so many skills were there and none of these had died since, as arrays.

    Attributes:
        starts: Where each skill's begins, `(skills + 1,)`; one that was not computed is empty.
        ids: Of the skills met.
        cosines: Likewise.
        marks: Of each skill: 0 where it was not computed, 1 where its list is complete, 2 where it was cut.
    """

    starts: Starts
    ids: Ids
    cosines: NDArray[np.float32]
    marks: NDArray[np.uint8]

    @classmethod
    def of(cls, lists: Mapping[int, Met], size: int) -> Lists:
        """Keep the lists of some of so many skills."""
        order = sorted(lists)
        counts, marks = np.zeros(size, np.int64), np.zeros(size, np.uint8)
        counts[order] = [lists[number].ids.size for number in order]
        marks[order] = [1 + lists[number].is_cut for number in order]
        ids = concatenated([lists[number].ids for number in order], np.int32)
        return cls(starts_of(counts), ids, concatenated([lists[n].cosines for n in order], np.float32), marks)

    def get(self, number: int) -> Met | None:
        """Return the list of a skill, or None where it is not here."""
        if number >= self.marks.size or not self.marks[number]:
            return None
        here = slice(self.starts[number], self.starts[number + 1])
        return Met(self.ids[here], self.cosines[here], self.marks.size, 0, is_cut=bool(self.marks[number] > 1))


NO_LISTS = Lists.of({}, 0)


class Neighbours:
    """Lists of the skills that each skill of one dictionary meets. Several threads may ask at once.

    A list is computed when it is first asked for, or before in the background. Ids only grow and skills that died stay
    dead, so an old list is brought up to date by looking at the skills that have come since; only where the limit had
    cut it and one of its skills has died, it is computed anew.
    """

    def __init__(self, *, floor: float, limit: int, kept: Lists = NO_LISTS, graph: Graph | None = None) -> None:
        """Start with lists that were kept; all are of this floor and at most so long.

        Args:
            floor: The lowest cosine that counts.
            limit: How many skills one meets at most.
            kept: Lists computed before.
            graph: Finds the nearest where looking at all skills takes too long.
        """
        self.floor = floor
        self.limit = limit
        self.graph = graph
        self._kept = kept
        self._kept_numbers = frozenset(np.flatnonzero(kept.marks).tolist())
        self._lists: dict[int, Met] = {}
        self._lock = Lock()
        self._prepared = 0  # ids below this were prepared

    @classmethod
    def of_defaults(cls) -> Self:
        """Start with no lists, for the scoring that most use."""
        scoring = Scoring()
        return cls(floor=scoring.floor, limit=scoring.neighbours)

    @property
    def count(self) -> int:
        """How many lists there are."""
        return len(self._kept_numbers.union(tuple(self._lists)))

    def fit(self, scoring: Scoring) -> bool:
        """Return whether these lists are of a scoring's floor and limit."""
        return (self.floor, self.limit) == (scoring.floor, scoring.neighbours)

    def of(self, side: SeekerSide, view: DictionaryView) -> list[Met]:
        """Return for each skill of a seeker which skills in use it meets."""
        known = [view.id_of(key) for key in side.keys]
        lists = [None if number is None else self._get(number, view) for number in known]
        missing = [row for row, met in enumerate(lists) if met is None]
        if missing:
            for row, met in zip(missing, self._looked_up(side.vectors[missing], view), strict=True):
                lists[row] = met
                self._keep(known[row], met)
        return [met for met in lists if met is not None]

    def lists(self, view: DictionaryView) -> dict[int, Met]:
        """Return the lists there are, those of which nothing was overlooked, as of a view."""
        numbers = self._kept_numbers.union(tuple(self._lists))
        found = {number: met for number in numbers if number < len(view) and (met := self._get(number, view))}
        is_used = view.is_used
        return {n: met for n, met in found.items() if is_used[n] and met.is_whole and met.seen == len(view)}

    def is_prepared(self, view: DictionaryView) -> bool:
        """Return whether nothing is left to `prepare`; a small dictionary is looked through fast enough when asked."""
        if len(view) < PREPARED_FROM:
            return True
        if len(view) > BEYOND:
            return not Graph.is_available() or (self.graph is not None and len(self.graph) + BLOCK > len(view))
        return self._prepared >= len(view)

    def prepare(self, view: DictionaryView) -> None:
        """Do the next piece of what would else have to be done when somebody asks: lists, or a graph instead."""
        if len(view) > BEYOND:
            self.graph = self.graph or Graph(view.dimension)
            start = len(self.graph)
            self.graph.add(view.vectors(np.arange(start, min(start + BLOCK, len(view)), dtype=np.int32)))
            return
        wanted: list[int] = []
        while self._prepared < len(view) and len(wanted) < BLOCK:
            if view.is_used[self._prepared] and self._get(self._prepared, view) is None:
                wanted.append(self._prepared)
            self._prepared += 1
        if wanted:
            lists = self._looked_up(view.vectors(np.array(wanted, np.int32)), view)
            for number, met in zip(wanted, lists, strict=True):
                self._keep(number, met)

    def renumbered(self, new_ids: Ids, view: DictionaryView) -> Neighbours:
        """Return the same lists for a dictionary without its dead skills; a graph has to be made anew.

        Args:
            new_ids: The new id of each old one, -1 where there is none.
            view: The old dictionary.
        """
        fresh = Neighbours(floor=self.floor, limit=self.limit)
        size = int(np.count_nonzero(new_ids >= 0))
        for number, met in self.lists(view).items():
            fresh._lists[int(new_ids[number])] = Met(new_ids[met.ids], met.cosines, size, 0, met.is_cut)
        return fresh

    def _get(self, number: int, view: DictionaryView) -> Met | None:
        """Return a list as of a view, or None where it has to be looked up."""
        met = self._lists.get(number) or self._kept.get(number)
        if met is None or (met.seen == len(view) and met.deaths == view.deaths):
            return met
        if met.seen > len(view) or met.deaths > view.deaths:  # made for somebody who came later
            is_same = met.deaths == view.deaths and bool(np.all(met.ids < len(view)))
            return met if is_same else None
        is_alive = view.is_used[met.ids]
        if not is_alive.all():
            if met.is_cut:  # a place among the nearest went to a skill that has died
                return None
            met = replace(met, ids=met.ids[is_alive], cosines=met.cosines[is_alive])
        met = self._extended(number, met, view)
        if met is not None:
            self._keep(number, met)
        return met

    def _extended(self, number: int, met: Met, view: DictionaryView) -> Met | None:
        if met.seen == len(view):
            return replace(met, deaths=view.deaths)
        if self._graph_for(view) and len(view) - met.seen > TAIL:
            return None
        vector = view.vectors(np.array([number], np.int32))
        ids = np.concatenate([met.ids, np.arange(met.seen, len(view), dtype=np.int32)])
        cosines = np.concatenate([met.cosines, view.cosines(vector, since=met.seen)[0]])
        longer = self._nearest(ids, cosines, vector[0], view)
        return replace(longer, is_cut=met.is_cut or longer.is_cut, is_whole=met.is_whole)

    def _looked_up(self, vectors: Vectors, view: DictionaryView) -> list[Met]:
        """Look for the nearest skills of several vectors."""
        if graph := self._graph_for(view):
            return self._by_graph(graph, vectors, view)
        everybody = np.arange(len(view), dtype=np.int32)
        found: list[Met] = []
        for start in range(0, len(vectors), BLOCK):
            block = vectors[start : start + BLOCK]
            found += [
                self._nearest(everybody, row, vector, view)
                for row, vector in zip(view.cosines(block), block, strict=True)
            ]
        return found

    def _graph_for(self, view: DictionaryView) -> Graph | None:
        """Return the graph where it has enough of a dictionary that is too large to be looked through."""
        is_worth_it = self.graph is not None and 2 * len(self.graph) >= len(view) > BEYOND
        return self.graph if is_worth_it else None

    def _by_graph(self, graph: Graph, vectors: Vectors, view: DictionaryView) -> list[Met]:
        """Look for nearly all of the nearest skills: in the graph, and among all that it does not have yet."""
        size = min(len(graph), len(view))
        alive = max(1, int(np.count_nonzero(view.is_used)))
        limit = min(self.limit * len(view) // alive, len(graph))  # the dead are still in the graph, and take places
        rest = np.arange(size, len(view), dtype=np.int32)
        found = []
        for vector, near in zip(vectors, graph.nearest(vectors, limit=limit), strict=True):
            ids = near[near < size]
            query = vector[None]
            cosines = np.concatenate([view.vectors(ids) @ vector, view.cosines(query, since=size)[0]])
            met = self._nearest(np.concatenate([ids, rest]), cosines, vector, view)
            found.append(replace(met, is_cut=True, is_whole=False))
        return found

    def _nearest(self, ids: Ids, cosines: NDArray[np.float32], vector: Vector, view: DictionaryView) -> Met:
        """Return the nearest of some skills that are alive."""
        met = np.flatnonzero(cosines >= self.floor)
        met = met[view.is_used[ids[met]]]
        is_cut = met.size > self.limit
        if is_cut:
            near = cosines[met]
            last = np.partition(near, met.size - self.limit)[met.size - self.limit]
            surely = met[near > last + BLUR]
            close = met[np.abs(near - last) <= BLUR]
            # One by one and in double precision, so that equal vectors give equal cosines and the key decides.
            exact = (view.vectors(ids[close]) * vector.astype(np.float64)).sum(axis=1)
            order = sorted(range(close.size), key=lambda place: (-exact[place], view.keys[int(ids[close[place]])]))
            met = np.concatenate([surely, close[order[: self.limit - surely.size]]])
        by_cosine = met[np.argsort(-cosines[met], kind="stable")]
        return Met(ids[by_cosine], cosines[by_cosine], len(view), view.deaths, is_cut)

    def _keep(self, number: int | None, met: Met) -> None:
        """Keep a list, unless a later one is there already; the id is None for a skill that nobody has."""
        if number is None:
            return
        with self._lock:
            there = self._lists.get(number)
            if there is None or (met.seen, met.deaths) >= (there.seen, there.deaths):
                self._lists[number] = met
            while len(self._lists) > MAX_LISTS:
                del self._lists[next(iter(self._lists))]
