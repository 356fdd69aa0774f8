"""People and skills as points, and back: what is read is never trusted to be what was written."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID, uuid5

import numpy as np
from qdrant_client import models

from swapmatch.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from swapmatch.models import Side
    from swapmatch.ports import Entry, Vector, Where

PEOPLE = UUID("5d1f7a5e-0a4e-5b53-9c5e-6c1d1c3c7a10")
SKILLS = UUID("0f0e64d2-7c1b-5a43-8f7b-3a5a9a0c2b11")

OFFER_VECTOR, NEED_VECTOR = "offer_vec", "need_vec"  # the mean of a side's skills, as in the $wap backend
SKILL_VECTOR = "skills"
PERSON_FIELDS = ["uid", "rev", "offers", "needs"]

BREADTH = 0.5  # of the formula for which the weights of needs are made: `need_weight`
LENGTH = 1e-3  # how far from 1 a vector may be

Item = TypeVar("Item")

logger = logging.getLogger(__name__)


def person_id(uid: str) -> str:
    """Return the id of a person's point."""
    return str(uuid5(PEOPLE, uid))


def skill_id(key: str) -> str:
    """Return the id of a skill's point."""
    return str(uuid5(SKILLS, key))


def number(key: str, side: Side) -> int:
    """Return the index that stands for a skill on a side in sparse vectors and filters, even for offers.

    Sparse indices have 32 bits, so two skills may share one: one pair is to be expected among 65,000 skills. Whoever
    is found by the other's is compared by keys afterwards, and scores by what they have; nobody is missed.
    """
    digest = int.from_bytes(blake2b(key.encode(), digest_size=4).digest())
    return digest & ~1 | (side == "needs")


def need_weight(needs: int) -> float:
    """Return what each of so many needs weighs in a sparse vector: what its being met fully adds to a direction."""
    return BREADTH / needs + (1.0 - BREADTH)


def facet(name: str, value: str) -> str:
    """Return one text for a name and a value, never the same for two pairs."""
    return f"{len(name)}:{name}={value}"


def check(keys: Iterable[str], vectors: Mapping[str, Vector], *, dimension: int | None) -> dict[str, Vector]:
    """Return the vector of each key.

    Args:
        keys: Whose vectors are wanted.
        vectors: What was given.
        dimension: Length of a vector; None where the first decides.

    Raises:
        StoreError: One is missing, not finite, not of length 1 or of another dimension.
    """
    checked: dict[str, Vector] = {}
    for key in keys:
        if key not in vectors:
            raise StoreError("a skill has no vector")
        vector = np.asarray(vectors[key], np.float32)
        dimension = dimension or vector.size
        if vector.shape != (dimension,):
            raise StoreError(f"a vector has {vector.size} numbers; those of this index have {dimension}")
        if not abs(float(np.linalg.norm(vector)) - 1.0) <= LENGTH:  # also where it is not finite
            raise StoreError("a vector is not of length 1")
        checked[key] = vector
    return checked


def person_point(entry: Entry, vectors: Mapping[str, Vector]) -> models.PointStruct:
    """Return a person as a point; `vectors` holds those of their skills."""
    weights = dict.fromkeys((number(key, "offers") for key in entry.offers), 1.0)
    weights |= dict.fromkeys((number(key, "needs") for key in entry.needs), need_weight(len(entry.needs) or 1))
    vector: dict[str, models.Vector] = {}
    for name, keys in ((OFFER_VECTOR, entry.offers), (NEED_VECTOR, entry.needs)):
        if keys and (mean := _mean([vectors[key] for key in keys])) is not None:
            vector[name] = mean.tolist()
    if weights:
        vector[SKILL_VECTOR] = models.SparseVector(indices=list(weights), values=list(weights.values()))
    facets = {facet(name, value) for name, values in entry.facets.items() for value in values}
    payload = {
        "uid": entry.uid,
        "rev": entry.rev,
        "offers": list(entry.offers),
        "needs": list(entry.needs),
        "skills": list(weights),
        "facets": sorted(facets),
    }
    return models.PointStruct(id=person_id(entry.uid), vector=vector, payload=payload)


def tombstone(uid: str, rev: int) -> models.PointStruct:
    """Return what is left of somebody who is deleted: the rev, under an id that does not tell the uid."""
    return models.PointStruct(id=person_id(uid), vector={}, payload={"rev": rev})


def is_older(rev: int) -> models.Filter:
    """Return the condition under which what stands there gives way to this rev; also where its rev cannot be read."""
    return models.Filter(must_not=[models.FieldCondition(key="rev", range=models.Range(gte=rev))])


def fitting(where: Where, *sides: Sequence[int]) -> models.Filter:
    """Return the condition for people who fit, and have one of the skills of each side that is given by numbers."""
    conditions: list[models.Condition] = [having(numbers) for numbers in sides]
    conditions += [_any("facets", [facet(name, one) for one in values]) for name, values in where.facets.items()]
    excluded: list[models.Condition] = [models.HasIdCondition(has_id=[person_id(uid) for uid in sorted(where.exclude)])]
    return models.Filter(must=conditions, must_not=excluded if where.exclude else None)


def having(numbers: Sequence[int]) -> models.FieldCondition:
    """Return the condition for people who have one of the skills with these numbers."""
    return _any("skills", list(numbers))


def pages(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield the items in lists of this size."""
    left = iter(items)
    while page := list(islice(left, size)):
        yield page


def _any(field: str, values: list[int] | list[str]) -> models.FieldCondition:
    return models.FieldCondition(key=field, match=models.MatchAny(any=values))


def _mean(vectors: Sequence[Vector]) -> NDArray[np.float32] | None:
    """Return the mean of unit vectors, of length 1; None where they cancel out."""
    mean: NDArray[np.float32] = np.mean(vectors, axis=0, dtype=np.float32)
    length = float(np.linalg.norm(mean))
    return mean / length if length > LENGTH else None


@dataclass(frozen=True, slots=True)
class Person:
    """What a point says of a person: `Entry` without facets."""

    uid: str
    rev: int
    offers: tuple[str, ...]
    needs: tuple[str, ...]


def read_people(points: Sequence[models.ScoredPoint | models.Record]) -> list[Person]:
    """Return who stands in these points, each once; what is no person of ours is left out, with a warning."""
    people = {str(point.id): _person(str(point.id), point.payload or {}) for point in points}
    if strange := [point for point, person in people.items() if person is None]:
        logger.warning("%d points in Qdrant are no people of swapmatch, such as %s", len(strange), strange[0])
    return [person for person in people.values() if person is not None]


def read_key(point: models.ScoredPoint | models.Record) -> str | None:
    """Return the skill that stands in a point; None, with a warning, where it is no skill of ours."""
    key = (point.payload or {}).get("key")
    if isinstance(key, str) and skill_id(key) == str(point.id):
        return key
    logger.warning("a point in Qdrant is no skill of swapmatch: %s", point.id)
    return None


def _person(point: str, payload: Mapping[str, object]) -> Person | None:
    uid, rev = payload.get("uid"), payload.get("rev")
    offers, needs = _keys(payload.get("offers")), _keys(payload.get("needs"))
    if not isinstance(uid, str) or person_id(uid) != point or offers is None or needs is None:
        return None
    return Person(uid, rev, offers, needs) if isinstance(rev, int) and not isinstance(rev, bool) else None


def _keys(side: object) -> tuple[str, ...] | None:
    return tuple(side) if isinstance(side, list) and all(isinstance(key, str) for key in side) else None
