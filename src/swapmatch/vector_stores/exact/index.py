"""ExactVectorStore: writes, snapshots for readers, and the two questions of the port."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from threading import Lock
from typing import TYPE_CHECKING, Self

from swapmatch.errors import StoreError
from swapmatch.ports import Candidate, Candidates, Hit
from swapmatch.vector_stores.exact.dictionary import Dictionary, DictionaryView
from swapmatch.vector_stores.exact.ranking import Ranked, best, rank_hits, rank_matches
from swapmatch.vector_stores.exact.segment import Segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from swapmatch.models import Side
    from swapmatch.ports import Entry, Seeker, Vector, Vectors, Where
    from swapmatch.scoring import Scoring

SMALL_SEGMENT = 1_000  # changed people that are kept beside the main segment before both are merged


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a reader needs; never changes."""

    dictionary: DictionaryView
    segments: tuple[Segment, ...]


class ExactVectorStore:
    """A VectorStore in memory whose answers are exact: it scores everybody who could be among the best.

    People live in one large segment; those who changed since it was built in a small one beside it, which is rebuilt
    for the first reader after a write and merged into the large one when it grows. Readers work on an immutable
    snapshot.
    """

    def __init__(self) -> None:
        """Start with nobody."""
        self._lock = Lock()
        self._dictionary = Dictionary()
        self._entries: dict[str, Entry] = {}
        self._deleted: dict[str, int] = {}
        self._main = Segment.of((), self._dictionary.ids, 0)
        self._changed: set[str] = set()  # since the main segment was built
        self._snapshot: Snapshot | None = None
        self._is_closed = False

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Open from its name in the settings; there is nothing to say beyond `exact:`."""
        if url not in {"exact", "exact:"}:
            message = f"the exact index takes no address, so not {url!r}: write exact:"
            raise StoreError(message)
        return cls()

    def put(self, entries: Sequence[Entry], vectors: Mapping[str, Vector]) -> None:
        """See VectorStore.put."""
        with self._lock:
            self._check_open()
            newer = [entry for entry in entries if self._is_newer(entry.uid, entry.rev)]
            keys = chain.from_iterable((*entry.offers, *entry.needs) for entry in newer)
            self._dictionary.add(self._dictionary.check(keys, vectors), vectors)
            for entry in newer:
                if self._is_newer(entry.uid, entry.rev):  # again: a batch may name somebody twice
                    self._forget(entry.uid)
                    self._deleted.pop(entry.uid, None)
                    self._entries[entry.uid] = entry
                    self._dictionary.count((*entry.offers, *entry.needs), 1)
            self._note(entry.uid for entry in newer)

    def delete(self, revs: Mapping[str, int]) -> None:
        """See VectorStore.delete."""
        with self._lock:
            self._check_open()
            newer = {uid: rev for uid, rev in revs.items() if self._is_newer(uid, rev)}
            for uid in newer:
                self._forget(uid)
            self._deleted.update(newer)
            self._note(newer)

    def search(self, query: Vectors, side: Side, *, limit: int, where: Where) -> list[Hit]:
        """See VectorStore.search. Reads every skill of everybody who fits."""
        snapshot = self._current()
        if not snapshot.dictionary.keys:
            return []
        cosines = snapshot.dictionary.cosines(query)
        ranked: list[Ranked] = []
        for segment in snapshot.segments:
            table = segment.offers if side == "offers" else segment.needs
            fits = segment.fitting(where.facets, where.exclude)
            ranked += rank_hits(segment, table, cosines, limit=limit, fits=fits)
        return [_hit(one, cosines, side) for one in best(ranked, limit)]

    def candidates(self, seeker: Seeker, scoring: Scoring, *, limit: int, where: Where) -> Candidates:
        """See VectorStore.candidates. The items are the very best `limit`, and the bound is the last one's score."""
        snapshot = self._current()
        if not (snapshot.dictionary.keys and seeker.needs.keys and seeker.offers.keys):
            return Candidates(items=(), bound=0.0)
        receives = snapshot.dictionary.meetings(seeker.needs.vectors, scoring)
        gives = snapshot.dictionary.meetings(seeker.offers.vectors, scoring)
        ranked: list[Ranked] = []
        for segment in snapshot.segments:
            fits = segment.fitting(where.facets, where.exclude)
            ranked += rank_matches(segment, receives, gives, scoring, limit=limit + 1, fits=fits)
        first = best(ranked, limit + 1)
        bound = first[limit].score if len(first) > limit else 0.0
        items = []
        for one in first[:limit]:
            entry = one.segment.entries[one.person]
            offers, needs = one.segment.offers.of_person(one.person), one.segment.needs.of_person(one.person)
            items.append(Candidate(entry.uid, entry.rev, receives[:, offers], gives[:, needs].T))
        return Candidates(items=tuple(items), bound=bound)

    def __len__(self) -> int:
        """How many people are indexed."""
        with self._lock:
            self._check_open()
            return len(self._entries)

    def close(self) -> None:
        """Let go of everybody."""
        with self._lock:
            self._is_closed = True
            self._entries, self._snapshot = {}, None

    def _check_open(self) -> None:
        if self._is_closed:
            message = "the exact index is closed"
            raise StoreError(message)

    def _is_newer(self, uid: str, rev: int) -> bool:
        known = self._entries[uid].rev if uid in self._entries else self._deleted.get(uid, 0)
        return rev > known

    def _forget(self, uid: str) -> None:
        if old := self._entries.pop(uid, None):
            self._dictionary.count((*old.offers, *old.needs), -1)

    def _note(self, uids: Iterable[str]) -> None:
        if changed := set(uids):
            self._changed |= changed
            self._snapshot = None

    def _current(self) -> Snapshot:
        snapshot = self._snapshot
        if snapshot is not None:
            return snapshot
        with self._lock:
            self._check_open()
            if self._snapshot is None:
                self._snapshot = self._build()
            return self._snapshot

    def _build(self) -> Snapshot:
        if len(self._changed) > max(SMALL_SEGMENT, len(self._main.entries) // 10):
            if 2 * self._dictionary.unused() > len(self._dictionary):
                self._dictionary = self._dictionary.without_unused()
            self._main = self._segment(self._entries)
            self._changed = set()
        view = self._dictionary.view()
        if not self._changed:
            return Snapshot(view, (self._main,))
        small = self._segment(uid for uid in self._changed if uid in self._entries)
        return Snapshot(view, (self._main.without(self._changed), small))

    def _segment(self, uids: Iterable[str]) -> Segment:
        entries = (self._entries[uid] for uid in uids)
        return Segment.of(entries, self._dictionary.ids, len(self._dictionary))


def _hit(ranked: Ranked, cosines: Vectors, side: Side) -> Hit:
    entry = ranked.segment.entries[ranked.person]
    table = ranked.segment.offers if side == "offers" else ranked.segment.needs
    nearest = cosines[:, table.of_person(ranked.person)].argmax(axis=1)
    return Hit(entry.uid, entry.rev, side, ranked.score, tuple(map(int, nearest)))
