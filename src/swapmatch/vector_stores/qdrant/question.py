"""A seeker in the words of the skills they meet, what to ask Qdrant for them, and what nobody left out exceeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from swapmatch.ports import Candidate
from swapmatch.scoring import DECIMALS
from swapmatch.vector_stores.qdrant.points import BREADTH, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from swapmatch.models import Side
    from swapmatch.ports import Cosines
    from swapmatch.scoring import Scoring
    from swapmatch.vector_stores.qdrant.points import Person
    from swapmatch.vector_stores.qdrant.skills import Met

SLACK = 1e-5  # of a sum that the server adds up in 32 bits


@dataclass(frozen=True, slots=True)
class Sought:
    """What one side of a seeker meets. Columns stand for skills, the last one for all that it does not meet.

    Attributes:
        columns: The column of each skill, by key.
        cosines: Of each of the seeker's skills with each column, `(skills, columns)`; 0 where they do not meet.
        relevances: Of the same pairs.
    """

    columns: dict[str, int]
    cosines: Cosines
    relevances: NDArray[np.float64]

    @classmethod
    def of(cls, met: Sequence[Met], scoring: Scoring) -> Self:
        """Prepare what a side meets; `met` holds one mapping for each of its skills, at least one."""
        columns: dict[str, int] = {}
        for skills in met:
            for key in skills:
                columns.setdefault(key, len(columns))
        cosines = np.zeros((len(met), len(columns) + 1), np.float32)
        for row, skills in enumerate(met):
            cosines[row, [columns[key] for key in skills]] = list(skills.values())
        np.copyto(cosines, 0.0, where=np.less(cosines, scoring.floor))
        return cls(columns, cosines, scoring.relevances(cosines))

    def numbers(self, side: Side) -> list[int]:
        """Return the numbers of the skills that are met, as they stand on a side of people."""
        met = set(np.flatnonzero(self.cosines.max(axis=0)).tolist())
        return sorted({number(key, side) for key, column in self.columns.items() if column in met})

    def of_person(self, keys: Sequence[str]) -> Cosines:
        """Return the cosines of the seeker's skills with these, `(skills, keys)`."""
        return self.cosines[:, [self.columns.get(key, -1) for key in keys]]


@dataclass(frozen=True, slots=True)
class Question:
    """Both sides of a seeker, and the sum by which Qdrant orders people.

    `receives` is `b * mean + (1 - b) * max` over the seeker's needs of the highest relevance r among somebody's offers.
    A maximum is not more than a sum, so it is at most the sum over their offers k of
    `b * mean_i r(i, k) + (1 - b) * max_i r(i, k)`: what somebody would be worth who offers k alone.

    `gives` is likewise `b / t * sum + (1 - b) * max` over their t needs m of `g(m)`, the highest relevance among the
    seeker's offers: at most the sum over m of `(b / t + 1 - b) * g(m)`. The factor cannot be known before the person
    is; it is written with them for b = BREADTH (`need_weight`), and is at most `max(1, (1 - b) / (1 - BREADTH))` times
    that for any other b.

    Both sums are one dot product of sparse vectors, `receives + gives` at most. Every fusion is symmetric, grows with
    both, and for a given sum is highest where both are equal; so whoever has a sum of at most s scores no more than
    somebody with half of s each way, or as near to that as the best skills allow.

    Attributes:
        receives: What the seeker's needs meet, to be found among offers.
        gives: What the seeker's offers meet, to be found among needs.
        scoring: The formula.
    """

    receives: Sought
    gives: Sought
    scoring: Scoring

    def numbers(self) -> tuple[list[int], list[int]]:
        """Return the numbers of the offers, and of the needs, one of each of which everybody has who scores at all."""
        return self.receives.numbers("offers"), self.gives.numbers("needs")

    def weights(self) -> dict[int, float]:
        """Return the sparse vector that people are ordered by: index -> weight."""
        rows = self.receives.relevances
        received = self.scoring.blend(rows.mean(axis=0), rows.max(axis=0))
        given = self.gives.relevances.max(axis=0) * max(1.0, (1.0 - self.scoring.breadth) / (1.0 - BREADTH))
        weights: dict[int, float] = {}
        sides: tuple[tuple[Sought, NDArray[np.float64], Side], ...] = (
            (self.receives, received, "offers"),
            (self.gives, given, "needs"),
        )
        for sought, each, side in sides:
            for key, column in sought.columns.items():
                if each[column] > 0:
                    index = number(key, side)  # of skills that share one the sum: that bounds both
                    weights[index] = weights.get(index, 0.0) + float(each[column])
        return weights

    def bound(self, last: float) -> float:
        """Return what nobody scores more than whose sum is at most `last`."""
        rows = self.receives.relevances
        most_received = float(self.scoring.blend(rows.max(axis=1).mean(), rows.max()))
        most_given = float(self.gives.relevances.max())
        total = last + SLACK * (1.0 + last)
        receives = min(max(total / 2.0, total - most_given), most_received)
        return self._fused(receives, min(total - receives, most_given))

    def most(self) -> float:
        """Return what somebody scores who has the very skills that the seeker has."""
        best = float(self.scoring.relevances(np.ones(1))[0])
        return self._fused(best, best)

    def best(self, people: Sequence[Person], limit: int) -> tuple[tuple[Candidate, ...], float]:
        """Return the best of these people, and what the best of the others scores."""
        found = [self._candidate(person) for person in people if person.offers and person.needs]
        receives = self.scoring.directions([one.receives for one in found])
        gives = self.scoring.directions([one.gives for one in found])
        scores = self.scoring.fuse(receives.scores, gives.scores)
        coverages = np.round(receives.coverages + gives.coverages, DECIMALS)
        ranked = sorted(
            (-score, -coverage, one.uid, place)
            for place, (score, coverage, one) in enumerate(zip(scores.tolist(), coverages.tolist(), found, strict=True))
            if score > 0
        )
        left = -ranked[limit][0] if len(ranked) > limit else 0.0
        return tuple(found[place] for *_, place in ranked[:limit]), left

    def _candidate(self, person: Person) -> Candidate:
        receives, gives = self.receives.of_person(person.offers), self.gives.of_person(person.needs)
        return Candidate(person.uid, person.rev, receives=receives, gives=gives.T)

    def _fused(self, receives: float, gives: float) -> float:
        return float(self.scoring.fuse(np.array([receives]), np.array([gives]))[0])
