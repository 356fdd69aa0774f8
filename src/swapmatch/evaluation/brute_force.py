"""The formula once more, pair by pair in plain Python: what the exact index is held against.

It shares constants and the splitting of texts with the rest, and no code that computes a score: a mistake would have to
be made twice.
"""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

import numpy as np

from swapmatch import skills
from swapmatch.errors import ConfigurationError, InvalidProfileError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from swapmatch.evaluation.datasets import Dataset
    from swapmatch.ports import Encoder
    from swapmatch.scoring import Scoring


class BruteForce:
    """Scores everybody for one person by the formula.

    relevance(cos) = 1 / (1 + exp(-(cos - midpoint) / scale)), and 0 below the floor and beyond the seeker's skill's
    nearest neighbours; a direction = breadth * mean + (1 - breadth) * max over the needs of the best relevance among
    the offers; the score = 2ab / (a + b) of both directions.
    """

    def __init__(self, dataset: Dataset, encoder: Encoder, scoring: Scoring) -> None:
        """Embed every distinct skill.

        Raises:
            ConfigurationError: The fusion is not the harmonic mean.
        """
        if scoring.fusion != "harmonic":
            message = f"the brute force knows the harmonic mean only, not {scoring.fusion!r}"
            raise ConfigurationError(message)
        self._scoring = scoring
        sides = [_keys(offers, needs) for offers, needs in zip(dataset.offers, dataset.needs, strict=True)]
        self._offers = [offers for offers, _ in sides]
        self._needs = [needs for _, needs in sides]
        self._vocabulary = sorted({key for side in sides for keys in side for key in keys})
        self._vectors = encoder.encode(self._vocabulary).astype(np.float64)
        self._places = {key: place for place, key in enumerate(self._vocabulary)}
        self._met: dict[str, dict[str, float]] = {}

    def scores(self, person: int) -> NDArray[np.float64]:
        """Return everybody's score for a person, `(people,)`; 0 for themselves and for who cannot be stored."""
        wanted = [self._meets(need) for need in self._needs[person]]
        offered: dict[str, float] = {}
        for offer in self._offers[person]:
            for skill, relevance in self._meets(offer).items():
                offered[skill] = max(offered.get(skill, 0.0), relevance)
        scores = np.zeros(len(self._offers))
        for other, (offers, needs) in enumerate(zip(self._offers, self._needs, strict=True)):
            if other != person:
                receives = self._direction([_most(row, offers) for row in wanted])
                gives = self._direction([offered.get(need, 0.0) for need in needs])
                if receives > 0 and gives > 0:
                    scores[other] = 2 * receives * gives / (receives + gives)
        return scores

    def _direction(self, met: Sequence[float]) -> float:
        if not met:
            return 0.0
        breadth = self._scoring.breadth
        return breadth * (sum(met) / len(met)) + (1 - breadth) * max(met)

    def _meets(self, skill: str) -> dict[str, float]:
        """Return the relevance of the skills that this one meets."""
        if skill not in self._met:
            cosines = (self._vectors @ self._vectors[self._places[skill]]).tolist()
            nearest = sorted(range(len(cosines)), key=lambda place: (-cosines[place], place))
            self._met[skill] = {
                self._vocabulary[place]: self._relevance(cosines[place])
                for place in nearest[: self._scoring.neighbours]
                if cosines[place] >= self._scoring.floor
            }
        return self._met[skill]

    def _relevance(self, cosine: float) -> float:
        curve = self._scoring.relevance
        return 1 / (1 + exp(-(cosine - curve.midpoint) / curve.scale))


def _keys(offers: str, needs: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the skills of both sides; of who cannot be stored, none."""
    try:
        written = skills.split(offers), skills.split(needs)
    except InvalidProfileError:
        return (), ()
    return tuple(map(skills.key, written[0])), tuple(map(skills.key, written[1]))


def _most(row: Mapping[str, float], offers: Sequence[str]) -> float:
    return max((row.get(offer, 0.0) for offer in offers), default=0.0)
