"""Distinct skills: key <-> id, their vectors, and which of them anybody names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from swapmatch.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from swapmatch.ports import Cosines, Vector, Vectors

    Ids = NDArray[np.int32]

UNIT_TOLERANCE = 1e-3  # of a vector's length
ROOM = 1024  # skills that the arrays have room for at first


@dataclass(frozen=True, slots=True)
class DictionaryView:
    """The dictionary at one moment. Ids only grow, so a later view of the same dictionary starts with the same rows.

    Attributes:
        keys: The key of each id; may have grown beyond this view.
        ids: The id of each key; likewise.
        vectors: Their vectors, `(skills, dimension)`.
        is_used: Whether anybody names the skill.
    """

    keys: Sequence[str]
    ids: Mapping[str, int]
    vectors: Vectors
    is_used: NDArray[np.bool_]

    def __len__(self) -> int:
        """How many skills have an id."""
        return len(self.is_used)

    def id_of(self, key: str) -> int | None:
        """Return the id of a key that stands in this view."""
        number = self.ids.get(key)
        return number if number is not None and number < len(self) else None

    def cosines(self, query: Vectors) -> Cosines:
        """Return the cosine of each row of a query with each skill, `(rows, skills)`."""
        if query.ndim != 2 or query.shape[1] != self.vectors.shape[1]:  # noqa: PLR2004 - a matrix has two axes
            message = f"a query of shape {query.shape} cannot meet vectors of length {self.vectors.shape[1]}"
            raise StoreError(message)
        return query.astype(np.float32, copy=False) @ self.vectors.T


class Dictionary:
    """Every distinct skill with its vector and how many sides name it. Only grows; for one writer at a time."""

    def __init__(self, keys: Sequence[str] = (), vectors: Vectors | None = None, uses: Ids | None = None) -> None:
        """Start with nothing, or with what another dictionary held; the arrays are not written to."""
        self._keys = list(keys)
        self._ids = {key: number for number, key in enumerate(self._keys)}
        self._vectors = np.zeros((0, 0), np.float32) if vectors is None else vectors
        self._uses = np.zeros(0, np.int32) if uses is None else np.array(uses)
        self._is_used = self._uses > 0

    def __len__(self) -> int:
        """How many skills have an id."""
        return len(self._keys)

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
        shapes = {vectors[key].shape for key in new}
        if len(self):
            shapes.add((self._vectors.shape[1],))
        if len(shapes) > 1:
            message = f"vectors of different shapes meet in one index: {sorted(shapes)}"
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
        start, end = len(self), len(self) + len(new)
        if end > len(self._vectors):
            # Grown into fresh arrays: views that readers hold keep the old ones.
            room = max(ROOM, end + end // 2)
            grown = np.zeros((room, rows.shape[1]), np.float32)
            if start:
                grown[:start] = self._vectors[:start]
            self._vectors = grown
            self._uses = np.concatenate([self._uses[:start], np.zeros(room - start, np.int32)])
        self._vectors[start:end] = rows
        self._ids.update(zip(new, range(start, end), strict=True))
        self._keys += new

    def count(self, ids: Ids, step: int) -> None:
        """Note for each of these ids that one more (step 1) or one less (step -1) side names it."""
        np.add.at(self._uses, ids, step)
        is_used = self._uses[: len(self)] > 0
        if not np.array_equal(is_used, self._is_used):
            self._is_used = is_used

    def view(self) -> DictionaryView:
        """Return what readers may keep."""
        return DictionaryView(self._keys, self._ids, self._vectors[: len(self)], self._is_used)

    def uses(self) -> Ids:
        """Return how many sides name each skill."""
        return self._uses[: len(self)]

    def without_unused(self) -> tuple[Dictionary, Ids]:
        """Return a new dictionary of the skills in use, and the new id of each old one (-1 where there is none)."""
        kept = np.flatnonzero(self.uses())
        new_ids = np.full(len(self), -1, np.int32)
        new_ids[kept] = np.arange(kept.size, dtype=np.int32)
        keys = [self._keys[number] for number in kept.tolist()]
        return Dictionary(keys, self._vectors[kept], self._uses[kept]), new_ids
