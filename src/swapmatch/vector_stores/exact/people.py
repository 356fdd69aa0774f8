"""People as arrays: the skills of each person, the people of each skill, and their facets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial, reduce
from itertools import chain
from typing import TYPE_CHECKING, Self

import numpy as np

from swapmatch.vector_stores.exact.dictionary import renumbering
from swapmatch.vector_stores.exact.marks import distinct, is_in
from swapmatch.vector_stores.exact.rows import concatenated, ranges, starts_of
from swapmatch.vector_stores.exact.texts import Texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from swapmatch.ports import Entry, Where
    from swapmatch.vector_stores.exact.rows import Ids, People, Starts
    from swapmatch.vector_stores.exact.texts import Hashed

    Numbers = Callable[[Iterable[str]], list[int]]  # keys -> ids

LONG = 64  # people an id from which copying slices beats gathering by index
SPARSE = 4  # times as many ids as a table names from which the table keeps the list of those it names


@dataclass(frozen=True, slots=True)
class Spans:
    """Where the people of some ids stand in a table.

    Attributes:
        postings: People, id after id.
        firsts: Where those of each id begin.
        counts: How many each has.
    """

    postings: People
    firsts: Starts
    counts: Starts

    def first(self, count: int) -> Spans:
        """Return the same of the first so many ids."""
        return self if count >= self.counts.size else Spans(self.postings, self.firsts[:count], self.counts[:count])

    def people(self) -> People:
        """Return the people of these ids, id after id."""
        firsts, counts = self.firsts, self.counts
        if int(counts.sum()) <= LONG * counts.size:
            return self.postings[ranges(firsts, counts)]
        ends = (firsts + counts).tolist()
        slices = [self.postings[first:end] for first, end in zip(firsts.tolist(), ends, strict=True)]
        return concatenated(slices, np.int32)


@dataclass(frozen=True, slots=True)
class Table:
    """What everybody has of one thing: ids a person, and people an id, each as offsets into one flat array.

    Attributes:
        starts: Where each person's ids begin in `ids`, `(people + 1,)`.
        ids: In the order of the entries, person after person.
        named: The ids that anybody here has, ascending, where these are few; empty where all have a place.
        posting_starts: Where the people of each of these, or of each id, begin in `postings`; the last is nobody's.
        postings: People, ascending within an id.
    """

    starts: Starts
    ids: Ids
    named: Ids
    posting_starts: Starts
    postings: People

    @classmethod
    def of(cls, counts: NDArray[np.integer], ids: Ids, size: int) -> Self:
        """Build both directions.

        Args:
            counts: How many ids each person has.
            ids: These ids, person after person.
            size: How many ids there are.
        """
        people = np.repeat(np.arange(counts.size, dtype=np.int32), counts)
        postings = people[np.argsort(ids, kind="stable")]
        if size <= SPARSE * ids.size:
            named, lengths = np.zeros(0, np.int32), np.bincount(ids, minlength=size)
        else:
            named, lengths = np.unique(ids, return_counts=True)
        return cls(starts_of(counts), ids, named, starts_of(np.append(lengths, 0)), postings)

    @property
    def counts(self) -> Starts:
        """How many ids each person has."""
        return np.diff(self.starts)

    def counts_of(self, people: People) -> Starts:
        """Return how many ids each of these people has."""
        return self.starts[people + 1] - self.starts[people]

    def of_person(self, person: int) -> Ids:
        """Return the ids of one person, in the order of the entry."""
        return self.ids[self.starts[person] : self.starts[person + 1]]

    def rows(self, people: People) -> tuple[Ids, Starts, Starts]:
        """Return the ids of these people one after the other, where each of them begins, and how many each has."""
        counts = self.counts_of(people)
        return self.ids[ranges(self.starts[people], counts)], np.cumsum(counts) - counts, counts

    def spans(self, ids: Ids) -> Spans:
        """Return where the people of these ids stand; of what nobody here has, also of what is younger, nowhere."""
        last = self.posting_starts.size - 2
        if self.named.size:
            places = np.searchsorted(self.named, ids)
            places[self.named[np.minimum(places, last - 1)] != ids] = last
        else:
            places = np.minimum(ids, last)
        firsts = self.posting_starts[places]
        return Spans(self.postings, firsts, self.posting_starts[places + 1] - firsts)

    def renumbered(self, new_ids: Ids, size: int) -> Table:
        """Return the same people with other ids, of so many."""
        return Table.of(self.counts, new_ids[self.ids], size)


@dataclass(frozen=True, slots=True)
class Segment:
    """Some people at one moment; only `is_alive` differs between copies.

    Attributes:
        uids: Who they are; places are the people's numbers here.
        revs: Their revisions.
        offers: Skills by person.
        needs: Likewise.
        facets: Facets by person.
        is_alive: False for who is deleted or stands in a later segment.
    """

    uids: Texts
    revs: NDArray[np.int64]
    offers: Table
    needs: Table
    facets: Table
    is_alive: NDArray[np.bool_]

    @classmethod
    def of(
        cls, entries: Sequence[Entry], uids: Hashed, *, skills: tuple[Numbers, int], facets: tuple[Numbers, int]
    ) -> Self:
        """Build a segment.

        Args:
            entries: Who stands in it.
            uids: Theirs.
            skills: Gives the ids of keys, and how many there are.
            facets: Likewise.
        """

        def table(sides: Sequence[Sequence[str]], numbers: Numbers, size: int) -> Table:
            counts = np.fromiter(map(len, sides), np.int32, len(sides))
            return Table.of(counts, np.array(numbers(chain.from_iterable(sides)), np.int32), size)

        return cls(
            uids=Texts.of(uids),
            revs=np.array([entry.rev for entry in entries], np.int64),
            offers=table([entry.offers for entry in entries], *skills),
            needs=table([entry.needs for entry in entries], *skills),
            facets=table([facet_keys(entry.facets) for entry in entries], *facets),
            is_alive=np.ones(len(entries), np.bool_),
        )

    def __len__(self) -> int:
        """How many people stand here, alive or not."""
        return len(self.revs)

    def find(self, uids: Hashed) -> People:
        """Return the number of each of these who is alive here, and -1 for the others."""
        numbers = self.uids.find(uids)
        is_here = numbers >= 0
        is_here[is_here] = self.is_alive[numbers[is_here]]
        numbers[~is_here] = -1
        return numbers

    def without(self, numbers: People) -> Segment:
        """Return the same people with some of them dead."""
        if not numbers.size:
            return self
        is_alive = self.is_alive.copy()
        is_alive[numbers] = False
        return replace(self, is_alive=is_alive)

    def fitting(self, where: Where, facet_ids: Mapping[str, int]) -> People | None:
        """Return, ascending, who has the facets that a filter asks for, or None where it asks for none."""
        found: list[People] = []
        for name, values in where.facets.items():
            known = [facet_ids[key] for key in facet_keys({name: values}) if key in facet_ids]
            people = self.facets.spans(np.array(known, np.int32)).people()
            found.append(people if len(known) <= 1 else distinct(people))
        return reduce(partial(np.intersect1d, assume_unique=True), sorted(found, key=len)) if found else None

    def allowed(self, people: People, fitting: People | None, excluded: People) -> People:
        """Return those of these people who are alive, among the fitting, and not excluded; all ascending."""
        if fitting is not None:
            people = people[is_in(people, fitting, len(self))]
        is_allowed = self.is_alive[people]
        if excluded.size:
            is_allowed &= ~is_in(people, excluded, len(self))
        allowed: People = people[is_allowed]
        return allowed

    def with_skills(self, new_ids: Ids) -> Segment:
        """Return the same people with other ids for their skills: the new one of each old one."""
        size = int(np.count_nonzero(new_ids >= 0))
        return replace(self, offers=self.offers.renumbered(new_ids, size), needs=self.needs.renumbered(new_ids, size))

    def with_named_facets(self, size: int) -> tuple[Segment, Ids]:
        """Return the same people without ids for facets that none of them has, and the old ids of the others.

        Args:
            size: How many ids there were.
        """
        named = np.flatnonzero(np.bincount(self.facets.ids, minlength=size)).astype(np.int32)
        if named.size == size:
            return self, named
        return replace(self, facets=self.facets.renumbered(renumbering(named, size), named.size)), named


def facet_keys(facets: Mapping[str, Iterable[str]]) -> list[str]:
    """Return one text for each name and value, never the same for two pairs."""
    if not facets:
        return []  # as most have none
    return list(dict.fromkeys(f"{len(name)}:{name}{value}" for name, values in facets.items() for value in values))


def merged(segments: Sequence[Segment], *, skills: int, facets: int) -> Segment:
    """Return one segment of everybody who is alive in these, in their order.

    Args:
        segments: Older before newer.
        skills: How many skill ids there are.
        facets: How many facet ids there are.
    """
    if len(segments) == 1 and segments[0].is_alive.all():
        return segments[0]
    living = [np.flatnonzero(segment.is_alive).astype(np.int32) for segment in segments]

    def table(sides: Sequence[Table], size: int) -> Table:
        parts = [side.rows(alive) for side, alive in zip(sides, living, strict=True)]
        counts = np.concatenate([counts for _, _, counts in parts])
        return Table.of(counts, concatenated([ids for ids, _, _ in parts], np.int32), size)

    return Segment(
        uids=Texts.joined([one.uids.take(alive) for one, alive in zip(segments, living, strict=True)]),
        revs=np.concatenate([one.revs[alive] for one, alive in zip(segments, living, strict=True)]),
        offers=table([segment.offers for segment in segments], skills),
        needs=table([segment.needs for segment in segments], skills),
        facets=table([segment.facets for segment in segments], facets),
        is_alive=np.ones(sum(alive.size for alive in living), np.bool_),
    )
