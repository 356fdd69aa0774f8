"""Matcher over an SQLite file: import, start-up and matches."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from indexing import LIMIT, memory, quantiles
from job import Figure, Job
from measure import MIB, latencies, reset_peak, resident, say, settle
from people import compose, rows, sample, uid
from skill_vectors import Skills

from swapmatch import Matcher
from swapmatch.errors import EncoderError
from swapmatch.powers import SkillVectors
from swapmatch.relevance import Relevance

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from swapmatch.ports import Vectors, VectorStore

SAY_EVERY = 50_000  # people


class KeptVectors:
    """An Encoder by name and shape that has nothing to do: every vector is kept in the store already."""

    relevance = Relevance()

    def __init__(self, job: Job) -> None:
        """Stand in for the encoder of a job's vectors."""
        self.fingerprint = job.fingerprint
        self.dimension = job.dimension

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Refuse: whatever is measured here must not wait for a model."""
        if texts:
            message = f"{len(texts)} texts have no vector: the first is {texts[0]!r}"
            raise EncoderError(message)
        return np.zeros((0, self.dimension), np.float32)


def database(job: Job) -> Path:
    """Return the file of this size."""
    return Path(job.folder, f"people-{job.n}.db")


def opened(job: Job, vectors: VectorStore | str = "exact:") -> Matcher:
    """Open the file of this size."""
    return Matcher.open(database(job), encoder=KeptVectors(job), vectors=vectors)


def import_people(job: Job) -> Iterator[Figure]:
    """Store everybody; the vectors of their skills are there."""
    skills = Skills.load(job.skills)
    people = compose(job.n, len(skills.labels), job.seed)
    with opened(job) as matcher:
        assert isinstance(matcher.profiles, SkillVectors)
        matcher.profiles.put_vectors(job.fingerprint, skills.mapping())
        everybody = list(rows(people, skills.labels))  # as they come from a file: drawing them is no part of it
        started = time.perf_counter()

        def told(done: int) -> None:
            if done % SAY_EVERY == 0:
                say(f"import: {done:,} of {job.n:,} people, {time.perf_counter() - started:.0f} s")

        report = matcher.put_many(everybody, progress=told)
        took = time.perf_counter() - started
        settle()  # what is saved at the end has the neighbours of all skills, as a server's has
    if report.written != job.n:
        message = f"{report.written:,} of {job.n:,} people were stored; the first reject: {report.rejects[:1]}"
        raise SystemExit(message)
    yield Figure("import", took, "s")
    yield Figure("import_rate", job.n / took, "people/s")


def start_up(job: Job) -> Iterator[Figure]:
    """Open the file and ask once, with nothing but the people to start from; the system has it in its cache."""
    yield from _started(job, "startup", "exact:unsaved")


def start_up_saved(job: Job) -> Iterator[Figure]:
    """The same, from the saved index."""
    yield from _started(job, "startup_saved", "exact:")
    saved = database(job).with_name(f"{database(job).name}-index")
    yield Figure("startup_saved_file", saved.stat().st_size / MIB if saved.exists() else 0.0, "MiB")


def _started(job: Job, name: str, vectors: str) -> Iterator[Figure]:
    bare = resident()
    reset_peak()
    started = time.perf_counter()
    with opened(job, vectors) as matcher:
        ready = time.perf_counter() - started
        matcher.match(uid(0), limit=LIMIT)
        answered = time.perf_counter() - started
        yield Figure(name, ready, "s")
        yield Figure(f"{name}_to_first_answer", answered, "s")
        for figure in memory(bare):
            yield Figure(f"{name}_{figure.name}", figure.value, figure.unit)


def match(job: Job) -> Iterator[Figure]:
    """Ask by uid, as a caller does: profiles read, pairings explained."""
    measured, warm_up = sample(job.n, job.seekers, job.seed)
    with opened(job) as matcher:
        matcher.match(uid(0), limit=LIMIT)
        settle()
        latencies(lambda number: matcher.match(uid(number), limit=LIMIT), warm_up)
        _, took = latencies(lambda number: matcher.match(uid(number), limit=LIMIT), measured)
        yield from quantiles("matcher", took)
