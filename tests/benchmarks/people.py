"""People by the million, in the way of the ESCO generator, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from skill_vectors import unit

from swapmatch.ports import Entry, Seeker, SeekerSide, Where

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from skill_vectors import Skills

    from swapmatch.ports import Vectors

COUNTS = (1, 1, 2, 2, 3, 4)  # skills a side, drawn evenly
MOST = 2 * max(COUNTS)  # skills of a person
FLATTENING, EXPONENT = 10, 0.7  # popularity = 1 / (rank + FLATTENING) ** EXPONENT
CHUNK = 100_000  # people composed at a time
BATCH = 1_000  # people put at a time, as Matcher does
WARM_UP = 50  # people asked for before anything is measured


@dataclass(frozen=True, slots=True)
class Side:
    """One side of everybody.

    Attributes:
        ids: Positions of skills, person after person.
        starts: Where each person's begin, `(people + 1,)`.
    """

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]

    def of(self, person: int) -> NDArray[np.int32]:
        """Return the skills of one person."""
        return self.ids[self.starts[person] : self.starts[person + 1]]

    def texts(self, labels: list[str], first: int, end: int) -> list[tuple[str, ...]]:
        """Return the skills of people `first` to `end` by their keys."""
        named = [labels[place] for place in self.ids[self.starts[first] : self.starts[end]].tolist()]
        bounds = (self.starts[first : end + 1] - self.starts[first]).tolist()
        return [tuple(named[start:stop]) for start, stop in pairwise(bounds)]

    def pooled(self, vectors: Vectors, first: int, end: int) -> Vectors:
        """Return the mean of each person's vectors at length 1, for people `first` to `end`."""
        rows = vectors[self.ids[self.starts[first] : self.starts[end]]]
        return unit(np.add.reduceat(rows, self.starts[first:end] - self.starts[first], axis=0))


@dataclass(frozen=True, slots=True)
class People:
    """Everybody: each side names at least one skill, and both sides together none twice."""

    offers: Side
    needs: Side

    def __len__(self) -> int:
        """How many."""
        return len(self.offers.starts) - 1


def uid(person: int) -> str:
    """Return the uid of a person; in the order of their numbers."""
    return f"p{person:08d}"


def person(of: str) -> int:
    """Return the number behind a uid."""
    return int(of[1:])


def compose(n: int, skills: int, seed: int) -> People:
    """Draw people whose skills follow the generator's popularity; the first skill is the most popular."""
    popularity = 1 / (np.arange(skills) + FLATTENING) ** EXPONENT
    cumulative = np.cumsum(popularity / popularity.sum())
    parts = [_chunk(cumulative, start, min(CHUNK, n - start), seed) for start in range(0, n, CHUNK)]
    offers, offer_counts, needs, need_counts = (np.concatenate(part) for part in zip(*parts, strict=True))
    return People(_side(offers, offer_counts), _side(needs, need_counts))


def entries(people: People, labels: list[str]) -> Iterator[list[Entry]]:
    """Yield everybody, in batches."""
    for first in range(0, len(people), BATCH):
        end = min(first + BATCH, len(people))
        sides = zip(people.offers.texts(labels, first, end), people.needs.texts(labels, first, end), strict=True)
        yield [Entry(uid(first + i), 1, offers, needs, {}) for i, (offers, needs) in enumerate(sides)]


def rows(people: People, labels: list[str], prefix: str = "") -> Iterator[dict[str, object]]:
    """Yield everybody as the fields of a profile; skills as lists, so that commas within them stay."""
    for batch in entries(people, labels):
        for entry in batch:
            yield {"uid": prefix + entry.uid, "skills_to_offer": entry.offers, "services_needed": entry.needs}


def sample(n: int, count: int, seed: int) -> tuple[list[int], list[int]]:
    """Return whom to ask for, and others to warm up with."""
    drawn = np.random.default_rng(seed).permutation(n)[: count + WARM_UP].tolist()
    return drawn[:count], drawn[count:] or drawn[:WARM_UP]


def seeker(people: People, skills: Skills, number: int) -> tuple[Seeker, Where]:
    """Return a person as the port wants them, and the condition that leaves out themselves."""
    sides = (_seeker_side(skills, side.of(number)) for side in (people.offers, people.needs))
    return Seeker(*sides), Where(exclude=frozenset({uid(number)}))


def _seeker_side(skills: Skills, ids: NDArray[np.int32]) -> SeekerSide:
    return SeekerSide(tuple(skills.labels[place] for place in ids), skills.vectors[ids])


def _chunk(cumulative: NDArray[np.float64], start: int, size: int, seed: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng([seed, start])
    offers, needs = rng.choice(COUNTS, (2, size, 1))
    drawn = np.full((size, MOST), -1, np.int32)
    for column in range(MOST):
        wanting = np.flatnonzero((offers + needs)[:, 0] > column)
        while wanting.size:  # drawn again while the person has the skill already
            fresh = np.searchsorted(cumulative, rng.random(wanting.size)).clip(max=len(cumulative) - 1)
            drawn[wanting, column] = fresh
            wanting = wanting[(drawn[wanting, :column] == fresh[:, None]).any(axis=1)]
    columns = np.arange(MOST)
    is_offer, is_need = columns < offers, (columns >= offers) & (columns < offers + needs)
    return drawn[is_offer], offers[:, 0].astype(np.int8), drawn[is_need], needs[:, 0].astype(np.int8)


def _side(ids: NDArray[np.int32], counts: NDArray[np.int8]) -> Side:
    return Side(ids, np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]))
