"""QdrantVectorStore: the port, over two collections in Qdrant."""

from __future__ import annotations

import logging
import math
import warnings
from itertools import chain
from typing import TYPE_CHECKING, Self

import numpy as np
from qdrant_client import QdrantClient

from swapmatch.errors import ConfigurationError
from swapmatch.naming import number, read_name, whole_number
from swapmatch.ports import Candidates
from swapmatch.vector_stores.qdrant.breaker import Breaker
from swapmatch.vector_stores.qdrant.collections import Collections
from swapmatch.vector_stores.qdrant.connection import Connection
from swapmatch.vector_stores.qdrant.people import People
from swapmatch.vector_stores.qdrant.points import check, fitting, person_point, tombstone
from swapmatch.vector_stores.qdrant.question import Question, Sought
from swapmatch.vector_stores.qdrant.searching import best_hits
from swapmatch.vector_stores.qdrant.skills import Skills

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from swapmatch.models import Side
    from swapmatch.ports import Entry, Hit, Seeker, Vector, Vectors, Where
    from swapmatch.scoring import Scoring

SERVER = "http://localhost:6333"
MEMORY = ":memory:"
PREFIX = "swapmatch"
REACH = 1_000  # people whom a question scores
TIMEOUT_S = 5.0
LOCAL_PEOPLE = 20_000  # beyond these the client's local mode is slow: it looks at everybody, in Python

logger = logging.getLogger(__name__)


class QdrantVectorStore:
    """A VectorStore in Qdrant: any number of processes may use the same one.

    Two collections are made with the first person: `PREFIX_people` and `PREFIX_skills`. Every write carries its rev
    and is compared by Qdrant itself, so an older one never overwrites a newer one, whoever sends it.

    What is not promised: that a skill is forgotten with the last person who has it, if a process dies just then. It
    takes a place among the nearest skills until somebody has it again and gives it up.
    """

    def __init__(
        self,
        client: QdrantClient,
        *,
        prefix: str = PREFIX,
        reach: int = REACH,
        timeout_s: float = TIMEOUT_S,
        breaker: Breaker | None = None,
        owns_client: bool = False,
    ) -> None:
        """Use a client; nothing is asked of the server yet, so it may be down.

        Args:
            client: With its own deadline for each call.
            prefix: Of the names of both collections.
            reach: How many people a question scores; more find more of the best and take longer.
            timeout_s: Seconds after which a call that got no answer is not tried again.
            breaker: When not to call at all; by default one of its own.
            owns_client: Whether `close` closes the client.
        """
        self._connection = Connection(
            client, timeout_s=timeout_s, breaker=breaker or Breaker(), owns_client=owns_client
        )
        self._collections = Collections(self._connection, prefix)
        self._people = People(self._connection, self._collections)
        self._skills = Skills(self._connection, self._collections)
        self._reach = reach
        self._is_warned = not self._connection.is_local

    @classmethod
    def from_url(cls, url: str, *, api_key: str | None = None) -> Self:
        """Open from its name in the settings.

        `qdrant:` is the server on this machine, `qdrant:https://HOST:6333` another; `qdrant:///PATH` and
        `qdrant::memory:` need no server, and are for tests and small communities. Options: prefix, reach and timeout
        in seconds, as in `qdrant:http://localhost:6333?prefix=bonn`.

        Args:
            url: The name.
            api_key: Of the server; never part of a name.

        Raises:
            ConfigurationError: It is no such name, or the folder is in use.
        """
        place, options = read_name(url, takes=("prefix", "reach", "timeout"))
        timeout_s = number(options, "timeout") if "timeout" in options else TIMEOUT_S
        reach = whole_number(options, "reach") if "reach" in options else REACH
        if not (timeout_s > 0 and reach >= 1):
            message = f"{url!r}: reach and timeout must be above 0"
            raise ConfigurationError(message)
        client = _client(url, place, api_key=api_key, timeout_s=timeout_s)
        return cls(
            client,
            prefix=options.get("prefix", PREFIX),
            reach=reach,
            timeout_s=timeout_s,
            owns_client=True,
        )

    def expect_encoder(self, fingerprint: str, *, dimension: int) -> None:
        """See OneEncoder.expect_encoder."""
        self._collections.expect_encoder(fingerprint, dimension=dimension)

    def put(self, entries: Sequence[Entry], vectors: Mapping[str, Vector]) -> None:
        """See VectorStore.put.

        A skill is written after the people who have it: see `Skills.forget_unused`.
        """
        self._connection.check_open()
        newest: dict[str, Entry] = {}
        for entry in entries:
            if entry.uid not in newest or entry.rev > newest[entry.uid].rev:
                newest[entry.uid] = entry
        if not newest:
            return
        revs, people = self._people.standing(newest) if self._collections.are_there() else ({}, [])
        current = [entry for entry in newest.values() if entry.rev >= revs.get(entry.uid, entry.rev)]
        fresh = [entry for entry in current if entry.rev != revs.get(entry.uid)]
        checked = check(_keys(fresh), vectors, dimension=self._collections.dimension)
        self._collections.make(len(next(iter(checked.values()))) if checked else None)
        check(_keys(fresh), checked, dimension=self._collections.dimension)
        self._people.write((entry.rev, person_point(entry, checked)) for entry in fresh)
        self._skills.keep(_keys(current), vectors)
        before = {person.uid: {*person.offers, *person.needs} for person in people}
        dropped = [before[entry.uid].difference(entry.offers, entry.needs) for entry in fresh if entry.uid in before]
        self._skills.forget_unused(set().union(*dropped))
        self._warn_if_large()

    def delete(self, revs: Mapping[str, int]) -> None:
        """See VectorStore.delete."""
        self._connection.check_open()
        if not revs:
            return
        self._collections.make(None)
        known, people = self._people.standing(revs)
        self._people.write((rev, tombstone(uid, rev)) for uid, rev in revs.items() if rev > known.get(uid, rev - 1))
        gone = [{*person.offers, *person.needs} for person in people if person.rev < revs[person.uid]]
        self._skills.forget_unused(set().union(*gone))

    def search(self, query: Vectors, side: Side, *, limit: int, where: Where) -> list[Hit]:
        """See VectorStore.search. Of very many equals those come whom Qdrant finds first."""
        if not self._collections.are_there():
            return []
        reach = max(self._reach, 2 * limit)
        return best_hits(self._skills, self._people, query, side, limit=limit, reach=reach, where=where)

    def candidates(self, seeker: Seeker, scoring: Scoring, *, limit: int, where: Where) -> Candidates:
        """See VectorStore.candidates. The items are the best `limit` of the people whom Qdrant orders first.

        The bound is 0 if nobody else has something both ways, and otherwise `Question.bound` of the last of them, or
        the score of the best who is not among the items. Where the nearest skills come from a graph, which may
        overlook some, it is what the very best could score.
        """
        if not self._collections.are_there() or not (seeker.needs.keys and seeker.offers.keys):
            return Candidates(items=(), bound=0.0)
        question, is_whole = self._question(seeker, scoring)
        bound = 0.0 if is_whole else question.most()
        offers, needs = question.numbers()
        if not (offers and needs):
            return Candidates(items=(), bound=bound)
        reach = max(self._reach, 2 * limit)
        people, last = self._people.find(question.weights(), fitting(where, offers, needs), limit=reach)
        if last is not None:
            bound = max(bound, question.bound(last))
        items, left = question.best(people, limit)
        return Candidates(items=items, bound=max(bound, left))

    def __len__(self) -> int:
        """How many people are indexed."""
        return self._people.count() if self._collections.are_there() else 0

    def close(self) -> None:
        """Close the client, if it was opened here."""
        self._connection.close()

    def _question(self, seeker: Seeker, scoring: Scoring) -> tuple[Question, bool]:
        rows = np.concatenate([seeker.needs.vectors, seeker.offers.vectors])
        met = self._skills.nearest(rows, limit=scoring.neighbours, floor=scoring.floor)
        needs = len(seeker.needs.keys)
        receives, gives = Sought.of(met[:needs], scoring), Sought.of(met[needs:], scoring)
        return Question(receives, gives, scoring), self._skills.is_whole()

    def _warn_if_large(self) -> None:
        if not self._is_warned and (people := len(self)) > LOCAL_PEOPLE:
            self._is_warned = True
            logger.warning("%d people are in Qdrant's local mode, which is slow for so many: use a server", people)


def _keys(entries: Sequence[Entry]) -> dict[str, None]:
    return dict.fromkeys(chain.from_iterable((*entry.offers, *entry.needs) for entry in entries))


def _client(url: str, place: str, *, api_key: str | None, timeout_s: float) -> QdrantClient:
    """Return the client for a place. Raises ConfigurationError."""
    try:
        if place == MEMORY:
            return QdrantClient(location=MEMORY, force_disable_check_same_thread=True)
        if place.startswith("//"):
            return QdrantClient(path=place.removeprefix("//"), force_disable_check_same_thread=True)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            # Its own look at the version warns from a thread, and cannot tell what swapmatch needs.
            client = QdrantClient(
                url=place or SERVER, api_key=api_key, timeout=math.ceil(timeout_s), check_compatibility=False
            )
    except (ValueError, RuntimeError, OSError) as error:
        message = f"{url!r} cannot be opened: {error}"
        raise ConfigurationError(message) from error
    for warning in caught:  # that the key goes over an insecure connection
        logger.warning("%s", warning.message)
    return client
