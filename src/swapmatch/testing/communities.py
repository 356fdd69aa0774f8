"""Invented communities: people with skills, and the vectors of these skills, the same for the same seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from swapmatch.ports import Entry, Seeker, SeekerSide

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from swapmatch.ports import Vector, Vectors

TOPIC_SIZE = 5  # skills around one topic: their cosines are about 0.6, those of other topics near 0


@dataclass(frozen=True)
class Community:
    """People and the vectors of their skills.

    Attributes:
        entries: Everybody, as an index takes them.
        vectors: A unit vector for each key, also for keys that nobody has.
    """

    entries: tuple[Entry, ...]
    vectors: Mapping[str, Vector]

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return len(next(iter(self.vectors.values())))

    def side(self, keys: Sequence[str]) -> SeekerSide:
        """Return one side of a seeker."""
        rows = [self.vectors[key] for key in keys]
        vectors = np.array(rows, np.float32).reshape(len(keys), self.dimension)
        return SeekerSide(keys=tuple(keys), vectors=vectors)

    def seeker(self, *, offers: Sequence[str], needs: Sequence[str]) -> Seeker:
        """Return a seeker with these skills."""
        return Seeker(offers=self.side(offers), needs=self.side(needs))

    def seeker_of(self, entry: Entry) -> Seeker:
        """Return somebody of the community as a seeker."""
        return self.seeker(offers=entry.offers, needs=entry.needs)


def make_community(seed: int, *, people: int = 60, skills: int = 40, dimension: int = 32) -> Community:
    """Return an invented community.

    Skills come in topics of five; everybody has up to five skills on a side, some nobody on one of
    the sides. Facets:
    a city for most, and one or two languages.
    """
    chance = random.Random(seed)  # noqa: S311 - no secret
    keys = [f"skill {number}" for number in range(skills)]
    rows = topic_vectors(seed, count=skills, dimension=dimension)
    entries = []
    for number in chance.sample(range(people), people):
        offers, needs = (chance.sample(keys, min(skills, chance.randint(0, 5))) for _ in range(2))
        if not offers and not needs:
            offers = [chance.choice(keys)]
        facets = {"language": tuple(chance.sample(["de", "en", "es"], chance.randint(1, 2)))}
        if chance.random() < 0.9:  # noqa: PLR2004 - most
            facets["city"] = (chance.choice(["Bonn", "Köln"]),)
        uid = f"p{number:03d}"
        entries.append(entry(uid, rev=number + 1, offers=offers, needs=needs, facets=facets))
    return Community(entries=tuple(entries), vectors=dict(zip(keys, rows, strict=True)))


def topic_vectors(seed: int, *, count: int, dimension: int) -> Vectors:
    """Return unit vectors that gather around topics, `(count, dimension)`."""
    chance = np.random.default_rng(seed)
    topics = _unit(chance.normal(size=(count // TOPIC_SIZE + 1, dimension)))
    noise = _unit(chance.normal(size=(count, dimension)))
    return _unit(topics[np.arange(count) // TOPIC_SIZE] * 1.2 + noise).astype(np.float32)


def entry(
    uid: str,
    *,
    rev: int = 1,
    offers: Iterable[str] = (),
    needs: Iterable[str] = (),
    facets: Mapping[str, tuple[str, ...]] | None = None,
) -> Entry:
    """Return one person as an index takes them."""
    return Entry(uid=uid, rev=rev, offers=tuple(offers), needs=tuple(needs), facets=facets or {})


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float64)
