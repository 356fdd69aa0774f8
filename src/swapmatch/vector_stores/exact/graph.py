"""Finds the neighbours of a skill without looking at every skill: an HNSW graph, by usearch.

Whoever asks works out the cosines of what is found in float32 and cuts it to the nearest: the graph names ids alone. So
what it keeps of a vector, eight bits a component, changes who may be missed, never how near somebody is.
"""

from __future__ import annotations

import struct
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, Self, cast
from zlib import crc32

import numpy as np

from swapmatch._extras import require
from swapmatch.errors import MissingExtraError, StoreError, translate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from numpy.typing import NDArray

    from swapmatch.ports import Vectors
    from swapmatch.vector_stores.exact.rows import Ids

# Measured on 2026-11-24 with MiniLM's vectors on one core: 60,000 labels of ESCO, and 500,000 skills, each a label's
# vector moved as far as wordings of one skill lie apart (cosine 0.75 to 0.9). Of the 256 nearest of 500,000 it finds
# 0.999; it takes 0.5 ms to add a skill, 2.9 ms to search, 4 minutes to build and 0.37 GB. Vectors in random clusters,
# without the structure of language, are much harder: 0.93.
CONNECTIVITY = 16
EXPANSION_ADD = 128
EXPANSION_SEARCH = 1024  # 0.995 are found with 512 (1.4 ms), 0.992 with 384
WIDER = 8  # an eighth more is asked for: eight bits alone put 0.990 of the right ones first, cosines then 0.995
# Distinct skills beyond which the graph is worth what it misses: an exact look at 75,000 takes 10 ms on one core, at
# 500,000 65.
BEYOND = 75_000

CLIPPED = 6.0  # a component so many times the mean size counts as that; MiniLM's largest is 5.5 times (60,000 labels)
CHUNK = 4  # skills added before whoever waits to search is let in
MAGIC = b"swapmatch graph\x01"
HEADER = struct.Struct("<16s4IQ")  # MAGIC, dimension, CONNECTIVITY, skills, CRC-32 and length of what follows
FAILED = {RuntimeError: StoreError, ValueError: StoreError, MemoryError: StoreError}  # what usearch raises


class Graph:
    """An HNSW graph over distinct skills: finds nearly all of the nearest without looking at everything.

    Several threads may search while another adds: they take turns, each for one query or a few skills at a time.
    """

    def __init__(self, dimension: int) -> None:
        """Start with nothing.

        Args:
            dimension: Length of the vectors to come.

        Raises:
            MissingExtraError: usearch is not installed.
        """
        usearch: Any = _usearch()
        self.dimension = dimension
        self._index = usearch.Index(
            ndim=dimension,
            metric="ip",
            dtype="i8",
            connectivity=CONNECTIVITY,
            expansion_add=EXPANSION_ADD,
            expansion_search=EXPANSION_SEARCH,
        )
        self._size = 0
        self._next = Lock()
        self._lock = Lock()

    @classmethod
    def is_available(cls) -> bool:
        """Return whether usearch can be imported."""
        try:
            _usearch()
        except MissingExtraError:
            return False
        return True

    def __len__(self) -> int:
        """How many skills are in it: the ids below this can be found."""
        return self._size

    def add(self, vectors: Vectors) -> None:
        """Give the next ids to these vectors, `(skills, dimension)`.

        Raises:
            StoreError: They are of another dimension, or usearch failed.
        """
        self._check(vectors)
        for start in range(0, len(vectors), CHUNK):
            rows = self._small(vectors[start : start + CHUNK])
            with self._turn(), translate(FAILED, "add to the graph of skills"):
                ids = np.arange(self._size, self._size + len(rows), dtype=np.uint64)
                try:
                    self._index.add(ids, rows, threads=1)
                finally:
                    self._size = len(self._index)

    def nearest(self, queries: Vectors, *, limit: int) -> list[Ids]:
        """Return for each row about the `limit` nearest ids and a few more, in no order, to be cut by their cosines.

        Raises:
            StoreError: The rows are of another dimension, or usearch failed.
        """
        self._check(queries)
        found: list[Ids] = []
        for row in self._small(queries):
            with self._turn(), translate(FAILED, "search the graph of skills"):
                keys = self._index.search(row, limit + limit // WIDER, threads=1).keys if self._size else []
            found.append(np.array(keys, np.int32))
        return found

    def forget(self, ids: Ids) -> None:
        """Leave nothing of these skills' vectors: zeros stand in their place, which nobody is near to."""
        nothing = np.zeros(self.dimension, np.int8)
        for number in ids[ids < self._size].tolist():
            with self._turn(), translate(FAILED, "forget a skill in the graph"):
                self._index.remove(number)
                self._index.add(number, nothing, threads=1)

    def to_bytes(self) -> NDArray[np.uint8]:
        """Return everything in it, for `from_bytes`. Whoever searches or adds waits meanwhile."""
        with self._turn(), translate(FAILED, "save the graph of skills"):
            size, body = self._size, self._index.save()
        header = HEADER.pack(MAGIC, self.dimension, CONNECTIVITY, size, crc32(body), len(body))
        return np.concatenate([np.frombuffer(part, np.uint8) for part in (header, body)])

    @classmethod
    def from_bytes(cls, data: bytes | NDArray[np.uint8], *, dimension: int) -> Self:
        """Return the graph that `to_bytes` wrote.

        Raises:
            StoreError: The bytes are damaged, or of another dimension, other constants or another version of usearch.
            MissingExtraError: usearch is not installed.
        """
        view = memoryview(cast("bytes", data)).cast("B")  # an array is a buffer as well: typed so from Python 3.12 only
        body = view[HEADER.size :]
        # usearch checks little of what it reads: damaged links crash the process, at the next search if not before.
        if len(view) < HEADER.size:
            raise StoreError("a graph of skills is cut short")
        magic, *parameters, size, checksum, length = HEADER.unpack(view[: HEADER.size])
        if (magic, parameters) != (MAGIC, [dimension, CONNECTIVITY]):
            raise StoreError("a graph of skills was written with other parameters")
        if length != len(body) or checksum != crc32(body):
            raise StoreError("a graph of skills is damaged")
        graph = cls(dimension)
        with translate(FAILED, "load the graph of skills"):
            graph._index.load(body)
        if (len(graph._index), graph._index.ndim) != (size, dimension):
            raise StoreError("a graph of skills holds something else than it says")
        graph._size = size
        return graph

    @contextmanager
    def _turn(self) -> Iterator[None]:
        # usearch (2.26) runs one call at a time as well, but whoever adds takes the next turn again and again. Next is
        # whoever holds `_next`: a search beside a long `add` waits 15 ms instead of 42 (p95, one core; 2026-11-24).
        with self._next:
            self._lock.acquire()
        try:
            yield
        finally:
            self._lock.release()

    def _check(self, vectors: Vectors) -> None:
        if vectors.ndim != 2 or vectors.shape[1] != self.dimension:  # noqa: PLR2004 - a matrix has two axes
            raise StoreError(f"vectors of shape {vectors.shape} cannot meet a graph of length {self.dimension}")

    def _small(self, vectors: Vectors) -> NDArray[np.int8]:
        # usearch would let 127 stand for 1, but no component of MiniLM's is above 0.3: of the 256 nearest by eight bits
        # 0.980 were right so, 0.994 at this scale (30,000 labels, all compared; 2026-11-24).
        scale = 127 * max(1.0, self.dimension**0.5 / CLIPPED)
        small: NDArray[np.int8] = np.clip(np.rint(vectors * scale), -127, 127).astype(np.int8)
        return small


def _usearch() -> ModuleType:
    return require("usearch.index", adapter="the graph of skills", extra="hnsw")
