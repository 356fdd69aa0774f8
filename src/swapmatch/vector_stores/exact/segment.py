"""People as arrays: the skills of each person, the people of each skill, and their facets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from swapmatch.ports import Entry

    Ids = NDArray[np.int32]
    People = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Table:
    """One side of everybody: skill ids a person, and people a skill, both as offsets into one flat array.

    Attributes:
        starts: Where each person's ids begin in `ids`, `(people + 1,)`.
        ids: Skill ids, in the order of the entries, person after person.
        counts: How many ids each person has.
        filled: People who have any.
        posting_starts: Where each skill's people begin in `postings`, `(skills + 1,)`.
        postings: People, ascending within a skill.
    """

    starts: People
    ids: Ids
    counts: Ids
    filled: People
    posting_starts: People
    postings: Ids

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]], skills: int) -> Table:
        """Build both directions from the ids of each person."""
        counts = np.fromiter(map(len, rows), np.int32, len(rows))
        starts = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        ids = np.fromiter((number for row in rows for number in row), np.int32, int(starts[-1]))
        people = np.repeat(np.arange(len(rows), dtype=np.int32), counts)
        by_skill = np.argsort(ids, kind="stable")
        posting_starts = np.concatenate([[0], np.cumsum(np.bincount(ids, minlength=skills))])
        return cls(starts, ids, counts, np.flatnonzero(counts), posting_starts, people[by_skill])

    def of_person(self, person: int) -> Ids:
        """Return the skill ids of one person, in the order of the entry."""
        return self.ids[self.starts[person] : self.starts[person + 1]]

    def rows(self, people: People) -> tuple[Ids, People]:
        """Return the skill ids of these people, one after the other, and where each of them begins.

        What begins somewhere can be reduced there: everybody asked for must have at least one skill.
        """
        if people.size == self.filled.size:  # everybody who has any: nothing to gather
            return self.ids, self.starts[self.filled]
        counts = self.counts[people]
        return self.ids[_ranges(self.starts[people], counts)], np.cumsum(counts) - counts

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum of the values of each person's skills; reads only the people of skills with a value."""
        met = np.flatnonzero(values[: self.posting_starts.size - 1])  # later skills belong to nobody here
        firsts, ends = self.posting_starts[met], self.posting_starts[met + 1]
        slices = [self.postings[first:end] for first, end in zip(firsts.tolist(), ends.tolist(), strict=True)]
        if not slices:
            return np.zeros(self.counts.size)
        weights = np.repeat(values[met], ends - firsts)
        return np.bincount(np.concatenate(slices), weights, self.counts.size).astype(np.float64, copy=False)


@dataclass(frozen=True, slots=True)
class Segment:
    """People at one moment; only `is_alive` may differ between copies.

    Attributes:
        entries: Who they are; positions are the people's numbers here.
        offers: Their offers.
        needs: Their needs.
        facets: (name, value) -> people, ascending.
        numbers: uid -> number.
        is_alive: False for who is deleted or stands in a later segment.
    """

    entries: tuple[Entry, ...]
    offers: Table
    needs: Table
    facets: Mapping[tuple[str, str], People]
    numbers: Mapping[str, int]
    is_alive: NDArray[np.bool_]

    @classmethod
    def of(cls, entries: Iterable[Entry], ids: Callable[[Iterable[str]], list[int]], skills: int) -> Segment:
        """Build a segment; `ids` gives the ids of keys, of which there are `skills`."""
        everybody = tuple(entries)
        facets: dict[tuple[str, str], list[int]] = {}
        for number, entry in enumerate(everybody):
            for name, values in entry.facets.items():
                for value in values:
                    facets.setdefault((name, value), []).append(number)
        return cls(
            entries=everybody,
            offers=Table.of([ids(entry.offers) for entry in everybody], skills),
            needs=Table.of([ids(entry.needs) for entry in everybody], skills),
            facets={pair: np.array(people, np.int64) for pair, people in facets.items()},
            numbers={entry.uid: number for number, entry in enumerate(everybody)},
            is_alive=np.ones(len(everybody), np.bool_),
        )

    def without(self, uids: Iterable[str]) -> Segment:
        """Return the same people with some of them dead."""
        alive = self.is_alive.copy()
        alive[[self.numbers[uid] for uid in uids if uid in self.numbers]] = False
        return Segment(self.entries, self.offers, self.needs, self.facets, self.numbers, alive)

    def fitting(self, facets: Mapping[str, tuple[str, ...]], exclude: frozenset[str]) -> NDArray[np.bool_]:
        """Return for each person whether they are alive, fit all facets and are not excluded."""
        fits = self.without(exclude).is_alive if exclude else self.is_alive
        for name, values in facets.items():
            has = np.zeros(len(self.entries), np.bool_)
            for value in values:
                has[self.facets.get((name, value), [])] = True
            fits = fits & has
        return fits


def _ranges(starts: People, counts: Ids) -> People:
    """Return starts[0], starts[0] + 1, ... (counts[0] of them), starts[1], ...: many slices as one index."""
    ends = np.cumsum(counts, dtype=np.int64)
    total = int(ends[-1]) if ends.size else 0
    shifts: People = starts - ends + counts
    return np.arange(total) + np.repeat(shifts, counts)
