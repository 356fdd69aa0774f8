"""How well people fit, from the cosines between their skills: the formula, once, as functions of arrays.

An index scores everybody it touches by the very functions with which the core scores the few that it returns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from swapmatch.errors import ConfigurationError
from swapmatch.fusion import FUSIONS, FusionName
from swapmatch.relevance import Relevance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

DECIMALS = 6  # scores closer than this are equal: cosines of two stores, or two orders of one sum, differ by 1e-7


@dataclass(frozen=True, slots=True)
class Directions:
    """How well the needs of some are met by the offers of others, one pair of people after the other.

    Attributes:
        scores: `breadth * coverage + (1 - breadth) * best`, in [0, 1], `(pairs,)`.
        coverages: Mean over the needs of the highest relevance among the offers, likewise.
        relevances: Of each pair of people the relevances `(needs, offers)`.
    """

    scores: NDArray[np.float64]
    coverages: NDArray[np.float64]
    relevances: tuple[NDArray[np.float64], ...]


@dataclass(frozen=True, slots=True)
class Scoring:
    """Everything that turns cosines into scores.

    The defaults were chosen on survey people, ESCO synonyms and time-bank listings together (2026-11-22); change one
    only with all three in hand.

    Attributes:
        relevance: Cosine -> probability that two texts mean one skill.
        floor: Cosines below this count as 0.
        neighbours: Each of the seeker's skills meets at most this many of the distinct skills nearest to it.
        breadth: Weight of how many needs are met against how well the best one is, in [0, 1].
        fusion: The name of the two-way mean.
    """

    relevance: Relevance = field(default_factory=Relevance)
    floor: float = 0.20
    neighbours: int = 256
    breadth: float = 0.5
    fusion: FusionName = "harmonic"

    def __post_init__(self) -> None:
        """Refuse what is no scoring."""
        if self.fusion not in FUSIONS:
            message = f"unknown fusion {self.fusion!r}: choose one of {', '.join(FUSIONS)}"
            raise ConfigurationError(message)
        if not 0.0 <= self.breadth <= 1.0:
            message = f"breadth must lie between 0 and 1, not {self.breadth}"
            raise ConfigurationError(message)
        if not 0.0 < self.floor < 1.0:
            message = f"floor must be a cosine above 0 and below 1, not {self.floor}"
            raise ConfigurationError(message)
        if self.neighbours < 1:
            message = f"neighbours must be at least 1, not {self.neighbours}"
            raise ConfigurationError(message)

    def relevances(self, similarities: NDArray[np.floating]) -> NDArray[np.float64]:
        """Relevance of each cosine, 0 below the floor, in the shape given."""
        return np.where(similarities < self.floor, 0.0, self.relevance(similarities))

    def blend(self, coverage: NDArray[np.float64], best: NDArray[np.float64]) -> NDArray[np.float64]:
        """One direction's score from its two parts; monotone in both."""
        return self.breadth * coverage + (1.0 - self.breadth) * best

    def directions(self, similarities: Sequence[NDArray[np.floating]]) -> Directions:
        """Score one direction between each of some pairs of people.

        Args:
            similarities: For each pair of people the cosines `(needs, offers)`, neither of them empty.
        """
        if not similarities:
            return Directions(scores=np.zeros(0), coverages=np.zeros(0), relevances=())
        needs = np.array([one.shape[0] for one in similarities])
        sizes = np.array([one.size for one in similarities])
        flat = self.relevances(np.concatenate([one.ravel() for one in similarities]))
        met = np.maximum.reduceat(flat, _starts(np.repeat(sizes // needs, needs)))
        coverages = np.add.reduceat(met, _starts(needs)) / needs
        best = np.maximum.reduceat(met, _starts(needs))
        parts = np.split(flat, np.cumsum(sizes)[:-1])
        return Directions(
            scores=self.blend(coverages, best),
            coverages=coverages,
            relevances=tuple(part.reshape(one.shape) for part, one in zip(parts, similarities, strict=True)),
        )

    def fuse(self, receives: NDArray[np.float64], gives: NDArray[np.float64]) -> NDArray[np.float64]:
        """Both directions -> the score, rounded to DECIMALS so that ties are ties."""
        return np.round(FUSIONS[self.fusion](receives, gives), DECIMALS)


def _starts(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.cumsum(lengths) - lengths
