"""Choices that come out the same on every Python."""

import random
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """A seeded source of choices.

    Python promises the same sequence from one seed only for `Random.random()`, not for `choice`,
    `sample` or `shuffle`; so every choice here is made from that method, with weights that are
    whole numbers.
    """

    def __init__(self, seed: int) -> None:
        """Start at the seed."""
        self._random = random.Random(seed)

    def below(self, limit: int) -> int:
        """Return a whole number of 0 to `limit - 1`."""
        return int(self._random.random() * limit)

    def happens(self, percent: int) -> bool:
        """Return whether an event of this probability happens."""
        return self.below(100) < percent

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of the choices, each as likely as the others."""
        return choices[self.below(len(choices))]

    def weighted(self, weights: Sequence[int]) -> int:
        """Return the place of one of the weights, the heavier the likelier."""
        ends = list(accumulate(weights))
        return bisect_right(ends, self.below(ends[-1]))
