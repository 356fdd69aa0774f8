"""How good a ranking is, given the true value of everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Values = NDArray[np.float64]

TOLERANCE = 1e-5  # scores of two exact methods may differ by rounding


def ndcg_at(limit: int, *, found: Values, everybody: Values) -> float:
    """Return the normalised discounted cumulated gain of the first `limit` people found, 0 to 1.

    `DCG = sum of gain_i / log2(i + 1)` over the ranks i = 1..limit, divided by the DCG of the best ordering there is
    (Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4), 2002; with the
    discount from the first rank on that is usual today). The gain is the value itself, not a power of two. A short
    list is not excused: a missing person gains 0.

    Args:
        limit: How many ranks count, at least 1.
        found: The value of each person found, best rank first.
        everybody: The values of all who could have been found, in any order; the best ordering is theirs, so nothing
            that was never found is forgiven.

    Raises:
        ValueError: Nobody has a value above 0, so no ordering is better than another.
    """
    ideal = _discounted(np.sort(everybody)[::-1][:limit])
    if ideal <= 0:
        message = "nobody has a value above 0: there is no best ordering"
        raise ValueError(message)
    return _discounted(found[:limit]) / ideal


def recall_at(limit: int, *, found: Values, everybody: Values) -> float | None:
    """Return which share of the exact first `limit` was found among the first `limit`, 0 to 1.

    Whoever scores as high as the last of the exact first ones counts as one of them, so it does not matter in which
    order ties are broken (as Aumüller, Bernhardsson and Faithfull define recall by the distance of the k-th
    neighbour: "ANN-Benchmarks", Information Systems 87, 2020). People who score 0 are no results: where fewer than
    `limit` score above it, the share is of these.

    Args:
        limit: How many ranks count, at least 1.
        found: The exact score of each person found, best rank first.
        everybody: The exact scores of all who could have been found, in any order.

    Returns:
        The share, or None where nobody scores above 0.
    """
    first = np.sort(everybody[everybody > 0])[::-1][:limit]
    if not first.size:
        return None
    as_good = (found[:limit] >= first[-1] - TOLERANCE) & (found[:limit] > 0)
    return min(1.0, int(np.count_nonzero(as_good)) / first.size)


def share_without_result(rankings: Sequence[Sequence[int]]) -> float:
    """Return the share of rankings that name nobody at all, 0 to 1.

    Args:
        rankings: One a person, at least one.
    """
    return sum(not ranking for ranking in rankings) / len(rankings)


def _discounted(gains: Values) -> float:
    return float(np.sum(gains / np.log2(np.arange(2, gains.size + 2))))
