"""Two directions -> one score: the named two-way means.

Every fusion is symmetric, monotone in both arguments, lies between the smaller and the larger of them, and maps
[0, 1] x [0, 1] into [0, 1]. On speed-dating outcomes the harmonic mean told mutual interest best (AUC 0.827;
geometric 0.826, arithmetic 0.821, minimum 0.814), so it is the default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

FusionName = Literal["harmonic", "geometric", "minimum", "arithmetic"]


def harmonic(receives: Scores, gives: Scores) -> Scores:
    """2ab / (a + b), and 0 where either is 0."""
    total = receives + gives
    # A product of two tiny numbers may underflow: dividing first keeps the mean between both.
    share = np.divide(gives, total, out=np.zeros_like(total), where=total > 0)
    return 2.0 * receives * share


def geometric(receives: Scores, gives: Scores) -> Scores:
    """The square root of ab."""
    return np.sqrt(receives) * np.sqrt(gives)


def minimum(receives: Scores, gives: Scores) -> Scores:
    """The weaker direction."""
    return np.minimum(receives, gives)


def arithmetic(receives: Scores, gives: Scores) -> Scores:
    """(a + b) / 2, but 0 where either is 0: a one-sided gift is no swap."""
    return np.where((receives > 0) & (gives > 0), (receives + gives) / 2.0, 0.0)


FUSIONS: dict[FusionName, Callable[[Scores, Scores], Scores]] = {
    "harmonic": harmonic,
    "geometric": geometric,
    "minimum": minimum,
    "arithmetic": arithmetic,
}

assert set(FUSIONS) == set(get_args(FusionName))  # noqa: S101 - the type and the table are one list
