"""Cosine similarity -> relevance: the probability that two texts mean one skill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from swapmatch.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Relevance:
    """A logistic curve over the cosine; its constants belong to one encoder.

    The defaults are those of all-MiniLM-L6-v2, chosen on ESCO synonym pairs, survey people and time-bank listings
    (2026-11-22).

    Attributes:
        midpoint: The cosine at which two texts mean one skill in half of all cases.
        scale: How gradually the curve rises, in units of cosine; more than 0.
    """

    midpoint: float = 0.70
    scale: float = 0.08

    def __post_init__(self) -> None:
        """Refuse constants that give no rising curve."""
        if not (np.isfinite(self.midpoint) and np.isfinite(self.scale) and self.scale > 0):
            message = f"a relevance curve needs a finite midpoint and a scale above 0, not {self}"
            raise ConfigurationError(message)

    def __call__(self, similarity: NDArray[np.floating]) -> NDArray[np.float64]:
        """Relevance in [0, 1] of each cosine, in the shape given."""
        with np.errstate(over="ignore"):  # a steep curve is 0 far below its midpoint
            return 1.0 / (1.0 + np.exp(-(similarity.astype(np.float64) - self.midpoint) / self.scale))
