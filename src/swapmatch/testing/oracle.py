"""The matching formula once more, in plain loops: what every index is held against.

It shares constants and data types with the rest of swapmatch, but no code that computes: a mistake
would have to be made twice.
"""

from __future__ import annotations

from math import exp, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from swapmatch.scoring import Scoring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from swapmatch.ports import Cosines, Entry, Seeker, SeekerSide, Vector, Vectors

DECIMALS = 6

_FUSIONS: dict[str, Callable[[float, float], float]] = {
    "harmonic": lambda a, b: 2 * a * b / (a + b),
    "geometric": lambda a, b: sqrt(a * b),
    "minimum": min,
    "arithmetic": lambda a, b: (a + b) / 2,
}

Met = dict[str, float]  # the skills that a seeker's skill meets, by key, with their cosines


class OracleMatch(NamedTuple):
    """Somebody with whom a swap works both ways, best first.

    Attributes:
        uid: Who it is. score: Both directions fused, rounded to 6 decimals. receives: How well they
            offer what the seeker needs. gives: How well the seeker offers what they need.
            coverages: The sum of both coverages, rounded to 6 decimals: it decides between equal
            scores.
    """

    uid: str
    score: float
    receives: float
    gives: float
    coverages: float


def brute_force_match(
    people: Iterable[Entry],
    vectors: Mapping[str, Vector],
    seeker: Seeker,
    *,
    scoring: Scoring | None = None,
    exclude: Iterable[str] = (),
) -> list[OracleMatch]:
    """Return everybody whose score is above 0: by score, then sum of coverages, then uid.

    relevance(cos) = 1 / (1 + exp(-(cos - midpoint) / scale)), and 0 below the floor. A skill of the
    seeker meets only the `neighbours` skills nearest to it, by cosine and then key, of all that
    anyone here offers or needs. direction = breadth * mean + (1 - breadth) * max over the needs of
    the highest relevance among the offers.

    Args:
        people: Everybody who is indexed.
        vectors: A unit vector for each key of theirs.
        seeker: Whom to match.
        scoring: The constants; the defaults where absent.
        exclude: uids to leave out; their skills still count among the nearest.
    """
    people, scoring, left_out = list(people), scoring or Scoring(), set(exclude)
    met = all_met(people, vectors, seeker, scoring)
    matches = []
    for person in people:
        if person.uid in left_out:
            continue
        receives, receives_coverage = direction(cosines(person, met)[0], scoring)
        gives, gives_coverage = direction(cosines(person, met)[1], scoring)
        score = 0.0
        if receives > 0 and gives > 0:
            score = round(_FUSIONS[scoring.fusion](receives, gives), DECIMALS)
        if score > 0:
            coverages = round(receives_coverage + gives_coverage, DECIMALS)
            matches.append(OracleMatch(person.uid, score, receives, gives, coverages))
    return sorted(matches, key=lambda match: (-match.score, -match.coverages, match.uid))


def all_met(
    people: Iterable[Entry], vectors: Mapping[str, Vector], seeker: Seeker, scoring: Scoring
) -> tuple[list[Met], list[Met]]:
    """Return for each of the seeker's needs, and for each of their offers, the skills it meets."""
    keys = sorted({key for person in people for key in (*person.offers, *person.needs)})

    def meet(side: SeekerSide) -> list[Met]:
        return [_met(vector, keys, vectors, scoring) for vector in side.vectors]

    return meet(seeker.needs), meet(seeker.offers)


def cosines(person: Entry, met: tuple[list[Met], list[Met]]) -> tuple[Cosines, Cosines]:
    """Return the matrices of a Candidate: `(seeker's needs, their offers)`, `(their needs, seeker's offers)`."""
    met_by_needs, met_by_offers = met
    receives = np.zeros((len(met_by_needs), len(person.offers)), np.float32)
    for row, skills in enumerate(met_by_needs):
        for column, offer in enumerate(person.offers):
            receives[row, column] = skills.get(offer, 0.0)
    gives = np.zeros((len(person.needs), len(met_by_offers)), np.float32)
    for row, need in enumerate(person.needs):
        for column, skills in enumerate(met_by_offers):
            gives[row, column] = skills.get(need, 0.0)
    return receives, gives


def direction(similarities: Cosines, scoring: Scoring) -> tuple[float, float]:
    """Return the score of one direction and its coverage, from cosines `(needs, offers)`."""
    needs, offers = similarities.shape
    if not needs or not offers:
        return 0.0, 0.0
    best_of_each = [max(_relevance(float(cosine), scoring) for cosine in row) for row in similarities]
    coverage = sum(best_of_each) / needs
    return scoring.breadth * coverage + (1 - scoring.breadth) * max(best_of_each), coverage


def search_scores(
    people: Iterable[Entry], vectors: Mapping[str, Vector], query: Vectors, side: str
) -> dict[str, float]:
    """Return everybody's search score above 0: the mean over the query of the best cosine, each at least 0."""
    scores = {}
    for person in people:
        keys: Sequence[str] = getattr(person, side)
        best = [max((_cosine(row, vectors[key]) for key in keys), default=0.0) for row in query]
        if (score := sum(max(cosine, 0.0) for cosine in best) / len(best)) > 0:
            scores[person.uid] = score
    return scores


def _met(vector: Vector, keys: Sequence[str], vectors: Mapping[str, Vector], scoring: Scoring) -> Met:
    found = {key: _cosine(vector, vectors[key]) for key in keys}
    nearest = sorted(keys, key=lambda key: (-found[key], key))[: scoring.neighbours]
    return {key: found[key] for key in nearest if found[key] >= scoring.floor}


def _cosine(one: Vector, other: Vector) -> float:
    return float(np.dot(one.astype(np.float64), other.astype(np.float64)))


def _relevance(cosine: float, scoring: Scoring) -> float:
    if cosine < scoring.floor:
        return 0.0
    return 1 / (1 + exp(-(cosine - scoring.relevance.midpoint) / scoring.relevance.scale))
