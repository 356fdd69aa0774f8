"""The best people for a query."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from swapmatch.ports import Hit
from swapmatch.scoring import DECIMALS
from swapmatch.vector_stores.qdrant.points import fitting, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from swapmatch.models import Side
    from swapmatch.ports import Vectors, Where
    from swapmatch.vector_stores.qdrant.people import People
    from swapmatch.vector_stores.qdrant.points import Person
    from swapmatch.vector_stores.qdrant.skills import Met, Skills

NEAREST = 256  # skills a row of the query that are looked at first
WIDER = 8  # times as many with each further look
MOST = 16_384  # skills a row, so that a query costs no more than that
UNKNOWN = -2.0  # in place of a cosine


class Scored(NamedTuple):
    """Somebody with the cosines of their skills with each row of a query, `(rows, skills)`."""

    score: float
    person: Person
    cosines: NDArray[np.float64]


def best_hits(
    skills: Skills, people: People, query: Vectors, side: Side, *, limit: int, reach: int, where: Where
) -> list[Hit]:
    """Return who fits a query best, as VectorStore.search does.

    Looks at the people of the nearest skills of each row, at more skills while somebody who has none of these could
    still be among the best, and at no more than the `reach` people with the highest sums of cosines each time.
    """
    nearest = NEAREST
    while True:
        met = skills.nearest(query, limit=nearest)
        lowest = np.array([min(row.values(), default=0.0) for row in met])
        is_whole = all(len(row) < nearest for row in met)
        beyond = 0.0 if is_whole else float(np.maximum(lowest, 0.0).mean())
        scored = _scored(_found(people, met, side, reach, where), met, side)
        ranked = _ranked(_known(skills, query, scored, lowest, side=side, limit=limit))
        is_done = len(ranked) >= limit and ranked[limit - 1].score >= beyond
        if is_done or is_whole or nearest >= MOST:
            return [_hit(one, side) for one in ranked[:limit]]
        nearest *= WIDER


def _found(people: People, met: Sequence[Met], side: Side, reach: int, where: Where) -> list[Person]:
    weights: dict[int, float] = {}
    for row in met:
        for key, cosine in row.items():
            if cosine > 0:
                index = number(key, side)
                weights[index] = weights.get(index, 0.0) + cosine
    return people.find(weights, fitting(where), limit=reach)[0] if weights else []


def _scored(found: Sequence[Person], met: Sequence[Met], side: Side) -> list[Scored]:
    scored = []
    for person in found:
        keys: tuple[str, ...] = getattr(person, side)
        if keys:  # a point that was tampered with may be found by skills that it does not name
            cosines = np.array([[row.get(key, UNKNOWN) for key in keys] for row in met])
            scored.append(Scored(_score(cosines), person, cosines))
    return scored


def _score(cosines: NDArray[np.float64]) -> float:
    return round(float(np.clip(cosines.max(axis=1), 0.0, 1.0).mean()), DECIMALS)


def _known(
    skills: Skills, query: Vectors, scored: Sequence[Scored], lowest: NDArray[np.float64], *, side: Side, limit: int
) -> list[Scored]:
    """Return these with every cosine that matters: a row of which no skill of theirs is among the nearest is looked up.

    Only for those who may be among the best: nobody gains more by such a row than its lowest cosine.
    """
    most = [
        one.score + float(np.maximum(lowest, 0.0)[one.cosines.max(axis=1) == UNKNOWN].sum()) / len(lowest)
        for one in scored
    ]
    worst = sorted((one.score for one in scored), reverse=True)[limit - 1] if len(scored) >= limit else 0.0
    chosen = [one for one, could in zip(scored, most, strict=True) if could >= worst - 10.0**-DECIMALS]
    unknown = [one for one in chosen if (one.cosines.max(axis=1) == UNKNOWN).any()]
    vectors = skills.vectors({key for one in unknown for key in getattr(one.person, side)})
    for one in unknown:
        for column, key in enumerate(getattr(one.person, side)):
            if key in vectors:
                one.cosines[:, column] = query @ vectors[key]
    return [one._replace(score=_score(one.cosines)) for one in chosen]


def _ranked(scored: Sequence[Scored]) -> list[Scored]:
    return sorted((one for one in scored if one.score > 0), key=lambda one: (-one.score, one.person.uid))


def _hit(one: Scored, side: Side) -> Hit:
    nearest = tuple(map(int, one.cosines.argmax(axis=1)))
    return Hit(one.person.uid, one.person.rev, side, one.score, nearest)
