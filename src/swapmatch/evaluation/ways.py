"""Three ways to rank people for one of them, behind one protocol."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np

from swapmatch.errors import PeopleFileError
from swapmatch.fusion import harmonic
from swapmatch.matcher import Matcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from swapmatch.evaluation.datasets import Dataset
    from swapmatch.ports import Encoder, Vector, Vectors
    from swapmatch.relevance import Relevance

    Say = Callable[[str], object]
    Values = NDArray[np.float64]

WAYS = ("wap", "pooled", "swapmatch")
SEARCHED = 50  # people that each of the two searches of the wap way returns
THRESHOLD = 0.2  # the cosine below which these searches return nobody
BATCH = 256  # texts encoded at a time
SAY_EVERY_S = 10.0


class Way(Protocol):
    """Ranks the others for one person of a data set."""

    def rank(self, person: int, limit: int) -> list[int]:
        """Return at most `limit` others, best first; nobody twice, never the person."""
        ...


class RememberingEncoder:
    """An Encoder that encodes no text twice, so that several ways share one run of the model."""

    def __init__(self, encoder: Encoder, say: Say) -> None:
        """Wrap an encoder; `say` takes messages about progress."""
        self._encoder = encoder
        self._say = say
        self._known: dict[str, Vector] = {}

    @property
    def dimension(self) -> int:
        """See Encoder."""
        return self._encoder.dimension

    @property
    def fingerprint(self) -> str:
        """See Encoder."""
        return self._encoder.fingerprint

    @property
    def relevance(self) -> Relevance:
        """See Encoder."""
        return self._encoder.relevance

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See Encoder.encode."""
        # Sorted by length: a batch is padded to its longest text.
        new = sorted({text for text in texts if text not in self._known}, key=lambda text: (len(text), text))
        started = said = time.monotonic()
        for start in range(0, len(new), BATCH):
            batch = new[start : start + BATCH]
            self._known.update(zip(batch, self._encoder.encode(batch), strict=True))
            if time.monotonic() - said > SAY_EVERY_S:
                said, done = time.monotonic(), start + len(batch)
                self._say(f"embedded {done:,} of {len(new):,} texts, {done / (said - started):.0f}/s")
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        return np.stack([self._known[text] for text in texts])


@dataclass(frozen=True, slots=True)
class Pooled:
    """One vector a side of everybody: the embedding of the whole text. A blank side is all 0.

    Attributes:
        offers: `(people, dimension)`.
        needs: Likewise.
    """

    offers: Vectors
    needs: Vectors

    @classmethod
    def of(cls, dataset: Dataset, encoder: Encoder) -> Pooled:
        """Embed the sides of a data set."""
        written = [text for text in (*dataset.offers, *dataset.needs) if text.strip()]
        encoder.encode(written)  # all at once, so that batches are of one length
        return cls(_whole_texts(dataset.offers, encoder), _whole_texts(dataset.needs, encoder))

    def cosines(self, person: int) -> tuple[Values, Values]:
        """Return the cosines of my need with their offers, and of my offer with their needs; -1 with myself."""
        receives = (self.offers @ self.needs[person]).astype(np.float64)
        gives = (self.needs @ self.offers[person]).astype(np.float64)
        receives[person] = gives[person] = -1.0
        return receives, gives

    def scores(self, person: int) -> Values:
        """Return the harmonic mean of both cosines, those below 0 taken as 0, for everybody."""
        receives, gives = self.cosines(person)
        return harmonic(np.maximum(receives, 0.0), np.maximum(gives, 0.0))


class WapWay:
    """The usual way: two vector searches, and whoever is in both.

    My need is searched among their offers and my offer among their needs, each for the 50 nearest people with a cosine
    of at least 0.2; whoever is found by both searches is ranked by the harmonic mean of the two cosines.
    """

    def __init__(self, pooled: Pooled) -> None:
        """Rank by these vectors."""
        self._pooled = pooled

    def rank(self, person: int, limit: int) -> list[int]:
        """See Way."""
        receives, gives = self._pooled.cosines(person)
        both = sorted(_search(receives) & _search(gives))
        return [both[place] for place in _best(harmonic(receives[both], gives[both]), limit)]


class PooledWay:
    """The same score as the wap way, worked out for everybody: what its two searches lose, and nothing else."""

    def __init__(self, pooled: Pooled) -> None:
        """Rank by these vectors."""
        self._pooled = pooled

    def rank(self, person: int, limit: int) -> list[int]:
        """See Way."""
        return _best(self._pooled.scores(person), limit)


class SwapmatchWay:
    """`Matcher.match` of a stored person, with everybody in memory and the exact index."""

    def __init__(self, matcher: Matcher, uids: Sequence[str]) -> None:
        """Ask a matcher that holds these people; it is closed with the way."""
        self._matcher = matcher
        self._uids = uids
        self._numbers = {uid: number for number, uid in enumerate(uids)}

    @classmethod
    def of(cls, dataset: Dataset, encoder: Encoder, say: Say) -> Self:
        """Store everybody.

        Raises:
            PeopleFileError: Somebody is no valid profile.
        """
        matcher = Matcher.open("memory:", encoder=encoder)
        started = time.perf_counter()
        report = matcher.put_many(_rows(dataset))
        took = time.perf_counter() - started
        say(f"stored {report.written:,} people with {report.embedded:,} distinct skills in {took:.1f} s")
        if report.rejects:
            matcher.close()
            first = report.rejects[0]
            message = f"{len(report.rejects):,} people of {dataset.name} cannot be stored; {first.uid}: {first.reason}"
            raise PeopleFileError(message)
        return cls(matcher, dataset.uids)

    def rank(self, person: int, limit: int) -> list[int]:
        """See Way."""
        return [self._numbers[match.profile.uid] for match in self._matcher.match(self._uids[person], limit=limit)]

    def close(self) -> None:
        """Close the matcher."""
        self._matcher.close()


def _whole_texts(texts: Sequence[str], encoder: Encoder) -> Vectors:
    vectors = np.zeros((len(texts), encoder.dimension), np.float32)
    written = [number for number, text in enumerate(texts) if text.strip()]
    vectors[written] = encoder.encode([texts[number] for number in written])
    return vectors


def _search(cosines: Values) -> set[int]:
    nearest = np.argsort(-cosines, kind="stable")[:SEARCHED]
    return set(nearest[cosines[nearest] >= THRESHOLD].tolist())


def _best(scores: Values, limit: int) -> list[int]:
    first = np.argsort(-scores, kind="stable")[:limit]
    return [int(place) for place in first if scores[place] > 0]


def _rows(dataset: Dataset) -> Iterator[dict[str, str]]:
    for uid, offers, needs in zip(dataset.uids, dataset.offers, dataset.needs, strict=True):
        yield {"uid": uid, "skills_to_offer": offers, "services_needed": needs}
