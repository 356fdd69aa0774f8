"""Distinct skills: key <-> id, their vectors, and which of them a seeker's skill meets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from swapmatch.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from swapmatch.ports import Cosines, Vector, Vectors
    from swapmatch.scoring import Scoring

UNIT_TOLERANCE = 1e-3  # of a vector's length


class Dictionary:
    """Every distinct skill with its vector and how many sides name it. Only grows; for one writer at a time.

    Ids are positions. Readers use a `DictionaryView`, whose rows never change.
    """

    def __init__(self, dimension: int | None = None) -> None:
        """Start empty; without a dimension the first vector sets it."""
        self._ids: dict[str, int] = {}
        self._dimension = dimension
        self._vectors = np.zeros((0, dimension or 0), np.float32)
        self._uses = np.zeros(0, np.int32)

    def __len__(self) -> int:
        """How many skills have an id."""
        return len(self._ids)

    def ids(self, keys: Iterable[str]) -> list[int]:
        """Return the id of each key; all must be known."""
        return [self._ids[key] for key in keys]

    def check(self, keys: Iterable[str], vectors: Mapping[str, Vector]) -> list[str]:
        """Return which of the keys are new, once each, after checking that each of these has a sound vector.

        Raises:
            StoreError: A vector is missing, not finite, not of length 1, or of another dimension.
        """
        new = [key for key in dict.fromkeys(keys) if key not in self._ids]
        if missing := [key for key in new if key not in vectors]:
            message = f"{len(missing)} of {len(new)} new skills came without a vector"
            raise StoreError(message)
        dimensions = {vectors[key].shape for key in new}
        if self._dimension is not None:
            dimensions.add((self._dimension,))
        if len(dimensions) > 1:
            message = f"vectors of different shapes meet in one index: {sorted(dimensions)}"
            raise StoreError(message)
        if new:
            lengths = np.linalg.norm(np.stack([vectors[key] for key in new]), axis=1)
            if not np.all(np.abs(lengths - 1.0) < UNIT_TOLERANCE):  # also catches NaN and infinity
                message = "a vector is not finite or not of length 1"
                raise StoreError(message)
        return new

    def add(self, new: list[str], vectors: Mapping[str, Vector]) -> None:
        """Give ids to keys that `check` returned."""
        if not new:
            return
        rows = np.stack([vectors[key] for key in new]).astype(np.float32, copy=False)
        self._dimension = rows.shape[1]
        start, end = len(self._ids), len(self._ids) + len(new)
        if end > len(self._vectors):
            # Grown into a fresh array: views that readers hold keep the old one.
            room = max(1024, 2 * end)
            grown = np.zeros((room, self._dimension), np.float32)
            if start:
                grown[:start] = self._vectors[:start]
            self._vectors = grown
            self._uses = np.concatenate([self._uses[:start], np.zeros(room - start, np.int32)])
        self._vectors[start:end] = rows
        self._ids.update(zip(new, range(start, end), strict=True))

    def count(self, keys: Iterable[str], step: int) -> None:
        """Note that one more (step 1) or one less (step -1) side names each of these keys."""
        for key in keys:
            self._uses[self._ids[key]] += step

    def unused(self) -> int:
        """How many skills nobody names any more."""
        return int(np.count_nonzero(self._uses[: len(self)] == 0))

    def without_unused(self) -> Dictionary:
        """Return a new dictionary of the skills in use; ids differ."""
        fresh = Dictionary(self._dimension)
        kept = [key for key, number in self._ids.items() if self._uses[number] > 0]
        fresh.add(kept, {key: self._vectors[self._ids[key]] for key in kept})
        if kept:
            fresh._uses[: len(kept)] = self._uses[self.ids(kept)]
        return fresh

    def view(self) -> DictionaryView:
        """Return what readers may keep."""
        size = len(self)
        return DictionaryView(tuple(self._ids), self._vectors[:size], self._uses[:size] > 0)


@dataclass(frozen=True, slots=True)
class DictionaryView:
    """The dictionary at one moment.

    Attributes:
        keys: The key of each id.
        vectors: Their vectors, `(skills, dimension)`.
        is_used: Whether anybody names the skill.
    """

    keys: tuple[str, ...]
    vectors: Vectors
    is_used: NDArray[np.bool_]

    def cosines(self, query: Vectors) -> Cosines:
        """Return the cosine of each row of a query with each skill, `(rows, skills)`."""
        if query.ndim != 2 or query.shape[1] != self.vectors.shape[1]:  # noqa: PLR2004 - a matrix has two axes
            message = f"a query of shape {query.shape} cannot meet vectors of length {self.vectors.shape[1]}"
            raise StoreError(message)
        return query.astype(np.float32, copy=False) @ self.vectors.T

    def meetings(self, query: Vectors, scoring: Scoring) -> Cosines:
        """Return the cosines that count: 0 below the floor, beyond the neighbour limit and for unused skills."""
        cosines = self.cosines(query)
        cosines[:, ~self.is_used] = 0.0
        cosines[cosines < scoring.floor] = 0.0
        if scoring.neighbours < len(self.keys):
            for row in cosines:
                self._keep_nearest(row, scoring.neighbours)
        return cosines

    def _keep_nearest(self, row: NDArray[np.float32], limit: int) -> None:
        """Set all but the `limit` highest of a row to 0, in place; of equal ones the smaller keys stay."""
        met = np.flatnonzero(row)
        if met.size <= limit:
            return
        last = np.partition(row[met], met.size - limit)[met.size - limit]
        room = limit - int(np.count_nonzero(row > last))
        ties = sorted(met[row[met] == last], key=lambda number: self.keys[number])
        row[row < last] = 0.0
        row[ties[room:]] = 0.0
