"""People: the collection of everybody, written by revision and found by skills."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qdrant_client import models

from swapmatch.vector_stores.qdrant.points import (
    PERSON_FIELDS,
    SKILL_VECTOR,
    is_older,
    pages,
    person_id,
    read_people,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from swapmatch.vector_stores.qdrant.collections import Collections
    from swapmatch.vector_stores.qdrant.connection import Connection
    from swapmatch.vector_stores.qdrant.points import Person

WRITTEN = 128  # people of one request: 2 MB as JSON, at 384 numbers
READ = 1_000  # ids of one request


class People:
    """Everybody who was indexed, and tombstones. Thread-safe."""

    def __init__(self, connection: Connection, collections: Collections) -> None:
        """Use these collections."""
        self._connection = connection
        self._collections = collections

    def standing(self, uids: Iterable[str]) -> tuple[dict[str, int], list[Person]]:
        """Return the rev of each uid that is known, deleted or not, and those of them who are there."""
        name = self._collections.people
        revs: dict[str, int] = {}
        people: list[Person] = []
        for some in pages(uids, READ):
            ids = {person_id(uid): uid for uid in some}
            points = self._connection.call("read people", "retrieve", name, list(ids), with_payload=PERSON_FIELDS)
            for point in points:
                rev = (point.payload or {}).get("rev")
                if isinstance(rev, int) and str(point.id) in ids:
                    revs[ids[str(point.id)]] = rev
            people += read_people([point for point in points if "uid" in (point.payload or {})])
        return revs, people

    def write(self, points: Iterable[tuple[int, models.PointStruct]]) -> None:
        """Write points with their revs, each unless the one that stands there is as new.

        Qdrant compares the revs where it writes, so this holds whatever other processes write at the same time.
        """
        for some in pages(points, WRITTEN):
            operations = [
                models.UpsertOperation(upsert=models.PointsList(points=[point], update_filter=is_older(rev)))
                for rev, point in some
            ]
            name = self._collections.people
            self._connection.call("write people", "batch_update_points", name, operations, wait=True)

    def find(
        self, weights: Mapping[int, float], condition: models.Filter, *, limit: int
    ) -> tuple[list[Person], float | None]:
        """Return the people with the highest sums of weights.

        Args:
            weights: Of skills by their numbers; whoever has none of these is not found.
            condition: Who may be found.
            limit: How many at most.

        Returns:
            The people, and the lowest sum among them if there may be more; None if these are all.
        """
        request = models.QueryRequest(
            query=models.SparseVector(indices=list(weights), values=list(weights.values())),
            using=SKILL_VECTOR,
            filter=condition,
            limit=limit,
            with_payload=PERSON_FIELDS,
        )
        (points,) = self._connection.query("find people", self._collections.people, [request])
        last = min((point.score for point in points), default=0.0)
        return read_people(points), None if len(points) < limit else last

    def count(self) -> int:
        """Return how many people there are, without tombstones."""
        is_person = models.Filter(must_not=[models.IsEmptyCondition(is_empty=models.PayloadField(key="uid"))])
        name = self._collections.people
        return int(self._connection.call("count people", "count", name, is_person, exact=True).count)
