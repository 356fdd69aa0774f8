"""Which segments should become one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from swapmatch.vector_stores.exact.people import Segment

TIER = 4  # times as large as all newer ones together is a segment that a merge leaves alone
IDLE_TIER = 64  # the same while nobody writes: each further segment costs every match a tenth of a millisecond


def out_of_proportion(segments: Sequence[Segment], *, small: int, is_quiet: bool) -> tuple[int, int]:
    """Return which run of segments should become one: from the first to before the second; equal where none should.

    The newest one is the writer's while it is small. Of the others each should be several times as large as all newer
    ones together, so that there are few and the large ones are rebuilt rarely. One with mostly dead people is rebuilt.

    Args:
        segments: Older before newer.
        small: People up to whom the newest one is left to the writer.
        is_quiet: Whether nobody writes.
    """
    tier = IDLE_TIER if is_quiet else TIER
    is_writers = bool(segments) and len(segments[-1]) <= small and not is_quiet
    end = len(segments) - is_writers
    first, newer = end, 0
    for place in range(end - 1, -1, -1):
        size = len(segments[place])
        is_small = newer > 0 and size <= tier * newer
        if is_small or 2 * np.count_nonzero(segments[place].is_alive) < size:
            first = place
        newer += size
    return first, end
