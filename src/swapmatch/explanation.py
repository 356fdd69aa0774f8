"""Why two people match: which offer meets which need, and the same in a sentence."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Literal

import numpy as np

from swapmatch.models import Pairing
from swapmatch.scoring import DECIMALS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from swapmatch.ports import Cosines

CLEAR = 0.5  # relevance from which two texts are more likely one skill than not
TOLD = 2  # pairings of a direction that the sentence names


def pairings(
    direction: Literal["receives", "gives"],
    needs: Sequence[str],
    offers: Sequence[str],
    similarities: Cosines,
    relevances: NDArray[np.float64],
) -> list[Pairing]:
    """Return the best offer for each need that is clearly met, most relevant first, or else the single best pairing.

    Args:
        direction: Whose needs these are.
        needs: Skills of the one who needs.
        offers: Skills of the one who offers.
        similarities: Cosines `(needs, offers)`.
        relevances: Of the same pairs.
    """
    nearest = relevances.argmax(axis=1)
    rows = np.arange(len(needs))
    found = sorted(
        zip(
            relevances[rows, nearest].tolist(),
            similarities[rows, nearest].tolist(),
            needs,
            nearest.tolist(),
            strict=True,
        ),
        key=itemgetter(0),
        reverse=True,
    )
    clear = [pair for pair in found if pair[0] >= CLEAR] or [pair for pair in found[:1] if pair[0] > 0]
    return [
        Pairing(
            direction=direction,
            need=need,
            offer=offers[offer],
            similarity=round(similarity, DECIMALS),
            relevance=round(relevance, DECIMALS),
        )
        for relevance, similarity, need, offer in clear
    ]


def sentence(name: str | None, found: Sequence[Pairing]) -> str:
    """Return what to tell the seeker: "you need guitar lessons: Ben offers acoustic guitar; ..."."""
    who = name or "they"
    told = []
    for pairing in _first_of_each_direction(found):
        doubt = "" if pairing.relevance >= CLEAR else " (perhaps)"
        if pairing.direction == "receives":
            verb = "offers" if name else "offer"
            told.append(f"you need {pairing.need}: {who} {verb} {pairing.offer}{doubt}")
        else:
            verb = "needs" if name else "need"
            told.append(f"{who} {verb} {pairing.need}: you offer {pairing.offer}{doubt}")
    return "; ".join(told)


def _first_of_each_direction(found: Sequence[Pairing]) -> list[Pairing]:
    receives = [pairing for pairing in found if pairing.direction == "receives"]
    gives = [pairing for pairing in found if pairing.direction == "gives"]
    return receives[:TOLD] + gives[:TOLD]
