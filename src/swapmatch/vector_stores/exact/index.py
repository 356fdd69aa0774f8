"""ExactVectorStore: the port, over immutable snapshots that a writer replaces."""

from __future__ import annotations

import time
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Self

import numpy as np

from swapmatch.errors import ConfigurationError, StoreError
from swapmatch.vector_stores.exact import memory
from swapmatch.vector_stores.exact.background import Background
from swapmatch.vector_stores.exact.dictionary import Dictionary, Keys
from swapmatch.vector_stores.exact.merging import out_of_proportion
from swapmatch.vector_stores.exact.neighbours import Neighbours
from swapmatch.vector_stores.exact.people import Segment, facet_keys, merged
from swapmatch.vector_stores.exact.saving import SavedFile
from swapmatch.vector_stores.exact.snapshot import Snapshot
from swapmatch.vector_stores.exact.texts import Hashed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from swapmatch.models import Side
    from swapmatch.ports import Candidates, Cursor, Entry, Hit, Seeker, Vector, Vectors, Where
    from swapmatch.scoring import Scoring
    from swapmatch.vector_stores.exact.rows import People

SMALL = 2_000  # people of the newest segment, which is rebuilt with each write
QUIET_S = 0.5  # since the last write, before neighbours are computed that nobody has asked for
SUFFIX = "-index"  # of the file beside the people's


class ExactVectorStore:
    """A VectorStore in memory whose answers are exact: nobody who could be among the best is left unscored.

    Readers work on an immutable snapshot and wait for nobody. A write builds a new newest segment, marks the people it
    replaces as dead in the others, and swaps the snapshot; segments are merged in the background, so that there are
    few of them and the larger ones are rebuilt rarely.

    It is also Resumable: it is saved to a file, in arrays, and starts from there without reading anybody's words.
    """

    def __init__(self, path: Path | str | None = None, *, is_saved: bool = True) -> None:
        """Start with nobody.

        Args:
            path: Of the file to `resume` from and `save` to; None leaves the place to `resume`.
            is_saved: False never reads or writes a file.
        """
        self._lock = Lock()  # one writer at a time
        self._background = Background(self._tidy)
        self._is_saved = is_saved
        self._file = SavedFile(Path(path), is_named=True) if path and is_saved else None
        self._is_closed = False
        self._erased = 0  # times that the file had to go
        self._unsaved = 0  # people written since the file was
        self._start(Dictionary(), Keys(), (), None)

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Open from its name in the settings.

        `exact:` is saved beside the file of the people, if they are in one; `exact:PATH` in a file of its own, and
        `exact:unsaved` nowhere. Raises ConfigurationError.
        """
        place = url.partition(":")[2]
        if place == "unsaved":
            return cls(is_saved=False)
        if place.startswith("//") or not Path(place).absolute().parent.is_dir():
            message = f"{url!r} names no file to save the index in: write exact:, exact:PATH or exact:unsaved"
            raise ConfigurationError(message)
        return cls(place or None)

    def put(self, entries: Sequence[Entry], vectors: Mapping[str, Vector]) -> None:
        """See VectorStore.put."""
        with self._lock:
            self._check_open()
            newest: dict[str, Entry] = {}
            for entry in entries:
                if entry.uid not in newest or entry.rev > newest[entry.uid].rev:
                    newest[entry.uid] = entry
            uids = Hashed.of(newest)
            standing = self._standing(uids)
            is_newer = self._is_newer({uid: entry.rev for uid, entry in newest.items()}, standing)
            fresh = [entry for entry, newer in zip(newest.values(), is_newer.tolist(), strict=True) if newer]
            if not fresh:
                return
            keys = chain.from_iterable((*entry.offers, *entry.needs) for entry in fresh)
            self._dictionary.add(self._dictionary.check(keys, vectors), vectors)
            self._facets.add(chain.from_iterable(facet_keys(entry.facets) for entry in fresh))
            segment = Segment.of(
                fresh,
                uids.where(is_newer),
                skills=(self._dictionary.numbers, len(self._dictionary)),
                facets=(self._facets.numbers, len(self._facets)),
            )
            self._dictionary.count(np.concatenate([segment.offers.ids, segment.needs.ids]), 1)
            for entry in fresh:
                self._deleted.pop(entry.uid, None)
            self._count += len(fresh)
            deaths = self._dictionary.unused
            self._swap((*self._without(standing, is_newer), segment))
            self._unsaved += len(fresh)
            if self._dictionary.unused > deaths:  # words that nobody uses any more leave the file with the next save
                self._unsaved = max(self._unsaved, self._count + 1)

    def delete(self, revs: Mapping[str, int]) -> None:
        """See VectorStore.delete."""
        with self._lock:
            self._check_open()
            standing = self._standing(Hashed.of(revs))
            is_newer = self._is_newer(revs, standing)
            if not is_newer.any():
                return
            segments = self._without(standing, is_newer)
            self._deleted.update((uid, rev) for (uid, rev), new in zip(revs.items(), is_newer, strict=True) if new)
            self._swap(segments)
            self._erase()  # also what another process saved, who may know more people

    def search(self, query: Vectors, side: Side, *, limit: int, where: Where) -> list[Hit]:
        """See VectorStore.search."""
        return self._current().search(query, side, limit=limit, where=where)

    def candidates(self, seeker: Seeker, scoring: Scoring, *, limit: int, where: Where) -> Candidates:
        """See VectorStore.candidates. The items are the very best `limit`, and the bound is the next one's score.

        Where the nearest skills were looked for in a graph, which finds nearly all of them, the bound is what the very
        best two could score, because nothing lower is certain.
        """
        return self._current().candidates(seeker, scoring, limit=limit, where=where)

    def __len__(self) -> int:
        """How many people are indexed."""
        self._check_open()
        return self._count

    def reserve(self, people: int, skills: int, *, dimension: int) -> None:
        """See InMemory.reserve."""
        memory.check(people, skills, dimension=dimension)

    def resume(self, fingerprint: str, *, beside: Path | None) -> Cursor | None:
        """See Resumable.resume."""
        if self._file is None and beside is not None and self._is_saved:
            self._file = SavedFile(beside.with_name(f"{beside.name}{SUFFIX}"), is_named=False)
        saved = self._file.read(fingerprint) if self._file else None
        if saved is None:
            return None
        with self._lock:
            self._check_open()
            self._start(saved.dictionary, saved.facets, saved.segments, saved.neighbours)
        self._background.wake()
        return saved.cursor

    def save(self, fingerprint: str, cursor: Cursor) -> None:
        """See Resumable.save."""
        if self._file is None:
            return
        with self._lock:
            self._check_open()
            snapshot, keys, facets = self._snapshot, self._dictionary.keys(), list(self._facets.list)
            unsaved, erased = self._unsaved, self._erased
        lists = self._file.write(snapshot, keys, facets, fingerprint=fingerprint, cursor=cursor)
        with self._lock:
            if self._erased != erased:  # somebody was to be forgotten while the file was written
                self._file.remove()
                return
            self._unsaved = max(0, self._unsaved - unsaved)
            self._lists_saved = lists

    @property
    def unsaved(self) -> float:
        """See Resumable.unsaved."""
        if self._file is None:
            return 0.0
        lists = self._snapshot.neighbours.count - self._lists_saved
        return max(self._unsaved / max(self._count, 1), lists / max(len(self._dictionary), 1))

    def clear(self) -> None:
        """See Resumable.clear."""
        with self._lock:
            self._check_open()
            self._start(Dictionary(), Keys(), (), None)
            self._erase()

    def close(self) -> None:
        """Let go of everybody."""
        with self._lock:
            self._is_closed = True
        self._background.close()

    def _start(
        self, dictionary: Dictionary, facets: Keys, segments: tuple[Segment, ...], neighbours: Neighbours | None
    ) -> None:
        self._dictionary, self._facets = dictionary, facets
        self._deleted: dict[str, int] = {}
        self._count = sum(map(len, segments))
        self._snapshot = Snapshot(dictionary.view(), facets.ids, neighbours or Neighbours.of_defaults(), segments)
        self._written_at = 0.0
        self._unsaved = 0
        self._lists_saved = self._snapshot.neighbours.count

    def _erase(self) -> None:
        """Let nothing of what was saved stay on the disk, nor of what is being saved."""
        if self._file:
            self._file.remove()
            self._erased += 1
            self._unsaved = self._count + 1

    def _check_open(self) -> None:
        if self._is_closed:
            message = "the exact index is closed"
            raise StoreError(message)

    def _current(self) -> Snapshot:
        self._check_open()
        return self._snapshot

    def _standing(self, uids: Hashed) -> list[People]:
        """Return for each segment the number of each of these who is alive there, and -1 for the others."""
        return [segment.find(uids) for segment in self._snapshot.segments]

    def _is_newer(self, revs: Mapping[str, int], standing: Sequence[People]) -> NDArray[np.bool_]:
        """Return which of these revs are newer than what is known."""
        known = np.array([self._deleted.get(uid, 0) for uid in revs] if self._deleted else [0] * len(revs), np.int64)
        for segment, numbers in zip(self._snapshot.segments, standing, strict=True):
            is_here = numbers >= 0
            known[is_here] = segment.revs[numbers[is_here]]
        return np.fromiter(revs.values(), np.int64, len(revs)) > known

    def _without(self, standing: Sequence[People], is_gone: NDArray[np.bool_]) -> tuple[Segment, ...]:
        """Return the segments with some of those who stand there dead, and note that their skills are named less."""
        left = []
        for segment, everyone in zip(self._snapshot.segments, standing, strict=True):
            numbers = everyone[is_gone & (everyone >= 0)]
            if numbers.size:
                ids = [table.rows(numbers)[0] for table in (segment.offers, segment.needs)]
                self._dictionary.count(np.concatenate(ids), -1)
                self._count -= numbers.size
            left.append(segment.without(numbers))
        return tuple(left)

    def _swap(self, segments: tuple[Segment, ...]) -> None:
        """Let readers see these segments, after merging the newest ones while they are small."""
        last = segments[-2:]
        if len(last) > 1 and sum(map(len, last)) <= SMALL:
            segments = (*segments[:-2], self._merged(last))
        segments = tuple(segment for segment in segments if len(segment))
        neighbours = self._snapshot.neighbours
        self._snapshot = Snapshot(self._dictionary.view(), self._facets.ids, neighbours, segments)
        self._written_at = time.monotonic()
        is_small = sum(map(len, segments)) <= SMALL
        if not is_small or self._has_many_unused() or not neighbours.is_prepared(self._snapshot.dictionary):
            self._background.wake()

    def _merged(self, segments: Sequence[Segment]) -> Segment:
        return merged(segments, skills=len(self._dictionary), facets=len(self._facets))

    def _has_many_unused(self) -> bool:
        return 2 * self._dictionary.unused > len(self._dictionary)

    def _tidy(self) -> bool:
        """Rebuild what has grown out of proportion, off the readers' way; return whether there was any."""
        if self._has_many_unused():
            self._forget_unused_skills()
        before = self._snapshot.segments
        first, end = out_of_proportion(before, small=SMALL, is_quiet=self._is_quiet())
        if first == end:
            return self._prepare()
        # Nothing of this can change while it is merged; whoever dies in it meanwhile is marked afterwards.
        old = before[first:end]
        new = self._merged(old)
        with self._lock:
            now = self._snapshot.segments
            is_changed = len(now) < end or any(
                one.uids is not was.uids for one, was in zip(now, before[:end], strict=False)
            )
            if self._is_closed or is_changed:
                return not self._is_closed  # everybody was renumbered: look again
            died = [
                was.uids[number]
                for was, one in zip(old, now[first:end], strict=True)
                for number in np.flatnonzero(was.is_alive & ~one.is_alive).tolist()
            ]
            merged_now = (new.without(new.uids.find(Hashed.of(died))),) if len(new) else ()
            segments = (*now[:first], *merged_now, *now[end:])
            view, neighbours = self._snapshot.dictionary, self._snapshot.neighbours
            self._snapshot = Snapshot(view, self._facets.ids, neighbours, segments)
        return True

    def _prepare(self) -> bool:
        """Compute some lists of neighbours that nobody has asked for yet; return whether anything is left to do."""
        snapshot = self._snapshot
        view, neighbours = snapshot.dictionary, snapshot.neighbours
        if not self._is_quiet():
            self._background.rest(QUIET_S)  # an import needs the processor more
            return True
        if neighbours.is_prepared(view):
            return False
        neighbours.prepare(view)
        return True

    def _is_quiet(self) -> bool:
        return time.monotonic() - self._written_at > QUIET_S

    def _forget_unused_skills(self) -> None:
        """Number skills and facets anew, without those that have died, and what is known of neighbours likewise."""
        with self._lock:
            snapshot = self._snapshot
            everybody, named = self._merged(snapshot.segments).with_named_facets(len(self._facets))
            self._facets = Keys(self._facets.list[number] for number in named.tolist())
            self._dictionary, new_ids = self._dictionary.without_unused()
            segments = (everybody.with_skills(new_ids),) if len(everybody) else ()
            neighbours = snapshot.neighbours.renumbered(new_ids, snapshot.dictionary)
            self._snapshot = Snapshot(self._dictionary.view(), self._facets.ids, neighbours, segments)
