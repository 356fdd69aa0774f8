"""HashingEncoder: lexical vectors for tests; it compares spellings, not meanings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self
from zlib import crc32

import numpy as np

from swapmatch.errors import ConfigurationError
from swapmatch.relevance import Relevance

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from swapmatch.ports import Vectors


class HashingEncoder:
    """LEXICAL, for tests only: texts that share words and parts of words are near, whatever they mean.

    Words and their three-letter parts are hashed into a fixed number of signed buckets. It needs no model, starts at
    once, and knows nothing: "car" and "automobile" are strangers to it. Never offer its matches to people.
    """

    relevance = Relevance(midpoint=0.60, scale=0.08)

    def __init__(self, *, dimension: int = 256) -> None:
        """Choose the number of buckets, at least 8."""
        if dimension < 8:  # noqa: PLR2004 - fewer buckets than this collide on everything
            message = f"the hashing encoder needs a dimension of at least 8, not {dimension}"
            raise ConfigurationError(message)
        self.dimension = dimension
        self.fingerprint = f"hashing-lexical-1/{dimension}"

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Open from `hashing:` or `hashing:DIMENSION`."""
        _, _, dimension = url.partition(":")
        if dimension and not dimension.isascii():
            dimension = "?"
        if not dimension:
            return cls()
        if not dimension.isdigit():
            message = f"write hashing: or hashing:256, not {url!r}"
            raise ConfigurationError(message)
        return cls(dimension=int(dimension))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See Encoder.encode."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            for part in _parts(text):
                code = crc32(part.encode("utf-8", "replace"))
                vector[(code >> 1) % self.dimension] += 1.0 if code & 1 else -1.0
            if not vector.any():  # parts that cancel out, or no parts: any fixed direction is as good
                vector[crc32(text.encode("utf-8", "replace")) % self.dimension] = 1.0
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


def _parts(text: str) -> Iterator[str]:
    for word in text.casefold().split():
        yield word
        padded = f" {word} "
        yield from (padded[start : start + 3] for start in range(len(padded) - 2))
