"""Rows of different lengths in one flat array: where they start, and many of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Ids = NDArray[np.int32]
People = NDArray[np.int32]
Starts = NDArray[np.signedinteger[Any]]  # int32 where it suffices

Scalar = TypeVar("Scalar", bound=np.generic)


def starts_of(counts: NDArray[np.integer]) -> Starts:
    """Return where rows of these lengths start, and where the last one ends, `(rows + 1,)`."""
    starts = np.zeros(counts.size + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    return starts.astype(np.int32) if starts[-1] <= np.iinfo(np.int32).max else starts


def ranges(starts: Starts, counts: Starts) -> Starts:
    """Return starts[0], starts[0] + 1, ... (counts[0] of them), starts[1], ...: many slices as one index."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if ends.size else 0
    return np.arange(total) + np.repeat(starts - ends + counts, counts)


def concatenated(parts: Sequence[NDArray[Scalar]], dtype: type[Scalar]) -> NDArray[Scalar]:
    """Return the parts one after the other, also where there are none."""
    return np.concatenate(parts) if parts else np.zeros(0, dtype)
