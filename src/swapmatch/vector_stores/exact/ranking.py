"""The best people of one segment for a seeker."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from swapmatch.scoring import DECIMALS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from swapmatch.ports import Where
    from swapmatch.scoring import Scoring
    from swapmatch.vector_stores.exact.people import People, Segment
    from swapmatch.vector_stores.exact.question import Question

    Scores = NDArray[np.float64]

RELEVANT = 0.05  # relevance of the skills that are looked at first where people have much in common
SLACK = 1e-5  # more than rounding can move a score
DENSE = 4  # one in so many people listed from which a look at everybody beats sorting the list
FIRST_LOOK = 512  # of more people those scored before the rest is held against the worst of the best


@dataclass(frozen=True, slots=True)
class Ranked:
    """One of the best."""

    score: float
    coverage: float
    uid: str
    segment: Segment
    person: int

    @property
    def order(self) -> tuple[float, float, str]:
        """Sorts the best first, as the ports promise."""
        return (-self.score, -self.coverage, self.uid)


def best(ranked: Iterable[Ranked], limit: int) -> list[Ranked]:
    """Return the first `limit` of them, the best first."""
    return heapq.nsmallest(limit, ranked, key=lambda one: one.order)


def rank_matches(segment: Segment, question: Question, where: Where, *, limit: int, worst: float) -> list[Ranked]:
    """Return the best people for a seeker: at least those of the first `limit` who score above 0 and `worst`.

    Only people who offer a skill that a need meets, and need a skill that an offer meets, can score at all: the posting
    lists of these skills are all that is read. Where these lists name more people than there are, only the relevant
    skills are looked at first, and all of them only if somebody without a relevant one could still be among the best.

    Args:
        segment: The people.
        question: The seeker.
        where: Who may be returned.
        limit: How many are wanted.
        worst: A score that others are known to reach, as many as are wanted; 0 where there are none.
    """
    receives, gives, scoring = question.receives, question.gives, question.scoring
    touched = segment.offers.lengths(receives.skills).sum() + segment.needs.lengths(gives.skills).sum()
    if touched > len(segment):
        top = receives.best.max(), gives.best.max()
        beyond = scoring.fuse(np.array([RELEVANT, top[0]]), np.array([top[1], RELEVANT])).max() + SLACK
        found = _score(segment, question, where, limit=limit, worst=worst, cut=RELEVANT)
        if _last(found[1], limit, worst) >= beyond:
            return top_of(segment, *found, limit)
    return top_of(segment, *_score(segment, question, where, limit=limit, worst=worst, cut=0.0), limit)


def _score(
    segment: Segment, question: Question, where: Where, *, limit: int, worst: float, cut: float
) -> tuple[People, Scores, Scores]:
    """Score those who may be the best among all who have an offer and a need of more relevance than `cut`.

    Returns:
        The people, their scores and the sums of both coverages.
    """
    offered, offer_columns = question.receives.beyond(cut)
    needed, need_columns = question.gives.beyond(cut)
    offering, offer_lengths = segment.offers.people(offered)
    needing, need_lengths = segment.needs.people(needed)
    met, given = question.receives.relevances, question.gives.best
    relevant = np.where(met > cut, met, 0.0).sum(axis=0)

    def sums(people: People | None) -> tuple[Scores, Scores]:
        """Return how much each of these people, or everybody, has of what is needed, and needs of what is offered."""
        size = len(segment)
        return (
            _sums(offering, np.repeat(relevant[offer_columns], offer_lengths), people, size),
            _sums(needing, np.repeat(given[need_columns], need_lengths), people, size),
        )

    few = max(FIRST_LOOK, 2 * limit)
    if DENSE * (offering.size + needing.size) > len(segment):
        wanted, owed = sums(None)
        people = segment.allowed(np.flatnonzero((wanted > 0) & (owed > 0)).astype(np.int32), where)
        if people.size <= few:
            return (people, *_scores(segment, question, people))
        wanted, owed = wanted[people], owed[people]
    else:
        people = segment.allowed(_both(offering, needing, len(segment)), where)
        if people.size <= few:
            return (people, *_scores(segment, question, people))
        wanted, owed = sums(people)
    # No need is met better than all of their relevant offers together would, nor, by the others, better than `cut`:
    # two sums bound everybody's score.
    counts = segment.needs.starts[people + 1] - segment.needs.starts[people]
    bounds = SLACK + question.scoring.fuse(
        _bound(wanted, np.full(people.size, len(met)), met.max(), cut, question.scoring),
        _bound(owed, counts, given.max(), cut, question.scoring),
    )
    is_first = bounds >= max(np.partition(bounds, -few)[-few], worst)
    first = people[is_first]
    scores, coverages = _scores(segment, question, first)
    rest = people[~is_first & (bounds >= _last(scores, limit, worst))]
    if not rest.size:
        return first, scores, coverages
    more_scores, more_coverages = _scores(segment, question, rest)
    return (
        np.concatenate([first, rest]),
        np.concatenate([scores, more_scores]),
        np.concatenate([coverages, more_coverages]),
    )


def _last(scores: Scores, limit: int, worst: float) -> float:
    """Return what somebody must score to be among the first `limit` of these and of those found before."""
    return max(float(np.partition(scores, -limit)[-limit]), worst) if scores.size >= limit else worst


def _both(some: People, others: People, size: int) -> People:
    """Return who stands in both of two lists that may name somebody several times, ascending, of so many people."""
    is_in_some = np.zeros(size, np.bool_)
    is_in_some[some] = True
    return np.unique(others[is_in_some[others]])


def _scores(segment: Segment, question: Question, people: People) -> tuple[Scores, Scores]:
    """Work out the formula: return the score and the sum of both coverages of each of these people."""
    receives, gives, scoring = question.receives, question.gives, question.scoring
    ids, starts, _ = segment.offers.rows(people)
    each = np.maximum.reduceat(receives.relevances[:, receives.columns[ids]], starts, axis=1)
    received = each.mean(axis=0)
    ids, starts, counts = segment.needs.rows(people)
    given = gives.best[gives.columns[ids]]
    gave = np.add.reduceat(given, starts) / counts
    scores = scoring.fuse(
        scoring.blend(received, each.max(axis=0)), scoring.blend(gave, np.maximum.reduceat(given, starts))
    )
    return scores, np.round(received + gave, DECIMALS)


def _sums(listed: People, weights: Scores, people: People | None, size: int) -> Scores:
    """Return for each of some people, or for all, the sum of the weights under which they are listed.

    Args:
        listed: Who is listed, some of them several times.
        weights: The weight of each place in the list.
        people: Whose sums are wanted, ascending; None for everybody.
        size: How many people there are.
    """
    if people is not None:
        places = np.searchsorted(people, listed).clip(max=people.size - 1)
        is_wanted = people[places] == listed
        listed, weights, size = places[is_wanted].astype(np.int32), weights[is_wanted], people.size
    return np.bincount(listed, weights, size).astype(np.float64, copy=False)


def _bound(total: Scores, needs: NDArray[np.int64], top: float, cut: float, scoring: Scoring) -> Scores:
    """Return what a direction's score cannot exceed, where no relevance exceeds `top` and those up to `cut` are unseen.

    Args:
        total: Sum of the relevances seen between all needs and offers.
        needs: How many needs there are.
        top: The highest relevance of any two skills.
        cut: Up to which relevances were left out of the sum.
        scoring: The formula.
    """
    return scoring.blend(np.minimum(total / needs + cut, top), np.minimum(np.maximum(total, cut), top))


def top_of(segment: Segment, people: People, scores: Scores, coverages: Scores, limit: int) -> list[Ranked]:
    """Return the best `limit` of these people who score above 0."""
    enough = scores > 0
    if scores.size > limit:
        enough &= scores >= np.partition(scores, -limit)[-limit]
    chosen = np.flatnonzero(enough)
    if chosen.size > limit:  # ties: coverage decides before uids are looked at
        order = chosen[np.lexsort((-coverages[chosen], -scores[chosen]))]
        last = order[limit - 1]
        behind = (scores[order] == scores[last]) & (coverages[order] < coverages[last])
        chosen = order[~behind]
    found = (
        Ranked(float(scores[place]), float(coverages[place]), segment.uids[people[place]], segment, int(people[place]))
        for place in chosen.tolist()
    )
    return best(found, limit)
