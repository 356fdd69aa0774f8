"""The best people of one segment for a query."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from swapmatch.scoring import DECIMALS
from swapmatch.vector_stores.exact.marks import distinct
from swapmatch.vector_stores.exact.ranking import Ranked, Scored, Wanted, top_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from swapmatch.ports import Cosines
    from swapmatch.vector_stores.exact.people import Segment, Table
    from swapmatch.vector_stores.exact.rows import Ids, People

    Scores = NDArray[np.float64]

NEAREST = 64  # skills a row of the query that are looked at first
WIDER = 8  # times as many with each further look


def rank_hits(segment: Segment, table: Table, cosines: Cosines, wanted: Wanted) -> list[Ranked]:
    """Return the best people for a query: at least the first `limit` of those who score above 0.

    Looks at the people of the nearest skills of each row, and at more skills only while somebody who has none of these
    could still be among the best: nobody else scores more than the mean of the rows' last cosines.

    Args:
        segment: The people.
        table: The side that is searched.
        cosines: Of the query's rows with each skill, `(rows, skills)`, each at least 0.
        wanted: Who may be returned, and how many.
    """
    limit = wanted.limit
    skills, nearest = cosines.shape[1], NEAREST
    while True:
        chosen, beyond = _nearest(cosines, min(nearest, skills))
        people = segment.allowed(distinct(table.spans(chosen).people()), wanted.fitting, wanted.excluded)
        scores = _scores(table, cosines, people)
        is_done = scores.size >= limit and np.partition(scores, -limit)[-limit] > beyond
        if is_done or nearest >= skills:
            return top_of(segment, Scored(people, scores, np.zeros_like(scores)), limit)
        nearest *= WIDER


def _nearest(cosines: Cosines, limit: int) -> tuple[Ids, float]:
    """Return the nearest skills of all rows, and what somebody without any of these cannot exceed."""
    if limit == cosines.shape[1]:
        return np.arange(limit, dtype=np.int32), 0.0
    places = np.argpartition(cosines, -limit, axis=1)[:, -limit:]
    last = np.take_along_axis(cosines, places, axis=1).min(axis=1)
    return np.unique(places).astype(np.int32), float(last.mean(dtype=np.float64)) + 10.0**-DECIMALS


def _scores(table: Table, cosines: Cosines, people: People) -> Scores:
    """Return the mean over the rows of each person's best cosine; everybody has at least one skill."""
    ids, starts, _ = table.rows(people)
    each = np.maximum.reduceat(cosines[:, ids], starts, axis=1)
    scores: Scores = np.minimum(each.mean(axis=0, dtype=np.float64), 1.0).round(DECIMALS)
    return scores
