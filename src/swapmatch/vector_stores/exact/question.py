"""A seeker in the words of the dictionary: which skills theirs meet, and how relevant each is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from swapmatch.ports import Cosines
    from swapmatch.scoring import Scoring
    from swapmatch.vector_stores.exact.neighbours import Met
    from swapmatch.vector_stores.exact.rows import Ids

LEVELS = np.array([0.95, 0.85, 0.7, 0.55, 0.4, 0.3, 0.2, 0.1, 0.05, 0.02])  # of the highest score possible
RELEVANT = 0.05
IDENTICAL = np.ones(1)  # the cosine of a skill that may have been overlooked


@dataclass(frozen=True, slots=True)
class Sought:
    """What one side of a seeker meets. Columns stand for skills; column 0 stands for all that it does not meet.

    Attributes:
        skills: Ids of the skills met, the most relevant first.
        relevance: Of each of these the highest, descending.
        columns: For each skill id its column, `(skills of the dictionary,)`.
        cosines: Of each of the seeker's skills with each column, `(skills, columns)`; 0 where they do not meet.
        relevances: Of the same pairs.
        best: The highest relevance in each column, `(columns,)`.
        is_whole: Whether no skill that belongs here may have been overlooked.
    """

    skills: Ids
    relevance: NDArray[np.float64]
    columns: NDArray[np.unsignedinteger]
    cosines: Cosines
    relevances: NDArray[np.float64]
    best: NDArray[np.float64]
    is_whole: bool

    @classmethod
    def of(cls, lists: Sequence[Met], size: int, scoring: Scoring) -> Self:
        """Prepare what a side of a seeker meets.

        Args:
            lists: For each of the seeker's skills, at least one, what it meets.
            size: How many skills the dictionary has.
            scoring: Cosine -> relevance.
        """
        counts = [met.ids.size for met in lists]
        ids = np.concatenate([met.ids for met in lists])
        given = np.concatenate([met.cosines for met in lists])
        relevant = scoring.relevances(given)
        order = np.argsort(-relevant, kind="stable")
        ids, given, relevant = ids[order], given[order], relevant[order]
        numbers = np.arange(1, ids.size + 1)
        columns = np.zeros(size, np.min_scalar_type(ids.size))
        columns[ids[::-1]] = numbers[::-1]  # of a skill that several meet the most relevant stays
        at = np.repeat(np.arange(len(lists)), counts)[order], columns[ids]
        cosines = np.zeros((len(lists), ids.size + 1), np.float32)
        cosines[at] = given
        relevances = np.zeros(cosines.shape)
        relevances[at] = relevant
        is_first = at[1] == numbers
        return cls(
            skills=ids[is_first],
            relevance=relevant[is_first],
            columns=columns,
            cosines=cosines,
            relevances=relevances,
            best=relevances.max(axis=0),
            is_whole=all(met.is_whole for met in lists),
        )

    @property
    def near(self) -> int:
        """How many of the skills met are of some relevance."""
        return int(np.count_nonzero(self.relevance > RELEVANT))

    @property
    def top(self) -> float:
        """The highest relevance."""
        return float(self.relevance[0]) if self.relevance.size else 0.0


@dataclass(frozen=True, slots=True)
class Question:
    """Both sides of a seeker.

    Attributes:
        receives: What the seeker's needs meet, to be found among offers.
        gives: What the seeker's offers meet, to be found among needs.
        reach: For each skill of `receives`, and for each of `gives`, what nobody can exceed who has only this skill
            and less relevant ones there, and the very best on the other side; descending.
        scoring: The formula.
        overlooked: What somebody can score at most by a skill that was overlooked; 0 where none can have been.
    """

    receives: Sought
    gives: Sought
    reach: tuple[NDArray[np.float64], NDArray[np.float64]]
    scoring: Scoring
    overlooked: float

    @property
    def levels(self) -> NDArray[np.float64]:
        """Scores to aim at, descending."""
        levels: NDArray[np.float64] = LEVELS * max(float(side.max(initial=0.0)) for side in self.reach)
        return levels

    def left(self, cuts: Sequence[int]) -> float:
        """Return what nobody can exceed who lacks the first so many skills of one side or the other."""
        return max(float(side[cut]) if cut < side.size else 0.0 for side, cut in zip(self.reach, cuts, strict=True))

    @classmethod
    def of(cls, receives: Sought, gives: Sought, scoring: Scoring) -> Self:
        """Put both sides together."""
        tops = np.array([receives.top, gives.top])
        reach = (
            scoring.fuse(receives.relevance, np.full(receives.skills.size, tops[1])),
            scoring.fuse(np.full(gives.skills.size, tops[0]), gives.relevance),
        )
        overlooked = 0.0
        if not (receives.is_whole and gives.is_whole):
            most = scoring.relevances(IDENTICAL)
            sides = [top if side.is_whole else most for side, top in zip((receives, gives), tops, strict=True)]
            overlooked = float(scoring.fuse(*map(np.atleast_1d, sides))[0])
        return cls(receives, gives, reach, scoring, overlooked)
