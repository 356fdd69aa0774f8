"""An HNSW graph over distinct skills (usearch): nearly all of the nearest, without a look at each."""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from swapmatch._extras import require
from swapmatch.errors import MissingExtraError, StoreError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from swapmatch.ports import Vectors
    from swapmatch.vector_stores.exact.rows import Ids

# Distinct skills beyond which looking at each of them takes more than 10 ms for a single one (9 ms at 60,000 with 384
# floats on one core, 2026-11-24).
BEYOND = 65_536
# Of the 256 nearest among 500,000 (60,000 ESCO labels, and wordings made of them) this found 0.997 in 4.8 ms; an
# expansion of 256 found 0.988 in 2.7 ms, one of 768 0.999 in 7.1 ms. Adding one took 1 ms (one core, 2026-11-24).
CONNECTIVITY, EXPANSION_ADD, EXPANSION_SEARCH = 16, 128, 512
STEP = 4  # skills added while those who search wait: 3 ms
PAUSE_S = 0.0001  # between two steps, so that whoever waits gets the lock


class Graph:
    """Finds nearly all of the skills nearest to one. Its ids count up from 0 in the order in which they are added.

    The vectors in it are float16: they only find. Cosines are worked out from the dictionary's. usearch lets nobody
    search while somebody adds, so all calls take turns; who adds does so a few at a time.
    """

    def __init__(self, dimension: int) -> None:
        """Start with nothing. Raises MissingExtraError where usearch is not installed."""
        usearch = require("usearch.index", adapter="the graph of skills", extra="hnsw")
        self._dimension = dimension
        self._index: Any = usearch.Index(
            ndim=dimension,
            metric="ip",
            dtype="f16",
            connectivity=CONNECTIVITY,
            expansion_add=EXPANSION_ADD,
            expansion_search=EXPANSION_SEARCH,
        )
        self._lock = Lock()

    @classmethod
    def is_available(cls) -> bool:
        """Return whether usearch is installed."""
        try:
            require("usearch.index", adapter="the graph of skills", extra="hnsw")
        except MissingExtraError:
            return False
        return True

    def __len__(self) -> int:
        """How many skills are in it."""
        return len(self._index)

    def add(self, vectors: Vectors) -> None:
        """Add the next skills; for one thread at a time."""
        for start in range(0, len(vectors), STEP):
            step = vectors[start : start + STEP]
            with self._lock:
                first = len(self._index)
                self._index.add(np.arange(first, first + len(step), dtype=np.uint64), step, threads=1)
            time.sleep(PAUSE_S)

    def nearest(self, queries: Vectors, *, limit: int) -> list[Ids]:
        """Return the ids of about the `limit` skills nearest to each of these, in any order."""
        if not len(self):
            return [np.zeros(0, np.int32)] * len(queries)
        with self._lock:
            found = [self._index.search(query, limit, threads=1).keys for query in queries]
        return [keys.astype(np.int32) for keys in found]

    def to_bytes(self) -> NDArray[np.uint8]:
        """Return what `from_bytes` takes; nobody finds anything meanwhile."""
        with self._lock:
            return np.frombuffer(self._index.save(None), np.uint8)

    @classmethod
    def from_bytes(cls, data: NDArray[np.uint8], *, dimension: int) -> Self:
        """Return what was saved. The bytes must be sound: usearch takes them as they are.

        Raises:
            StoreError: They are no graph of such vectors.
        """
        graph = cls(dimension)
        try:
            graph._index.load(data.tobytes())
        except Exception as error:  # whatever usearch makes of it
            message = "the graph of skills is damaged"
            raise StoreError(message) from error
        if graph._index.ndim != dimension:
            message = f"the graph of skills is of vectors of length {graph._index.ndim}, not {dimension}"
            raise StoreError(message)
        graph._index.expansion_search = EXPANSION_SEARCH
        return graph
