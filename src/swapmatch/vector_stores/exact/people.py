"""People as arrays: the skills of each person, the people of each skill, and their facets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from swapmatch.ports import Entry, Where
    from swapmatch.vector_stores.exact.dictionary import Dictionary

    Ids = NDArray[np.int32]
    Starts = NDArray[np.int64]
    People = NDArray[np.int32]

LONG = 64  # people a skill from which copying slices beats gathering by index


@dataclass(frozen=True, slots=True)
class Table:
    """One side of everybody: skill ids a person, and people a skill, each as offsets into one flat array.

    Attributes:
        starts: Where each person's ids begin in `ids`, `(people + 1,)`.
        ids: Skill ids, in the order of the entries, person after person.
        posting_starts: Where each skill's people begin in `postings`, `(skills + 1,)`.
        postings: People, ascending within a skill.
    """

    starts: Starts
    ids: Ids
    posting_starts: Starts
    postings: People

    @classmethod
    def of(cls, counts: Ids, ids: Ids, skills: int) -> Table:
        """Build both directions from how many ids each person has, and these ids in a row."""
        people = np.repeat(np.arange(counts.size, dtype=np.int32), counts)
        postings = people[np.argsort(ids, kind="stable")]
        return cls(_starts(counts), ids, _starts(np.bincount(ids, minlength=skills)), postings)

    @property
    def counts(self) -> Starts:
        """How many ids each person has."""
        return np.diff(self.starts)

    def of_person(self, person: int) -> Ids:
        """Return the skill ids of one person, in the order of the entry."""
        return self.ids[self.starts[person] : self.starts[person + 1]]

    def rows(self, people: People) -> tuple[Ids, Starts, Starts]:
        """Return the ids of these people one after the other, where each of them begins, and how many each has."""
        firsts = self.starts[people]
        counts = self.starts[people + 1] - firsts
        return self.ids[ranges(firsts, counts)], np.cumsum(counts) - counts, counts

    def lengths(self, skills: Ids) -> Starts:
        """Return how many people each of these skills has."""
        skills = np.minimum(skills, self.posting_starts.size - 2)  # see `people`
        return self.posting_starts[skills + 1] - self.posting_starts[skills]

    def people(self, skills: Ids) -> tuple[People, Starts]:
        """Return the people of these skills, skill after skill, and how many each of them has.

        Skills that are younger than the table are taken for its last one, which is nobody's: see `Segment.of`.
        """
        skills = np.minimum(skills, self.posting_starts.size - 2)
        firsts = self.posting_starts[skills]
        counts = self.posting_starts[skills + 1] - firsts
        total = int(counts.sum())
        if total <= LONG * skills.size:
            return self.postings[ranges(firsts, counts)], counts
        ends = (firsts + counts).tolist()
        slices = [self.postings[first:end] for first, end in zip(firsts.tolist(), ends, strict=True)]
        return np.concatenate(slices), counts

    def renumbered(self, new_ids: Ids, skills: int) -> Table:
        """Return the same people with other ids for their skills."""
        return Table.of(self.counts.astype(np.int32), new_ids[self.ids], skills)


@dataclass(frozen=True, slots=True)
class Segment:
    """Some people at one moment; only `is_alive` differs between copies.

    Attributes:
        uids: Who they are; positions are the people's numbers here.
        revs: Their revisions.
        offers: Their offers.
        needs: Their needs.
        facets: (name, value) -> people, ascending.
        numbers: uid -> number.
        is_alive: False for who is deleted or stands in a later segment.
    """

    uids: Sequence[str]
    revs: NDArray[np.int64]
    offers: Table
    needs: Table
    facets: Mapping[tuple[str, str], People]
    numbers: Mapping[str, int]
    is_alive: NDArray[np.bool_]

    @classmethod
    def of(cls, entries: Sequence[Entry], dictionary: Dictionary) -> Segment:
        """Build a segment of people whose skills the dictionary knows. One skill more than it has stays empty."""
        facets: dict[tuple[str, str], list[int]] = {}
        for number, entry in enumerate(entries):
            for name, values in entry.facets.items():
                for value in values:
                    facets.setdefault((name, value), []).append(number)

        def table(sides: Sequence[tuple[str, ...]]) -> Table:
            counts = np.fromiter(map(len, sides), np.int32, len(sides))
            ids = np.array(dictionary.ids(chain.from_iterable(sides)), np.int32)
            return Table.of(counts, ids, len(dictionary) + 1)

        uids = [entry.uid for entry in entries]
        return cls(
            uids=uids,
            revs=np.array([entry.rev for entry in entries], np.int64),
            offers=table([entry.offers for entry in entries]),
            needs=table([entry.needs for entry in entries]),
            facets={pair: np.array(people, np.int32) for pair, people in facets.items()},
            numbers=numbered(uids),
            is_alive=np.ones(len(uids), np.bool_),
        )

    def __len__(self) -> int:
        """How many people stand here, alive or not."""
        return len(self.uids)

    def find(self, uid: str) -> int | None:
        """Return the number of a person who is alive here."""
        number = self.numbers.get(uid)
        return number if number is not None and self.is_alive[number] else None

    def without(self, numbers: Sequence[int]) -> Segment:
        """Return the same people with some of them dead."""
        if not numbers:
            return self
        is_alive = self.is_alive.copy()
        is_alive[list(numbers)] = False
        return replace(self, is_alive=is_alive)

    def allowed(self, people: People, where: Where) -> People:
        """Return those of these people who are alive and whom a filter lets through."""
        fits = self.is_alive[people]
        for name, values in where.facets.items():
            has = np.zeros(len(self), np.bool_)
            for value in values:
                has[self.facets.get((name, value), [])] = True
            fits &= has[people]
        excluded = [number for uid in where.exclude if (number := self.find(uid)) is not None]
        if excluded:
            fits &= ~np.isin(people, excluded) if len(excluded) > 1 else people != excluded[0]
        allowed: People = people[fits]
        return allowed

    def renumbered(self, new_ids: Ids, skills: int) -> Segment:
        """Return the same people with other ids for their skills."""
        return replace(
            self, offers=self.offers.renumbered(new_ids, skills), needs=self.needs.renumbered(new_ids, skills)
        )


def merged(segments: Sequence[Segment], skills: int) -> Segment:
    """Return one segment of everybody who is alive in these, in their order.

    Args:
        segments: Older before newer.
        skills: How many skill ids there are, and one more that is nobody's.
    """
    living = [np.flatnonzero(segment.is_alive).astype(np.int32) for segment in segments]
    shifts = np.cumsum([0, *(alive.size for alive in living)])
    uids = list(chain.from_iterable(_take(one.uids, alive) for one, alive in zip(segments, living, strict=True)))

    def table(sides: Sequence[Table]) -> Table:
        parts = [side.rows(alive) for side, alive in zip(sides, living, strict=True)]
        counts = np.concatenate([counts for _, _, counts in parts]).astype(np.int32)
        return Table.of(counts, np.concatenate([ids for ids, _, _ in parts]), skills)

    facets: dict[tuple[str, str], list[People]] = {}
    for segment, alive, shift in zip(segments, living, shifts.tolist(), strict=False):
        new = np.full(len(segment), -1, np.int32)
        new[alive] = np.arange(shift, shift + alive.size, dtype=np.int32)
        for pair, people in segment.facets.items():
            moved = new[people]
            facets.setdefault(pair, []).append(moved[moved >= 0])
    return Segment(
        uids=uids,
        revs=np.concatenate([one.revs[alive] for one, alive in zip(segments, living, strict=True)]),
        offers=table([segment.offers for segment in segments]),
        needs=table([segment.needs for segment in segments]),
        facets={pair: np.concatenate(parts) for pair, parts in facets.items()},
        numbers=numbered(uids),
        is_alive=np.ones(len(uids), np.bool_),
    )


def numbered(uids: Sequence[str]) -> dict[str, int]:
    """Return the place of each uid."""
    return dict(zip(uids, range(len(uids)), strict=True))


def ranges(starts: Starts, counts: Starts) -> Starts:
    """Return starts[0], starts[0] + 1, ... (counts[0] of them), starts[1], ...: many slices as one index."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if ends.size else 0
    shifts: Starts = starts - ends + counts
    return np.arange(total) + np.repeat(shifts, counts)


def _starts(counts: Ids | Starts) -> Starts:
    starts = np.zeros(counts.size + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    return starts


def _take(uids: Sequence[str], people: People) -> Sequence[str]:
    return uids if people.size == len(uids) else [uids[person] for person in people.tolist()]
