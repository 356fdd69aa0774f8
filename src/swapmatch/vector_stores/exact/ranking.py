"""The best people of one segment, for a seeker or for a query."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from swapmatch.scoring import DECIMALS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from swapmatch.ports import Cosines
    from swapmatch.scoring import Scoring
    from swapmatch.vector_stores.exact.segment import People, Segment, Table

    Scores = NDArray[np.float64]

RELEVANT = 0.05  # relevance of the skills that are looked at first
SLACK = 1e-5  # more than rounding can move a score
FIRST_LOOK = 512  # people scored before the rest is held against the worst of the best


@dataclass(frozen=True, slots=True)
class Ranked:
    """One of the best: orders as the ports promise when sorted."""

    score: float
    coverage: float
    uid: str
    segment: Segment
    person: int

    @property
    def order(self) -> tuple[float, float, str]:
        """Sorts the best first."""
        return (-self.score, -self.coverage, self.uid)


def best(ranked: Iterable[Ranked], limit: int) -> list[Ranked]:
    """Return the first `limit` of them, the best first."""
    return heapq.nsmallest(limit, ranked, key=lambda one: one.order)


def rank_matches(
    segment: Segment,
    receives: Cosines,
    gives: Cosines,
    scoring: Scoring,
    *,
    limit: int,
    fits: NDArray[np.bool_],
) -> list[Ranked]:
    """Return the best people for a seeker: at least the first `limit` of those who score above 0.

    Works on the relevant skills alone at first. Only if somebody who has none of these could still be among the best
    does it start again with all skills.

    Args:
        segment: The people.
        receives: Cosines that count of the seeker's needs with each skill, `(needs, skills)`.
        gives: Likewise for the seeker's offers.
        scoring: The formula.
        limit: How many are wanted.
        fits: Who may be returned.
    """
    met = scoring.relevances(receives)
    given = scoring.relevances(gives).max(axis=0)  # my best offer for each skill that they may need
    elsewhere = np.array([RELEVANT, given.max()]), np.array([met.max(), RELEVANT])
    beyond = scoring.fuse(*elsewhere).max() + SLACK  # of who has no relevant offer, or no relevant need
    chosen, scores, coverages = _score(segment, met, given, scoring, limit=limit, fits=fits, cut=RELEVANT)
    if scores.size < limit or np.partition(scores, -limit)[-limit] < beyond:
        chosen, scores, coverages = _score(segment, met, given, scoring, limit=limit, fits=fits, cut=0.0)
    return _top(segment, chosen, scores, coverages, limit)


def _score(
    segment: Segment,
    met: Scores,
    given: Scores,
    scoring: Scoring,
    *,
    limit: int,
    fits: NDArray[np.bool_],
    cut: float,
) -> tuple[People, Scores, Scores]:
    """Score those who may be the best among all who have an offer and a need of more relevance than `cut`.

    Two sums over everybody touched bound each score from above; the formula itself is worked out for those with the
    highest bounds, and then for whoever else could still reach the worst of the best found.

    Returns:
        The people, their scores and the sums of both coverages.
    """
    wanted = segment.offers.sums(np.where(met > cut, met, 0.0).sum(axis=0))
    owed = segment.needs.sums(np.where(given > cut, given, 0.0))
    people = np.flatnonzero(fits & (wanted > 0) & (owed > 0))

    def score(chosen: People) -> tuple[People, Scores, Scores]:
        ids, starts = segment.offers.rows(chosen)
        each = np.maximum.reduceat(met[:, ids], starts, axis=1)
        received = each.mean(axis=0)
        ids, starts = segment.needs.rows(chosen)
        gave = np.add.reduceat(given[ids], starts) / segment.needs.counts[chosen]
        scores = scoring.fuse(
            scoring.blend(received, each.max(axis=0)),
            scoring.blend(gave, np.maximum.reduceat(given[ids], starts)),
        )
        return chosen, scores, np.round(received + gave, DECIMALS)

    few = max(FIRST_LOOK, 2 * limit)
    if people.size <= few:
        return score(people)
    # No need is met better than all of their relevant offers together would, nor, by the others, better than `cut`.
    bounds = SLACK + scoring.fuse(
        _bound(wanted[people], np.full(people.size, len(met)), met.max(), cut, scoring),
        _bound(owed[people], segment.needs.counts[people], given.max(), cut, scoring),
    )
    is_first = bounds >= np.partition(bounds, -few)[-few]
    first = score(people[is_first])
    is_open = ~is_first & (bounds >= np.partition(first[1], -limit)[-limit])
    if not is_open.any():
        return first
    rest = score(people[is_open])
    return (
        np.concatenate([first[0], rest[0]]),
        np.concatenate([first[1], rest[1]]),
        np.concatenate([first[2], rest[2]]),
    )


def rank_hits(segment: Segment, table: Table, cosines: Cosines, *, limit: int, fits: NDArray[np.bool_]) -> list[Ranked]:
    """Return the best people for a query: at least the first `limit` of those who score above 0.

    Args:
        segment: The people.
        table: The side that is searched.
        cosines: Of the query's rows with each skill, `(rows, skills)`.
        limit: How many are wanted.
        fits: Who may be returned.
    """
    people = np.flatnonzero(fits & (table.counts > 0))
    if not people.size:
        return []
    ids, starts = table.rows(people)
    total = np.zeros(people.size)
    for row in np.maximum(cosines, 0.0).astype(np.float64):
        total += np.maximum.reduceat(row[ids], starts)
    scores = np.minimum(total / len(cosines), 1.0).round(DECIMALS)
    return _top(segment, people, scores, np.zeros_like(scores), limit)


def _bound(total: Scores, needs: NDArray[np.int32], top: float, cut: float, scoring: Scoring) -> Scores:
    """Return what a direction's score cannot exceed, where no relevance exceeds `top` and those up to `cut` are unseen.

    Args:
        total: Sum of the relevances seen between all needs and offers.
        needs: How many needs there are.
        top: The highest relevance of any two skills.
        cut: Up to which relevances were left out of the sum.
        scoring: The formula.
    """
    return scoring.blend(np.minimum(total / needs + cut, top), np.minimum(np.maximum(total, cut), top))


def _top(segment: Segment, people: People, scores: Scores, coverages: Scores, limit: int) -> list[Ranked]:
    """Return the best `limit` and whoever ties with the last of them."""
    enough = scores > 0
    if scores.size > limit:
        enough &= scores >= np.partition(scores, scores.size - limit)[scores.size - limit]
    chosen = np.flatnonzero(enough)
    if chosen.size > limit:  # ties: coverage decides before uids are looked at
        order = chosen[np.lexsort((-coverages[chosen], -scores[chosen]))]
        last = order[limit - 1]
        behind = (scores[order] == scores[last]) & (coverages[order] < coverages[last])
        chosen = order[~behind]
    found = (
        Ranked(float(scores[i]), float(coverages[i]), segment.entries[people[i]].uid, segment, int(people[i]))
        for i in chosen
    )
    return best(found, limit)
