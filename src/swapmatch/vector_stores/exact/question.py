"""A seeker in the words of the dictionary: which skills theirs meet, and how relevant each is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from swapmatch.ports import Cosines
    from swapmatch.scoring import Scoring
    from swapmatch.vector_stores.exact.neighbours import Met

    Ids = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Sought:
    """What one side of a seeker meets. Columns stand for skills; column 0 stands for all that it does not meet.

    Attributes:
        skills: Ids of the skills met, ascending; they are columns 1, 2, ...
        columns: For each skill id its column, `(skills of the dictionary,)`.
        cosines: Of each of the seeker's skills with each column, `(skills, columns)`; 0 where they do not meet.
        relevances: Of the same pairs.
        best: The highest relevance in each column, `(columns,)`.
    """

    skills: Ids
    columns: Ids
    cosines: Cosines
    relevances: NDArray[np.float64]
    best: NDArray[np.float64]

    @classmethod
    def of(cls, lists: Sequence[Met], size: int, scoring: Scoring) -> Sought:
        """Prepare what a side of a seeker meets.

        Args:
            lists: For each of the seeker's skills, at least one, what it meets.
            size: How many skills the dictionary has.
            scoring: Cosine -> relevance.
        """
        skills = np.unique(np.concatenate([met.ids for met in lists]))
        columns = np.zeros(size + 1, np.int32)
        columns[skills] = np.arange(1, skills.size + 1, dtype=np.int32)
        cosines = np.zeros((len(lists), skills.size + 1), np.float32)
        for row, met in zip(cosines, lists, strict=True):
            row[columns[met.ids]] = met.cosines
        relevances = scoring.relevances(cosines)
        return cls(skills, columns, cosines, relevances, relevances.max(axis=0))

    def beyond(self, cut: float) -> tuple[Ids, Ids]:
        """Return the skills of more relevance than this, and their columns."""
        columns = np.flatnonzero(self.best > cut)
        return self.skills[columns - 1], columns.astype(np.int32)


@dataclass(frozen=True, slots=True)
class Question:
    """Both sides of a seeker.

    Attributes:
        receives: What the seeker's needs meet, to be found among offers.
        gives: What the seeker's offers meet, to be found among needs.
        scoring: The formula.
    """

    receives: Sought
    gives: Sought
    scoring: Scoring
