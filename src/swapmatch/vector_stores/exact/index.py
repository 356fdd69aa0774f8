"""ExactVectorStore: the port, over immutable snapshots that a writer replaces."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import chain
from threading import Lock
from typing import TYPE_CHECKING, Self

import numpy as np

from swapmatch.errors import ConfigurationError, StoreError
from swapmatch.ports import Candidate, Candidates, Hit
from swapmatch.scoring import Scoring
from swapmatch.vector_stores.exact.background import Background
from swapmatch.vector_stores.exact.dictionary import Dictionary, DictionaryView
from swapmatch.vector_stores.exact.neighbours import Neighbours
from swapmatch.vector_stores.exact.people import Segment, merged
from swapmatch.vector_stores.exact.question import Question, Sought
from swapmatch.vector_stores.exact.ranking import Ranked, best, rank_matches
from swapmatch.vector_stores.exact.searching import rank_hits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from swapmatch.models import Side
    from swapmatch.ports import Cosines, Entry, Seeker, SeekerSide, Vector, Vectors, Where

SMALL = 2_000  # people of the newest segment, which is rebuilt with each write
QUIET_S = 0.5  # since the last write, before neighbours are computed that nobody has asked for
TIER = 4  # times as large as all newer ones together is a segment that a merge leaves alone


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a reader needs; never changes.

    Attributes:
        dictionary: The distinct skills.
        neighbours: Which skills each of them meets: a cache, right for whatever view it is asked with.
        segments: Everybody, older before newer; whoever is alive in one is dead in the others.
    """

    dictionary: DictionaryView
    neighbours: Neighbours
    segments: tuple[Segment, ...]


class ExactVectorStore:
    """A VectorStore in memory whose answers are exact: nobody who could be among the best is left unscored.

    Readers work on an immutable snapshot and wait for nobody. A write builds a new newest segment, marks the people it
    replaces as dead in the others, and swaps the snapshot; segments are merged in the background, so that there are
    few of them and the larger ones are rebuilt rarely.
    """

    def __init__(self) -> None:
        """Start with nobody."""
        self._lock = Lock()  # one writer at a time
        self._dictionary = Dictionary()
        self._deleted: dict[str, int] = {}
        scoring = Scoring()
        neighbours = Neighbours(floor=scoring.floor, limit=scoring.neighbours)
        self._snapshot = Snapshot(self._dictionary.view(), neighbours, ())
        self._count = 0
        self._written_at = 0.0
        self._background = Background(self._tidy)
        self._is_closed = False

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Open from its name in the settings; there is nothing to say beyond `exact:`."""
        if url not in {"exact", "exact:"}:
            message = f"the exact index takes no address, so not {url!r}: write exact:"
            raise ConfigurationError(message)
        return cls()

    def put(self, entries: Sequence[Entry], vectors: Mapping[str, Vector]) -> None:
        """See VectorStore.put."""
        with self._lock:
            self._check_open()
            newest: dict[str, Entry] = {}
            for entry in entries:
                if entry.rev > (newest[entry.uid].rev if entry.uid in newest else self._rev(entry.uid)):
                    newest[entry.uid] = entry
            if not newest:
                return
            keys = chain.from_iterable((*entry.offers, *entry.needs) for entry in newest.values())
            self._dictionary.add(self._dictionary.check(keys, vectors), vectors)
            segment = Segment.of(list(newest.values()), self._dictionary)
            for table in (segment.offers, segment.needs):
                self._dictionary.count(table.ids, 1)
            for uid in newest:
                self._deleted.pop(uid, None)
            self._count += len(newest)
            self._swap((*self._without(newest), segment))

    def delete(self, revs: Mapping[str, int]) -> None:
        """See VectorStore.delete."""
        with self._lock:
            self._check_open()
            newer = {uid: rev for uid, rev in revs.items() if rev > self._rev(uid)}
            if newer:
                segments = self._without(newer)
                self._deleted.update(newer)
                self._swap(segments)

    def search(self, query: Vectors, side: Side, *, limit: int, where: Where) -> list[Hit]:
        """See VectorStore.search."""
        snapshot = self._current()
        if not len(snapshot.dictionary):
            return []
        cosines = snapshot.dictionary.cosines(query)
        wanted = np.maximum(cosines, 0.0)
        ranked: list[Ranked] = []
        for segment in snapshot.segments:
            table = segment.offers if side == "offers" else segment.needs
            known = table.posting_starts.size - 2  # skills younger than the segment belong to nobody in it
            ranked += rank_hits(segment, table, wanted[:, :known], where, limit=limit)
        return [_hit(one, cosines, side) for one in best(ranked, limit)]

    def candidates(self, seeker: Seeker, scoring: Scoring, *, limit: int, where: Where) -> Candidates:
        """See VectorStore.candidates. The items are the very best `limit`, and the bound is the next one's score."""
        snapshot = self._current()
        if not (len(snapshot.dictionary) and seeker.needs.keys and seeker.offers.keys):
            return Candidates(items=(), bound=0.0)
        question = _question(seeker, snapshot, scoring)
        first: list[Ranked] = []
        for segment in sorted(snapshot.segments, key=len, reverse=True):
            worst = first[limit].score if len(first) > limit else 0.0
            more = rank_matches(segment, question, where, limit=limit + 1, worst=worst)
            first = best([*first, *more], limit + 1)
        bound = first[limit].score if len(first) > limit else 0.0
        return Candidates(items=tuple(_candidate(one, question) for one in first[:limit]), bound=bound)

    def __len__(self) -> int:
        """How many people are indexed."""
        self._check_open()
        return self._count

    def close(self) -> None:
        """Let go of everybody."""
        with self._lock:
            self._is_closed = True
        self._background.close()

    def _check_open(self) -> None:
        if self._is_closed:
            message = "the exact index is closed"
            raise StoreError(message)

    def _current(self) -> Snapshot:
        self._check_open()
        return self._snapshot

    def _rev(self, uid: str) -> int:
        for segment in reversed(self._snapshot.segments):
            if (number := segment.find(uid)) is not None:
                return int(segment.revs[number])
        return self._deleted.get(uid, 0)

    def _without(self, uids: Iterable[str]) -> tuple[Segment, ...]:
        """Return the segments with these people dead, and note that their skills are named less."""
        left = []
        for segment in self._snapshot.segments:
            numbers = [number for uid in uids if (number := segment.find(uid)) is not None]
            if numbers:
                people = np.array(numbers, np.int32)
                for table in (segment.offers, segment.needs):
                    self._dictionary.count(table.rows(people)[0], -1)
                self._count -= len(numbers)
            left.append(segment.without(numbers))
        return tuple(left)

    def _swap(self, segments: tuple[Segment, ...]) -> None:
        """Let readers see these segments, after merging the newest ones while they are small."""
        last = segments[-2:]
        if len(last) > 1 and sum(map(len, last)) <= SMALL:
            segments = (*segments[:-2], merged(last, len(self._dictionary) + 1))
        self._snapshot = Snapshot(self._dictionary.view(), self._snapshot.neighbours, segments)
        self._written_at = time.monotonic()
        first, end = _out_of_proportion(segments)
        has_unused = 2 * np.count_nonzero(self._dictionary.uses()) < len(self._dictionary)
        if first < end or has_unused or not self._snapshot.neighbours.is_prepared(self._snapshot.dictionary):
            self._background.wake()

    def _tidy(self) -> bool:
        """Rebuild what has grown out of proportion, off the readers' way; return whether there was any."""
        if 2 * np.count_nonzero(self._dictionary.uses()) < len(self._dictionary):
            self._forget_unused_skills()
        before = self._snapshot.segments
        first, end = _out_of_proportion(before)
        if first == end:
            return self._prepare()
        # Nothing of this can change while it is merged; whoever dies in it meanwhile is marked afterwards.
        old = before[first:end]
        new = merged(old, len(self._dictionary) + 1)
        with self._lock:
            now = self._snapshot.segments
            if self._is_closed or any(
                one.numbers is not was.numbers for one, was in zip(now, before[:end], strict=False)
            ):
                return not self._is_closed  # the skills were renumbered: look again
            dead = [
                new.numbers[was.uids[number]]
                for was, one in zip(old, now[first:end], strict=True)
                for number in np.flatnonzero(was.is_alive & ~one.is_alive).tolist()
            ]
            segments = (*now[:first], new.without(dead), *now[end:])
            self._snapshot = Snapshot(self._snapshot.dictionary, self._snapshot.neighbours, segments)
        return True

    def _prepare(self) -> bool:
        """Compute some lists of neighbours that nobody has asked for yet; return whether any were left."""
        view, neighbours = self._snapshot.dictionary, self._snapshot.neighbours
        if neighbours.is_prepared(view):
            return False
        if (left := self._written_at + QUIET_S - time.monotonic()) > 0:
            self._background.rest(left)  # an import needs the processor more
        else:
            neighbours.prepare(view)
        return True

    def _forget_unused_skills(self) -> None:
        with self._lock:
            snapshot, size = self._snapshot, len(self._dictionary)
            everybody = merged(snapshot.segments, size + 1)
            self._dictionary, new_ids = self._dictionary.without_unused()
            segments = (everybody.renumbered(new_ids, len(self._dictionary) + 1),)
            neighbours = snapshot.neighbours.renumbered(new_ids, size)
            self._snapshot = Snapshot(self._dictionary.view(), neighbours, segments)


def _out_of_proportion(segments: Sequence[Segment]) -> tuple[int, int]:
    """Return which run of segments should become one: from the first to before the second; equal where none should.

    The newest one is the writer's while it is small. Of the others each should be several times as large as all newer
    ones together, so that there are few and the large ones are rebuilt rarely. One with mostly dead people is rebuilt.
    """
    end = len(segments) - (1 if segments and len(segments[-1]) <= SMALL else 0)
    first, newer = end, 0
    for place in range(end - 1, -1, -1):
        size = len(segments[place])
        is_small = newer > 0 and size <= TIER * newer
        if is_small or 2 * np.count_nonzero(segments[place].is_alive) < size:
            first = place
        newer += size
    return first, end


def _question(seeker: Seeker, snapshot: Snapshot, scoring: Scoring) -> Question:
    neighbours, dictionary = snapshot.neighbours, snapshot.dictionary
    if not neighbours.fit(scoring):
        neighbours = Neighbours(floor=scoring.floor, limit=scoring.neighbours)

    def sought(side: SeekerSide) -> Sought:
        return Sought.of(neighbours.of(side, dictionary), len(dictionary), scoring)

    return Question(receives=sought(seeker.needs), gives=sought(seeker.offers), scoring=scoring)


def _candidate(ranked: Ranked, question: Question) -> Candidate:
    segment, person = ranked.segment, ranked.person
    receives, gives = question.receives, question.gives
    return Candidate(
        uid=ranked.uid,
        rev=int(segment.revs[person]),
        receives=receives.cosines[:, receives.columns[segment.offers.of_person(person)]],
        gives=gives.cosines[:, gives.columns[segment.needs.of_person(person)]].T,
    )


def _hit(ranked: Ranked, cosines: Cosines, side: Side) -> Hit:
    segment, person = ranked.segment, ranked.person
    table = segment.offers if side == "offers" else segment.needs
    nearest = cosines[:, table.of_person(person)].argmax(axis=1)
    return Hit(ranked.uid, int(segment.revs[person]), side, ranked.score, tuple(map(int, nearest)))
