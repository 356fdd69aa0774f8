"""Everything a reader needs, and the two questions answered from it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from swapmatch.ports import Candidate, Candidates, Hit, SeekerSide
from swapmatch.vector_stores.exact.neighbours import Neighbours
from swapmatch.vector_stores.exact.question import Question, Sought
from swapmatch.vector_stores.exact.ranking import NOBODY, Ranked, Wanted, best, rank_matches
from swapmatch.vector_stores.exact.rows import concatenated
from swapmatch.vector_stores.exact.searching import rank_hits
from swapmatch.vector_stores.exact.texts import Hashed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from swapmatch.models import Side
    from swapmatch.ports import Cosines, Seeker, Vectors, Where
    from swapmatch.scoring import Scoring
    from swapmatch.vector_stores.exact.dictionary import DictionaryView
    from swapmatch.vector_stores.exact.people import Segment
    from swapmatch.vector_stores.exact.rows import Ids

SPARE = 8  # people to exclude who are looked for and dropped rather than looked up


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The index at one moment; never changes.

    Attributes:
        dictionary: The distinct skills.
        facets: The id of each facet; may be ahead of the segments.
        neighbours: Which skills each of them meets: a cache, right for whatever view it is asked with.
        segments: Everybody, older before newer; whoever is alive in one is dead in the others.
    """

    dictionary: DictionaryView
    facets: Mapping[str, int]
    neighbours: Neighbours
    segments: tuple[Segment, ...]

    def search(self, query: Vectors, side: Side, *, limit: int, where: Where) -> list[Hit]:
        """See VectorStore.search."""
        if not len(self.dictionary):
            return []
        cosines = self.dictionary.cosines(query)
        positive = np.maximum(cosines, 0.0)
        ranked: list[Ranked] = []
        for segment in self.segments:
            table = segment.offers if side == "offers" else segment.needs
            ranked += rank_hits(segment, table, positive, self._wanted(segment, where, limit=limit + SPARE))
        ranked = [one for one in best(ranked, limit + SPARE) if one.uid not in where.exclude]
        return [_hit(one, cosines, side) for one in ranked[:limit]]

    def candidates(self, seeker: Seeker, scoring: Scoring, *, limit: int, where: Where) -> Candidates:
        """See ExactVectorStore.candidates."""
        if not (len(self.dictionary) and seeker.needs.keys and seeker.offers.keys):
            return Candidates(items=(), bound=0.0)
        question = self._question(seeker, scoring)
        most = limit + 1 + (len(where.exclude) if len(where.exclude) <= SPARE else 0)
        first: list[Ranked] = []
        for segment in sorted(self.segments, key=len, reverse=True):
            worst = first[-1].score if len(first) == most else 0.0
            wanted = self._wanted(segment, where, limit=most, worst=worst)
            first = best([*first, *rank_matches(segment, question, wanted)], most)
        first = [one for one in first if one.uid not in where.exclude]
        bound = first[limit].score if len(first) > limit else 0.0
        return Candidates(items=_candidates(first[:limit], question), bound=max(bound, question.overlooked))

    def _question(self, seeker: Seeker, scoring: Scoring) -> Question:
        neighbours, dictionary = self.neighbours, self.dictionary
        if not neighbours.fit(scoring):
            neighbours = Neighbours(floor=scoring.floor, limit=scoring.neighbours)

        # Both sides at once: skills that nobody has are compared with all others, which is read once for all of them.
        sides = seeker.needs, seeker.offers
        asked = SeekerSide(
            tuple(chain.from_iterable(side.keys for side in sides)), np.concatenate([side.vectors for side in sides])
        )
        lists, needs = neighbours.of(asked, dictionary), len(seeker.needs.keys)
        receives, gives = (Sought.of(some, len(dictionary), scoring) for some in (lists[:needs], lists[needs:]))
        return Question.of(receives, gives, scoring)

    def _wanted(self, segment: Segment, where: Where, *, limit: int, worst: float = 0.0) -> Wanted:
        fitting = segment.fitting(where, self.facets) if where.facets else None
        excluded = NOBODY.people
        if len(where.exclude) > SPARE:
            excluded = np.sort(segment.find(Hashed.of(where.exclude)))
            excluded = excluded[excluded >= 0]
        return Wanted(fitting, excluded, limit, worst)


def _candidates(ranked: Sequence[Ranked], question: Question) -> tuple[Candidate, ...]:
    offers = _cosines([one.segment.offers.of_person(one.person) for one in ranked], question.receives)
    needs = _cosines([one.segment.needs.of_person(one.person) for one in ranked], question.gives)
    return tuple(
        Candidate(uid=one.uid, rev=int(one.segment.revs[one.person]), receives=receives, gives=gives.T)
        for one, receives, gives in zip(ranked, offers, needs, strict=True)
    )


def _cosines(sides: Sequence[Ids], sought: Sought) -> Iterator[Cosines]:
    """Yield the cosines of the seeker's skills with each person's, looked up all at once."""
    cosines = sought.cosines[:, sought.columns[concatenated(sides, np.int32)]]
    end = 0
    for ids in sides:
        start, end = end, end + ids.size
        yield cosines[:, start:end]


def _hit(ranked: Ranked, cosines: Cosines, side: Side) -> Hit:
    segment, person = ranked.segment, ranked.person
    table = segment.offers if side == "offers" else segment.needs
    nearest = cosines[:, table.of_person(person)].argmax(axis=1)
    return Hit(ranked.uid, int(segment.revs[person]), side, ranked.score, tuple(map(int, nearest)))
