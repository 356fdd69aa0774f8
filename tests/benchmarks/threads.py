"""Eight threads match while one writes: what it costs, and whether any answer is wrong."""

from __future__ import annotations

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import numpy as np
from indexing import LIMIT, SCORING
from job import Figure, Job
from measure import quantile, say, settle
from people import compose, rows, sample, uid
from skill_vectors import Skills
from storing import database, opened

from swapmatch import Profile
from swapmatch.vector_stores.exact import ExactVectorStore

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from swapmatch import Matcher
    from swapmatch.ports import Candidate, Candidates, Entry, Seeker, Vector, Where
    from swapmatch.scoring import Scoring

READERS = 8
ROUNDS = 2  # of all seekers, for each reader, while nobody writes
SEEKERS = 100
COSINE_TOLERANCE = 1e-3  # an index may keep vectors as float16
SCORE_TOLERANCE = 1e-3
CHECKED_AFTER = 20  # seekers asked again when everything is written


class WatchedStore(ExactVectorStore):
    """The exact index, remembering what it was told and, when wanted, what it answered."""

    def __init__(self) -> None:
        """Start with nobody."""
        super().__init__()
        self.told: dict[tuple[str, int], Entry] = {}
        self.answered: list[tuple[Seeker, Sequence[Candidate]]] = []
        self.is_watched = False

    def put(self, entries: Sequence[Entry], vectors: Mapping[str, Vector]) -> None:
        """See VectorStore.put."""
        self.told.update({(entry.uid, entry.rev): entry for entry in entries})
        super().put(entries, vectors)

    def candidates(self, seeker: Seeker, scoring: Scoring, *, limit: int, where: Where) -> Candidates:
        """See VectorStore.candidates."""
        found = super().candidates(seeker, scoring, limit=limit, where=where)
        if self.is_watched:
            self.answered.append((seeker, found.items))
        return found


class Readers:
    """Threads that ask for the same people over and over."""

    def __init__(self, matcher: Matcher, uids: Sequence[str]) -> None:
        """Ask this matcher for these people."""
        self._matcher = matcher
        self._uids = uids
        self.errors: list[Exception] = []

    def run(self, meanwhile: Callable[[], object] | None = None) -> list[float]:
        """Return the milliseconds of all matches: for some rounds, or until `meanwhile` is done."""
        over = Event()
        with ThreadPoolExecutor(READERS + 1) as pool:
            asking = [pool.submit(self._ask, over if meanwhile else None, start) for start in range(READERS)]
            try:
                if meanwhile:
                    meanwhile()
            finally:
                over.set()
            return [took for one in asking for took in one.result()]

    def _ask(self, over: Event | None, start: int) -> list[float]:
        times, asked = [], 0
        while not over.is_set() if over else asked < ROUNDS * len(self._uids):
            started = time.perf_counter()
            try:
                self._matcher.match(self._uids[(start + asked) % len(self._uids)], limit=LIMIT)
            except Exception as error:  # noqa: BLE001 - whatever goes wrong is what is counted
                self.errors.append(error)
            times.append((time.perf_counter() - started) * 1e3)
            asked += 1
        return times


def measure(job: Job) -> Iterator[Figure]:
    """Match in eight threads, quietly and while one more writes people, one at a time."""
    skills = Skills.load(job.skills)
    seekers, _ = sample(job.n, min(SEEKERS, job.seekers), job.seed)
    uids, own = [uid(number) for number in seekers], _own_file(job)
    store = WatchedStore()
    with opened(own, store) as matcher:
        readers = Readers(matcher, uids)
        matcher.match(uids[0], limit=LIMIT)
        settle()
        readers.run()  # warms up
        quiet = readers.run()
        store.is_watched = True
        started = time.perf_counter()
        writing = readers.run(lambda: _write(matcher, job, skills, set(uids)))
        took = time.perf_counter() - started
        store.is_watched = False
        wrong = _wrong(store, skills) + _differing(matcher, own, uids[:CHECKED_AFTER])
    before = quantile(quiet, 0.95)
    yield Figure("threads_p95", quantile(writing, 0.95), "ms", peer="the same, nobody writing", peer_value=before)
    yield Figure("threads_matches", len(writing) / took, "matches/s")
    yield Figure("threads_writes", job.writes / took, "people/s")
    yield Figure("threads_errors", float(len(readers.errors)), f"of {len(writing):,} matches")
    yield Figure("threads_wrong", float(wrong), f"of {len(store.answered):,} answers")
    if readers.errors:
        say(f"threads: the first error: {readers.errors[0]!r}")


def _own_file(job: Job) -> Job:
    """Return the job with a copy of the file, to be written to."""
    own = replace(job, folder=str(Path(job.folder, "threads")))
    Path(own.folder).mkdir()
    shutil.copy(database(job), database(own))
    return own


def _write(matcher: Matcher, job: Job, skills: Skills, readers: Container[str]) -> None:
    """Put people one by one: by turns somebody new, and other skills for somebody who is there."""
    fresh = rows(compose(job.writes, len(skills.labels), job.seed + 1), skills.labels, prefix="new-")
    there = [uid(number) for number in range(min(job.n, 2 * job.writes)) if uid(number) not in readers] or [uid(0)]
    for number, row in enumerate(fresh):
        changed = {"uid": there[number % len(there)]} if number % 2 else {}
        matcher.put(Profile.parse(row | changed))


def _wrong(store: WatchedStore, skills: Skills) -> int:
    """Count the answers in which the cosines of anybody are not those of their skills at that revision."""
    vectors = skills.mapping()

    @cache
    def cut(skill: str) -> float:
        cosines = skills.vectors @ vectors[skill]
        place = max(0, cosines.size - SCORING.neighbours)
        return max(SCORING.floor, float(np.partition(cosines, place)[place]))

    def is_right(mine: Sequence[str], theirs: Sequence[str], given: NDArray[np.float32]) -> bool:
        true = np.stack([vectors[key] for key in mine]) @ np.stack([vectors[key] for key in theirs]).T
        # Nobody counts as near who is not; whoever is among the nearest of all skills is among those of the used ones.
        must = true >= np.array([[cut(key)] for key in mine]) + COSINE_TOLERANCE
        return given.shape == true.shape and bool(
            np.all((np.abs(given - true) < COSINE_TOLERANCE) | (~must & (given == 0)))
        )

    def is_sound(seeker: Seeker, one: Candidate) -> bool:
        entry = store.told[one.uid, one.rev]
        receives = is_right(seeker.needs.keys, entry.offers, one.receives)
        return receives and is_right(seeker.offers.keys, entry.needs, one.gives.T)

    return sum(not all(is_sound(seeker, one) for one in items) for seeker, items in store.answered)


def _differing(matcher: Matcher, job: Job, uids: Sequence[str]) -> int:
    """Count the people whose matches have other scores than in a matcher that reads the file anew."""
    with opened(job, "exact:unsaved") as fresh:
        pairs = [[[one.score for one in each.match(who, limit=LIMIT)] for each in (matcher, fresh)] for who in uids]
    return sum(len(a) != len(b) or not np.allclose(a, b, atol=SCORE_TOLERANCE) for a, b in pairs)
