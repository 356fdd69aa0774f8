"""Skills that people like the asking one also have or want."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from swapmatch.models import Recommendation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from swapmatch.models import Profile
    from swapmatch.ports import Vector, Vectors
    from swapmatch.relevance import Relevance

NEAREST = 50  # people asked
NEAR = 0.05  # relevance below which somebody has nothing to say about these skills
SAME = 0.5  # relevance from which two texts are more likely one skill than not
LOOKED_AT = 500  # of the most frequent skills among them: beyond these nothing can reach the top


@dataclass(slots=True)
class _Skill:
    """A skill among the nearest people, with everybody who names it in words that mean the same."""

    text: str
    vector: Vector
    people: set[int]


def recommend(
    near: Sequence[tuple[Profile, float]],
    asked: Vectors,
    vectors: Mapping[str, Vector],
    relevance: Relevance,
    *,
    limit: int,
) -> list[Recommendation]:
    """Return the skills that most of these people name beside those asked about.

    A skill's score is the share of the people who name it, each weighted by how near they are.

    Args:
        near: Who is nearest to the skills asked about, nearest first, and how near each of them is, above 0.
        asked: Vectors of the skills asked about, `(n, dimension)`.
        vectors: A vector for each skill key of these people.
        relevance: When two texts mean one skill.
        limit: How many at most.
    """
    people, weights = [profile for profile, _ in near], [weight for _, weight in near]
    total = sum(weights)

    def share(skill: _Skill) -> float:
        return sum(weights[person] for person in skill.people) / total

    def is_same(vector: Vector, others: Vectors) -> int | None:
        """Return which of the others means the same skill, if any does."""
        if not len(others):
            return None
        nearest = int((others @ vector).argmax())
        alike = relevance(np.asarray(others[nearest] @ vector))
        return nearest if alike >= SAME else None

    named = [_Skill(text, vectors[key], who) for key, (text, who) in _tally(people).items()]
    named.sort(key=lambda skill: (-share(skill), skill.text))
    distinct: list[_Skill] = []
    for skill in named[:LOOKED_AT]:
        if is_same(skill.vector, asked) is not None:
            continue
        twin = is_same(skill.vector, np.array([other.vector for other in distinct]))
        if twin is None:
            distinct.append(skill)
        else:
            distinct[twin].people |= skill.people
    distinct.sort(key=lambda skill: (-share(skill), skill.text))
    return [
        Recommendation(
            skill=skill.text,
            score=round(min(share(skill), 1.0), 6),
            reason=_reason(len(skill.people), len(people)),
        )
        for skill in distinct[:limit]
    ]


def _tally(people: Sequence[Profile]) -> dict[str, tuple[str, set[int]]]:
    """Return for each skill key how the nearest of these people writes it, and who has or wants it."""
    found: dict[str, tuple[str, set[int]]] = {}
    for number, profile in enumerate(people):
        for key, skill in (*profile.offers_by_key.items(), *profile.needs_by_key.items()):
            found.setdefault(key, (skill, set()))[1].add(number)
    return found


def _reason(count: int, total: int) -> str:
    if total == 1:
        return "the one person near to your skills also offers or wants it"
    verb = "offers or wants" if count == 1 else "offer or want"
    return f"{count} of the {total} people nearest to your skills also {verb} it"
