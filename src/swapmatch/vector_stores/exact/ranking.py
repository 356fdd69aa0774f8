"""The best people of one segment for a seeker."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from swapmatch.scoring import DECIMALS
from swapmatch.vector_stores.exact.marks import DENSE, in_both

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from swapmatch.scoring import Scoring
    from swapmatch.vector_stores.exact.people import Segment, Spans
    from swapmatch.vector_stores.exact.question import Question, Sought
    from swapmatch.vector_stores.exact.rows import People, Starts

    Scores = NDArray[np.float64]

SLACK = 1e-5  # more than rounding can move a score
SHORT = 1_024  # people listed on a side from which choosing among them is worth its while
PLENTY = 4  # times as many people as are wanted: expected to reach the level that is tried first
FIRST_LOOK = 512  # of more people those scored before the rest is held against the worst of the best
FEW = 2_048  # people whom a filter lets through that are scored without asking what they have


class Ranked(NamedTuple):
    """One of the best."""

    score: float
    coverage: float
    uid: str
    segment: Segment
    person: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who may be returned from a segment, and how many are wanted.

    Attributes:
        fitting: Who has the facets asked for, ascending; None where none are.
        excluded: Whom never to return.
        limit: How many.
        worst: A score that so many others are known to reach; 0 where there are none.
    """

    fitting: People | None
    excluded: People
    limit: int
    worst: float


@dataclass(frozen=True, slots=True)
class Scored:
    """Some people with their scores and the sums of both coverages."""

    people: People
    scores: Scores
    coverages: Scores

    def last(self, wanted: Wanted) -> float:
        """Return what somebody must score to be among the first of these and of those found before."""
        if self.scores.size < wanted.limit:
            return wanted.worst
        return max(float(np.partition(self.scores, -wanted.limit)[-wanted.limit]), wanted.worst)

    def and_more(self, other: Scored) -> Scored:
        """Return these and the others."""
        return Scored(
            np.concatenate([self.people, other.people]),
            np.concatenate([self.scores, other.scores]),
            np.concatenate([self.coverages, other.coverages]),
        )


NOBODY = Scored(np.zeros(0, np.int32), np.zeros(0), np.zeros(0))


def best(ranked: Iterable[Ranked], limit: int) -> list[Ranked]:
    """Return the first `limit` of them, the best first."""
    return sorted(ranked, key=_order)[:limit]


def _order(one: Ranked) -> tuple[float, float, str]:
    return (-one.score, -one.coverage, one.uid)


def rank_matches(segment: Segment, question: Question, wanted: Wanted) -> list[Ranked]:
    """Return the best people for a seeker: at least those of the first `limit` who score above 0 and `worst`.

    Whoever scores at all offers a skill that a need meets, and needs a skill that an offer meets. Whoever scores as
    much as a level has such skills among those of enough relevance for it, on both sides (`Question.reach`), so these
    skills' posting lists are all that is read. The first level is one that enough people are expected to reach. If the
    last of the best scores more than anybody could without these skills, that is all; if not, their score is the level
    that suffices.
    """
    if wanted.fitting is not None and wanted.fitting.size <= FEW:
        people = segment.allowed(wanted.fitting, None, wanted.excluded)
        has_both = (segment.offers.counts_of(people) > 0) & (segment.needs.counts_of(people) > 0)
        return top_of(segment, _scores(segment, question, people[has_both]), wanted.limit)
    spans = _spans(segment, question, wanted.worst)
    level = wanted.worst or _first_level(len(segment), question, wanted, spans)
    while True:
        cuts = _cuts(question, level)
        found = _having(segment, question, wanted, spans, cuts)
        last = found.last(wanted)
        if last > question.left(cuts) or not level:
            return top_of(segment, found, wanted.limit)
        level, wanted = last or _next(level, question), replace(wanted, worst=last)


def _spans(segment: Segment, question: Question, level: float) -> tuple[Spans, Spans]:
    """Return where those stand who may score as much as a level: by the offers that reach it, and by the needs."""
    cuts = _cuts(question, level)
    offers, needs = question.receives.skills[: cuts[0]], question.gives.skills[: cuts[1]]
    return segment.offers.spans(offers), segment.needs.spans(needs)


def _cuts(question: Question, level: float) -> list[int]:
    """Return how many skills on each side somebody must have one of to score as much as a level."""
    return [int(np.searchsorted(-reach, SLACK - level, side="right")) for reach in question.reach]


def _first_level(size: int, question: Question, wanted: Wanted, spans: tuple[Spans, Spans]) -> float:
    """Return the highest level that enough people reach, as far as the lengths of posting lists tell."""
    if all(int(side.counts.sum()) <= SHORT for side in spans):
        return 0.0
    levels = question.levels
    reaching = [
        np.append(0, np.cumsum(side.counts, dtype=np.float64))[np.searchsorted(-reach, -levels, side="right")]
        for side, reach in zip(spans, question.reach, strict=True)
    ]
    fitting = size if wanted.fitting is None else wanted.fitting.size
    enough = np.flatnonzero(reaching[0] * reaching[1] * fitting >= PLENTY * wanted.limit * float(size) ** 2)
    return float(levels[enough[0]]) if enough.size else 0.0


def _next(level: float, question: Question) -> float:
    """Return the level to try where fewer people than wanted reach this one."""
    lower = question.levels[question.levels < level / 2]
    return float(lower[0]) if lower.size else 0.0


def _having(
    segment: Segment, question: Question, wanted: Wanted, spans: tuple[Spans, Spans], cuts: Sequence[int]
) -> Scored:
    """Score at least those who may be among the best of all who have one of the first so many skills on both sides."""
    offers, needs = _listed(question, spans, cuts)
    if not (offers.people.size and needs.people.size):
        return NOBODY
    few, many = sorted((offers.people, needs.people), key=len)
    people = segment.allowed(in_both(few, many, len(segment)), wanted.fitting, wanted.excluded)
    look = max(FIRST_LOOK, 2 * wanted.limit)
    if people.size <= look:
        return _scores(segment, question, people)
    # Those with the highest bounds first, then whoever else has a bound that reaches the last of the best.
    bounds = _bounds(segment, question, people, offers, needs)
    is_first = bounds >= max(np.partition(bounds, -look)[-look], wanted.worst)
    first = _scores(segment, question, people[is_first])
    last = first.last(wanted)
    rest = people[~is_first & (bounds >= last)]
    if rest.size > look:  # worth a second sum, over less relevant skills, too
        further = [max(cut, side.near) for cut, side in zip(cuts, (question.receives, question.gives), strict=True)]
        rest = rest[_bounds(segment, question, rest, *_listed(question, spans, further)) >= last]
    return first.and_more(_scores(segment, question, rest)) if rest.size else first


def _listed(question: Question, spans: tuple[Spans, Spans], cuts: Sequence[int]) -> tuple[Listed, Listed]:
    offers, needs = (side.first(cut) for side, cut in zip(spans, cuts, strict=True))
    return (
        Listed(offers.people(), offers.counts, question.receives),
        Listed(needs.people(), needs.counts, question.gives),
    )


@dataclass(frozen=True, slots=True)
class Listed:
    """The people of the first so many skills that one side of a seeker meets.

    Attributes:
        people: Skill after skill.
        counts: How many each skill has.
        sought: What the side meets.
    """

    people: People
    counts: Starts
    sought: Sought

    def bounds(self, people: People, needs: Starts, scoring: Scoring, size: int) -> Scores:
        """Return what the direction between the seeker and each of these people cannot exceed.

        No need is met better than all of the listed skills together would, nor, by the others, better than the most
        relevant skill that is not listed.

        Args:
            people: Who, ascending.
            needs: How many needs there are.
            scoring: The formula.
            size: How many people there are in all.
        """
        sought, top, cut = self.sought, self.sought.top, self.counts.size
        columns = sought.columns[sought.skills[:cut]]
        weights = np.repeat(sought.relevances[:, columns].sum(axis=0), self.counts)
        total = _sums(self.people, weights, people, size)
        unseen = float(sought.relevance[cut]) if cut < sought.relevance.size else 0.0
        return scoring.blend(np.minimum(total / needs + unseen, top), np.minimum(np.maximum(total, unseen), top))


def _bounds(segment: Segment, question: Question, people: People, offers: Listed, needs: Listed) -> Scores:
    """Return what these people cannot exceed: two sums bound everybody's score."""
    size, scoring = len(segment), question.scoring
    mine = np.full(people.size, len(question.receives.relevances))
    theirs = segment.needs.counts_of(people)
    return SLACK + scoring.fuse(offers.bounds(people, mine, scoring, size), needs.bounds(people, theirs, scoring, size))


def _scores(segment: Segment, question: Question, people: People) -> Scored:
    """Work out the formula for these people, each of whom has something on both sides."""
    if not people.size:
        return NOBODY
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
    return Scored(people, scores, np.round(received + gave, DECIMALS))


def _sums(listed: People, weights: Scores, people: People, size: int) -> Scores:
    """Return for each of some people, ascending, the sum of the weights under which they are listed."""
    if DENSE * listed.size > size:
        return np.bincount(listed, weights, size)[people].astype(np.float64, copy=False)
    places = np.searchsorted(people, listed).clip(max=people.size - 1)
    is_wanted = people[places] == listed
    return np.bincount(places[is_wanted], weights[is_wanted], people.size).astype(np.float64, copy=False)


def top_of(segment: Segment, found: Scored, limit: int) -> list[Ranked]:
    """Return the best `limit` of these people who score above 0."""
    scores, coverages = found.scores, found.coverages
    enough = scores > 0
    if scores.size > limit:
        enough &= scores >= np.partition(scores, -limit)[-limit]
    chosen = np.flatnonzero(enough)
    if chosen.size > limit:  # ties: coverage decides before uids are looked at
        order = chosen[np.lexsort((-coverages[chosen], -scores[chosen]))]
        last = order[limit - 1]
        behind = (scores[order] == scores[last]) & (coverages[order] < coverages[last])
        chosen = order[~behind]
    people = found.people[chosen].tolist()
    return best(
        map(Ranked, scores[chosen].tolist(), coverages[chosen].tolist(), map(segment.uids.__getitem__, people),
            [segment] * len(people), people),
        limit,
    )  # fmt: skip
