"""Texts as arrays: which place a text has, and which text stands at a place, without an object a text."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from swapmatch.vector_stores.exact.rows import concatenated, ranges, starts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from swapmatch.vector_stores.exact.rows import Ids, Starts

BLOCK = 65_536  # texts copied at a time: an index over their bytes takes eight times what they take


@dataclass(frozen=True, slots=True)
class Hashed:
    """Some texts, ready to be looked up in several places.

    Attributes:
        encoded: In UTF-8.
        hashes: Of each.
    """

    encoded: Sequence[bytes]
    hashes: NDArray[np.uint64]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """Prepare these."""
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        return cls(encoded, _hashes(encoded))

    def where(self, is_wanted: NDArray[np.bool_]) -> Hashed:
        """Return some of them."""
        if is_wanted.all():
            return self
        return Hashed([self.encoded[place] for place in np.flatnonzero(is_wanted).tolist()], self.hashes[is_wanted])


@dataclass(frozen=True, slots=True)
class Texts:
    """Distinct texts that never change: 21 bytes each and their own (a list and a dict of texts take 130 and more).

    Attributes:
        blob: All texts in UTF-8, one after the other.
        starts: Where each begins, `(texts + 1,)`.
        hashes: Of each text, 64 bits; equal hashes are told apart by the texts.
        order: Places by ascending hash.
    """

    blob: NDArray[np.uint8]
    starts: Starts
    hashes: NDArray[np.uint64]
    order: Ids

    @classmethod
    def of(cls, texts: Hashed) -> Self:
        """Keep these texts, which must be distinct."""
        counts = np.fromiter(map(len, texts.encoded), np.int64, len(texts.encoded))
        return cls.ordered(np.frombuffer(b"".join(texts.encoded), np.uint8), starts_of(counts), texts.hashes)

    @classmethod
    def ordered(cls, blob: NDArray[np.uint8], starts: Starts, hashes: NDArray[np.uint64]) -> Self:
        """Keep texts of which all but the order is known."""
        return cls(blob, starts, hashes, np.argsort(hashes, kind="stable").astype(np.int32))

    def __len__(self) -> int:
        """How many."""
        return len(self.hashes)

    def __getitem__(self, place: int) -> str:
        """Return the text at a place."""
        return self._bytes(place).decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        """Go through all of them in their order."""
        return (self[place] for place in range(len(self)))

    def find(self, texts: Hashed) -> Ids:
        """Return the place of each text, -1 where it does not stand here."""
        found = np.full(len(texts.hashes), -1, np.int32)
        if not (len(self) and found.size):
            return found
        at = np.searchsorted(self.hashes, texts.hashes, sorter=self.order)
        is_there = self.hashes[self.order[np.minimum(at, len(self) - 1)]] == texts.hashes
        for number in np.flatnonzero(is_there).tolist():
            found[number] = self._find_from(int(at[number]), texts.hashes[number], texts.encoded[number])
        return found

    def take(self, places: Ids) -> Texts:
        """Return the texts of these places, in this order."""
        if places.size == len(self) and np.array_equal(places, np.arange(len(self))):
            return self
        counts = self.starts[places + 1] - self.starts[places]
        firsts = self.starts[places]
        parts = [
            self.blob[ranges(firsts[start : start + BLOCK], counts[start : start + BLOCK])]
            for start in range(0, places.size, BLOCK)
        ]
        return Texts.ordered(concatenated(parts, np.uint8), starts_of(counts), self.hashes[places])

    @classmethod
    def joined(cls, parts: Sequence[Texts]) -> Texts:
        """Return the texts of several, one after the other; together they must be distinct."""
        if len(parts) == 1:
            return parts[0]
        counts = [np.diff(part.starts) for part in parts]
        return cls.ordered(
            np.concatenate([part.blob for part in parts]),
            starts_of(np.concatenate(counts)),
            np.concatenate([part.hashes for part in parts]),
        )

    def _bytes(self, place: int) -> bytes:
        return self.blob[self.starts[place] : self.starts[place + 1]].tobytes()

    def _find_from(self, at: int, wanted: np.uint64, text: bytes) -> int:
        while at < len(self) and self.hashes[self.order[at]] == wanted:
            if self._bytes(int(self.order[at])) == text:
                return int(self.order[at])
            at += 1
        return -1


def _hashes(encoded: Sequence[bytes]) -> NDArray[np.uint64]:
    digests = b"".join([hashlib.blake2b(text, digest_size=8).digest() for text in encoded])
    return np.frombuffer(digests, "<u8").astype(np.uint64, copy=False)
