"""Distinct skills: key <-> id, their vectors, and which of them anybody names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from swapmatch.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from swapmatch.ports import Cosines, Vector, Vectors
    from swapmatch.vector_stores.exact.rows import Ids

UNIT_TOLERANCE = 1e-3  # of a vector's length
FEW = 4  # rows of a query
CACHED = 1024  # vectors read at a time: 1.5 MB at 384 numbers
ROOM = 1024  # skills that a block of vectors has room for at least


@dataclass(frozen=True, slots=True)
class DictionaryView:
    """The dictionary at one moment. Ids only grow, so a later view of the same dictionary starts with the same rows.

    Attributes:
        keys: The key of each id, blank where it has died; may be ahead of this view.
        ids: The id of each key that is alive; likewise.
        blocks: Their vectors in several arrays, `(skills of the block, dimension)`.
        is_used: Whether anybody names the skill.
        deaths: How many skills have died so far.
    """

    keys: Sequence[str]
    ids: Mapping[str, int]
    blocks: tuple[Vectors, ...]
    is_used: NDArray[np.bool_]
    deaths: int

    def __len__(self) -> int:
        """How many skills have an id."""
        return len(self.is_used)

    @property
    def dimension(self) -> int:
        """Length of a vector; 0 before there is any."""
        return self.blocks[0].shape[1] if self.blocks else 0

    def id_of(self, key: str) -> int | None:
        """Return the id of a key that stands in this view."""
        number = self.ids.get(key)
        return number if number is not None and number < len(self) else None

    def cosines(self, query: Vectors, *, since: int = 0) -> Cosines:
        """Return the cosine of each row of a query with each skill from an id on, `(rows, skills)`."""
        if query.ndim != 2 or query.shape[1] != self.dimension:  # noqa: PLR2004 - a matrix has two axes
            message = f"a query of shape {query.shape} cannot meet vectors of length {self.dimension}"
            raise StoreError(message)
        found = np.empty((len(query), len(self) - since), np.float32)
        start = -since
        for block in self.blocks:
            end = start + len(block)
            if end > 0:
                found[:, max(start, 0) : end] = _products(query, block[max(-start, 0) :])
            start = end
        return found

    def vectors(self, ids: Ids) -> Vectors:
        """Return the vectors of some skills, `(ids, dimension)`."""
        found = np.empty((len(ids), self.dimension), np.float32)
        start = 0
        for block in self.blocks:
            is_here = (ids >= start) & (ids < start + len(block))
            found[is_here] = block[ids[is_here] - start]
            start += len(block)
        return found


class Keys:
    """Distinct keys, numbered as they come. For one writer at a time and any number of readers."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        """Start with these; a blank one has no id."""
        self.list = list(keys)
        self.ids = {key: number for number, key in enumerate(self.list) if key}

    def __len__(self) -> int:
        """How many ids were given."""
        return len(self.list)

    def add(self, keys: Iterable[str]) -> None:
        """Give ids to those that have none."""
        for key in keys:
            if key not in self.ids:
                self.list.append(key)
                self.ids[key] = len(self.list) - 1  # last: whoever finds an id finds its key

    def remove(self, number: int) -> None:
        """Forget a key; its id stays empty for good."""
        self.ids.pop(self.list[number], None)
        self.list[number] = ""

    def numbers(self, keys: Iterable[str]) -> list[int]:
        """Return the id of each key; all must have one."""
        ids = self.ids
        return [ids[key] for key in keys]


class Dictionary:
    """Every distinct skill with its vector and how many sides name it; for one writer at a time.

    A skill that nobody names any more dies: its key is forgotten, and if it comes back it is a new one. Vectors stand
    in blocks that are never copied: each new one has as much room as all before together.
    """

    def __init__(
        self, keys: Iterable[str] = (), vectors: Vectors | None = None, uses: NDArray[np.int32] | None = None
    ) -> None:
        """Start with nothing, or with what another dictionary held; the vectors are not written to.

        Args:
            keys: Of each skill, blank for one that has died.
            vectors: Of each skill.
            uses: How many sides name each.
        """
        self._keys = Keys(keys)
        self._blocks: list[Vectors] = [] if vectors is None or not len(vectors) else [vectors]
        self._uses = np.zeros(0, np.int32) if uses is None else np.array(uses)
        self._is_used = self._uses > 0
        self._deaths = 0
        self.unused = int(np.count_nonzero(~self._is_used))  # ids of skills that have died

    def __len__(self) -> int:
        """How many skills have an id, also those that have died."""
        return len(self._keys)

    @property
    def numbers(self) -> Callable[[Iterable[str]], list[int]]:
        """Keys -> their ids; all must be known."""
        return self._keys.numbers

    def check(self, keys: Iterable[str], vectors: Mapping[str, Vector]) -> list[str]:
        """Return which of the keys are new, once each, after checking that each of these has a sound vector.

        Raises:
            StoreError: A vector is missing, not finite, not of length 1, or of another dimension.
        """
        new = [key for key in dict.fromkeys(keys) if key not in self._keys.ids]
        if missing := [key for key in new if key not in vectors]:
            message = f"{len(missing)} of {len(new)} new skills came without a vector"
            raise StoreError(message)
        shapes = {vectors[key].shape for key in new} | {block.shape[1:] for block in self._blocks[:1]}
        if len(shapes) > 1:
            message = f"vectors of different shapes meet in one index: {sorted(shapes)}"
            raise StoreError(message)
        if new:
            lengths = np.linalg.norm(np.stack([vectors[key] for key in new]), axis=1)
            if not np.all(np.abs(lengths - 1.0) < UNIT_TOLERANCE):  # also catches NaN and infinity
                message = "a vector is not finite or not of length 1"
                raise StoreError(message)
        return new

    def add(self, new: Sequence[str], vectors: Mapping[str, Vector]) -> None:
        """Give ids to keys that `check` returned; `count` has to follow before anybody looks."""
        if not new:
            return
        rows = np.stack([vectors[key] for key in new]).astype(np.float32, copy=False)
        self._uses = np.concatenate([self._uses, np.zeros(len(rows), np.int32)])
        if room := sum(map(len, self._blocks)) - len(self):  # left in the last block
            at = len(self._blocks[-1]) - room
            self._blocks[-1][at : at + len(rows)] = rows[:room]
            rows = rows[room:]
        if len(rows):
            self._blocks.append(np.empty((max(ROOM, len(self), len(rows)), rows.shape[1]), np.float32))
            self._blocks[-1][: len(rows)] = rows
        self._keys.add(new)

    def count(self, ids: Ids, step: int) -> None:
        """Note for each of these ids that one more (step 1) or one less (step -1) side names it."""
        np.add.at(self._uses, ids, step)
        named = np.unique(ids)
        gone = named[self._uses[named] == 0]
        for number in gone.tolist():
            self._keys.remove(number)
        self._deaths += gone.size
        self.unused += gone.size
        if gone.size or len(self._is_used) < len(self):
            self._is_used = self._uses > 0

    def view(self) -> DictionaryView:
        """Return what readers may keep."""
        left, blocks = len(self), []
        for block in self._blocks:
            blocks.append(block[:left])
            left -= len(blocks[-1])
        return DictionaryView(self._keys.list, self._keys.ids, tuple(blocks), self._is_used, self._deaths)

    def keys(self) -> list[str]:
        """Return a copy of the key of each id."""
        return list(self._keys.list)

    def uses(self) -> NDArray[np.int32]:
        """Return how many sides name each skill."""
        return self._uses

    def without_unused(self) -> tuple[Dictionary, Ids]:
        """Return a new dictionary of the skills in use, and the new id of each old one (-1 where there is none)."""
        kept = np.flatnonzero(self._uses).astype(np.int32)
        keys = [self._keys.list[number] for number in kept.tolist()]
        return Dictionary(keys, self.view().vectors(kept), self._uses[kept]), renumbering(kept, len(self))


def renumbering(kept: Ids, size: int) -> Ids:
    """Return the new id of each of so many old ones, -1 where it is not kept."""
    new_ids = np.full(size, -1, np.int32)
    new_ids[kept] = np.arange(kept.size, dtype=np.int32)
    return new_ids


def _products(query: Vectors, block: Vectors) -> Cosines:
    """Return `query @ block.T`.

    Of few rows, product by product is faster than a matrix product: the first row reads the vectors in their order and
    leaves them in the cache for the others, 5 instead of 12 to 19 ms for two rows and 60,000 skills. It also leaves the
    other cores alone: the threads of OpenBLAS spin on for a while, which slowed the encoder down to half (2026-11-24).
    """
    if len(query) > FEW:
        return (block @ query.T).T  # the block first: 14 ms instead of 22
    found = np.empty((len(query), len(block)), np.float32)
    for start in range(0, len(block), CACHED):
        for row, products in zip(query, found, strict=True):
            np.vecdot(block[start : start + CACHED], row, out=products[start : start + CACHED])
    return found
