"""Collections: the two that the index is in, made when the first person comes, and held against what they should be."""

from __future__ import annotations

import logging
from threading import Lock
from typing import TYPE_CHECKING

from qdrant_client import models

from swapmatch.errors import ConfigurationError, EncoderMismatchError, StoreError
from swapmatch.vector_stores.qdrant.points import NEED_VECTOR, OFFER_VECTOR, SKILL_VECTOR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swapmatch.vector_stores.qdrant.connection import Connection

OLDEST = (1, 16)  # of the servers: the first to update a point only where a condition holds
COSINE = models.Distance.COSINE
FIELDS: Mapping[str, models.PayloadSchemaType] = {
    "uid": models.PayloadSchemaType.KEYWORD,
    "rev": models.PayloadSchemaType.INTEGER,
    "skills": models.PayloadSchemaType.INTEGER,
    "facets": models.PayloadSchemaType.KEYWORD,
}

logger = logging.getLogger(__name__)


class Collections:
    """Knows their names, and whether they are there. Thread-safe.

    Attributes:
        people: Name of the collection of people.
        skills: Name of the collection of distinct skills.
        dimension: Length of a vector, as soon as it is known.
    """

    def __init__(self, connection: Connection, prefix: str) -> None:
        """Name the collections; nothing is asked yet."""
        self._connection = connection
        self.people, self.skills = f"{prefix}_people", f"{prefix}_skills"
        self.dimension: int | None = None
        self._encoder: str | None = None
        self._lock = Lock()
        self._are_there = False

    def expect_encoder(self, fingerprint: str, *, dimension: int) -> None:
        """Hold what is there against this encoder, with the next call."""
        with self._lock:
            self._encoder, self.dimension, self._are_there = fingerprint, dimension, False

    def are_there(self) -> bool:
        """Tell whether anybody was ever indexed.

        Raises:
            ConfigurationError: The server is too old, or the collections are not what they should be.
        """
        with self._lock:
            return self._are_there or self._look()

    def make(self, dimension: int | None) -> None:
        """Make the collections where they are not there. Raises as `are_there` does.

        Args:
            dimension: Length of the vectors that will come, where the call knows it.
        """
        with self._lock:
            if self._are_there or self._look():
                return
            size = self.dimension or dimension
            if size is None:
                raise StoreError("the index cannot be made before the length of a vector is known: call expect_encoder")
            self._create(self.skills, vectors_config=_dense(size))
            self._create(
                self.people,
                vectors_config={OFFER_VECTOR: _dense(size), NEED_VECTOR: _dense(size)},
                sparse_vectors_config={SKILL_VECTOR: models.SparseVectorParams()},
                metadata={"encoder": self._encoder} if self._encoder else None,
            )
            self._look()

    def _look(self) -> bool:
        """Look at the server and the collections once; they are made in this order, so the people's comes last."""
        self._check_version()
        if not self._exists(self.people):
            return False
        found: models.CollectionInfo = self._connection.call(f"look at {self.people}", "get_collection", self.people)
        self._check_vectors(found.config.params)
        self._check_encoder(found.config.metadata or {})
        self._index(found.payload_schema)
        self._are_there = True
        return True

    def _check_version(self) -> None:
        version = str(self._connection.call("reach Qdrant", "info").version)
        numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
        if numbers < OLDEST:
            wanted = ".".join(map(str, OLDEST))
            message = f"the Qdrant server is of version {version}; swapmatch needs {wanted} or later"
            raise ConfigurationError(message)

    def _check_vectors(self, params: models.CollectionParams) -> None:
        vectors, sparse = params.vectors, params.sparse_vectors or {}
        names = {OFFER_VECTOR, NEED_VECTOR}
        if not isinstance(vectors, dict) or not names <= vectors.keys() or SKILL_VECTOR not in sparse:
            message = f"the collection {self.people} was not made by swapmatch: choose another prefix"
            raise ConfigurationError(message)
        size = vectors[OFFER_VECTOR].size
        if self.dimension not in {None, size}:
            message = (
                f"the collection {self.people} holds vectors of {size} numbers, but the encoder gives "
                f"{self.dimension}: configure the former encoder again, or another prefix"
            )
            raise EncoderMismatchError(message)
        self.dimension = size

    def _check_encoder(self, metadata: Mapping[str, object]) -> None:
        theirs = metadata.get("encoder")
        if self._encoder and theirs and theirs != self._encoder:
            message = (
                f"the collection {self.people} was filled with the encoder {theirs}, but {self._encoder} is "
                f"configured: configure the former again, or another prefix"
            )
            raise EncoderMismatchError(message)

    def _index(self, there: Mapping[str, object]) -> None:
        if self._connection.is_local:
            return  # it has no indexes
        for field in FIELDS.keys() - there.keys():
            name, schema = self.people, FIELDS[field]
            self._connection.call(f"index {field} of {name}", "create_payload_index", name, field, schema)

    def _exists(self, name: str) -> bool:
        return bool(self._connection.call(f"look for {name}", "collection_exists", name))

    def _create(self, name: str, **config: object) -> None:
        """Make a collection, unless another process just did."""
        if self._exists(name):
            return
        try:
            self._connection.call(f"make {name}", "create_collection", name, **config)
        except StoreError:
            if not self._exists(name):
                raise
        logger.info("made the collection %s in Qdrant", name)


def _dense(size: int) -> models.VectorParams:
    return models.VectorParams(size=size, distance=COSINE)
