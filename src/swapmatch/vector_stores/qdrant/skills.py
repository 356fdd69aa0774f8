"""Skills: the collection of distinct skills, which says what each of a seeker's skills meets."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from qdrant_client import models

from swapmatch.vector_stores.qdrant.points import check, having, number, pages, read_key, skill_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from swapmatch.ports import Vector, Vectors
    from swapmatch.vector_stores.qdrant.collections import Collections
    from swapmatch.vector_stores.qdrant.connection import Connection

Met = dict[str, float]  # skills, by key, with their cosines

WRITTEN = 256  # skills of one request: 2 MB as JSON, at 384 numbers
READ = 2_000  # ids of one request
FULL = 10_000  # of so many skills each is compared, as Qdrant itself does before it builds a graph
SIZE_KNOWN_S = 60.0
EDGE = 1e-6  # cosines this much below the floor are asked for, because a server computes them in another order


class Skills:
    """Every skill that somebody indexed has, with its vector. Thread-safe."""

    def __init__(self, connection: Connection, collections: Collections) -> None:
        """Use these collections."""
        self._connection = connection
        self._collections = collections
        self._size = 0
        self._sized_at = -SIZE_KNOWN_S

    def is_whole(self) -> bool:
        """Tell whether nearest skills are found by looking at each, not by a graph that may overlook some."""
        if self._connection.is_local:
            return True
        if time.monotonic() - self._sized_at >= SIZE_KNOWN_S:
            name = self._collections.skills
            self._size = self._connection.call("count skills", "count", name, exact=False).count
            self._sized_at = time.monotonic()
        return self._size <= FULL

    def nearest(self, rows: Vectors, *, limit: int, floor: float | None = None) -> list[Met]:
        """Return for each row the skills nearest to it, nearest first.

        Args:
            rows: Unit vectors, `(n, dimension)`.
            limit: How many at most, for each.
            floor: Only cosines from here on.
        """
        params = None
        if not self._connection.is_local:
            is_whole = self.is_whole()
            params = models.SearchParams(exact=is_whole, hnsw_ef=None if is_whole else 2 * limit)
        threshold = None if floor is None else floor - EDGE
        requests = [
            models.QueryRequest(
                query=row.tolist(), limit=limit, score_threshold=threshold, params=params, with_payload=["key"]
            )
            for row in rows
        ]
        name = self._collections.skills
        found = self._connection.query("find skills", name, requests)
        return [{key: point.score for point in row if (key := read_key(point)) is not None} for row in found]

    def vectors(self, keys: Iterable[str]) -> dict[str, Vector]:
        """Return the vectors of those of these skills that are there."""
        name, found = self._collections.skills, {}
        for some in pages(keys, WRITTEN):
            ids = list(map(skill_id, some))
            options = {"with_payload": ["key"], "with_vectors": True}
            points = self._connection.call("read skills", "retrieve", name, ids, **options)
            for point in points:
                vector = np.asarray(point.vector, np.float32)
                if (key := read_key(point)) is not None and vector.shape == (self._collections.dimension,):
                    found[key] = vector
        return found

    def keep(self, keys: Iterable[str], vectors: Mapping[str, Vector]) -> None:
        """Write those of these skills that are not there. Raises StoreError: a vector is not what it should be."""
        name = self._collections.skills
        for some in pages(keys, READ):
            ids = {skill_id(key): key for key in some}
            there = self._connection.call("look for skills", "retrieve", name, list(ids), with_payload=False)
            missing = ids.keys() - {str(point.id) for point in there}
            self._write(check([ids[one] for one in missing], vectors, dimension=self._collections.dimension))

    def forget_unused(self, keys: Iterable[str]) -> None:
        """Delete those of these skills that nobody has any more.

        Somebody may come with one of them just then, by another process. Who writes a person looks for their skills
        after that; so whoever did so before the deletion is seen by a look after it, and the skill is put back.
        """
        name = self._collections.skills
        for some in pages(keys, WRITTEN):
            unused = self._unused(some)
            if not unused:
                continue
            vectors = self.vectors(unused)
            points = models.PointIdsList(points=list(map(skill_id, unused)))
            self._connection.call("forget skills", "delete", name, points, wait=True)
            again = set(unused).difference(self._unused(unused))
            self._write({key: vectors[key] for key in again if key in vectors})

    def _unused(self, keys: Sequence[str]) -> list[str]:
        requests = [
            models.QueryRequest(
                filter=models.Filter(must=[having([number(key, "offers"), number(key, "needs")])]),
                limit=1,
                with_payload=False,
            )
            for key in keys
        ]
        name = self._collections.people
        found = self._connection.query("look for people", name, requests)
        return [key for key, people in zip(keys, found, strict=True) if not people]

    def _write(self, vectors: Mapping[str, Vector]) -> None:
        name = self._collections.skills
        for some in pages(vectors.items(), WRITTEN):
            points = [
                models.PointStruct(id=skill_id(key), vector=vector.tolist(), payload={"key": key})
                for key, vector in some
            ]
            self._connection.call("write skills", "upsert", name, points, wait=True)
