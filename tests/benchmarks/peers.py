"""What swapmatch is held against: the two usual ways, over one pooled vector a side of everybody."""

from __future__ import annotations

import time
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from indexing import LIMIT, memory, quantiles, save_answers
from job import POOLED, WAP, Figure, Job
from measure import available, latencies, reset_peak, resident, say
from people import compose, sample
from skill_vectors import Skills

from swapmatch.evaluation.ways import SEARCHED, THRESHOLD
from swapmatch.fusion import harmonic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from people import People

    from swapmatch.ports import Vector, Vectors

    Asked = list[tuple[int, Vector, Vector]]  # number, offer, need

LARGEST = 1_000_000  # people: beyond, the vectors alone take tens of GB
SHARE = 0.7  # of the free memory that a peer may take
BATCH = 10_000
SAY_EVERY_S = 30.0
# Those of Qdrant, where the wap way usually runs.
HNSW = {"connectivity": 16, "expansion_add": 100, "expansion_search": 100}
LINKS_BYTES = 250  # of a vector in the graph


class Peer(Protocol):
    """Ranks people by pooled vectors."""

    def add(self, first: int, offers: Vectors, needs: Vectors) -> None:
        """Take in people, the first of whom has this number."""
        ...

    def rank(self, number: int, offer: Vector, need: Vector) -> list[int]:
        """Return the best others for the person with this number and these vectors."""
        ...


class Wap:
    """Two searches on HNSW indexes, and whoever is in both, by the harmonic mean of the cosines."""

    def __init__(self, dimension: int) -> None:
        """Start with nobody; vectors are kept as float16, and their product is the cosine as they are of length 1."""
        index = import_module("usearch.index").Index
        self._offers, self._needs = (index(ndim=dimension, metric="ip", dtype="f16", **HNSW) for _ in range(2))

    def add(self, first: int, offers: Vectors, needs: Vectors) -> None:
        """See Peer."""
        numbers = np.arange(first, first + len(offers), dtype=np.uint64)
        self._offers.add(numbers, offers, threads=1)
        self._needs.add(numbers, needs, threads=1)

    def rank(self, number: int, offer: Vector, need: Vector) -> list[int]:
        """See Peer."""
        receives, gives = self._search(self._offers, need, number), self._search(self._needs, offer, number)
        both = sorted(receives.keys() & gives.keys())
        means = harmonic(np.array([receives[one] for one in both]), np.array([gives[one] for one in both]))
        return [both[place] for place in np.argsort(-means, kind="stable")[:LIMIT]]

    def _search(self, index: Any, vector: Vector, number: int) -> dict[int, float]:
        found = index.search(vector, SEARCHED + 1, threads=1)  # one more: the person is there, too
        cosines = dict(zip(found.keys.tolist(), (1.0 - found.distances).tolist(), strict=True))
        cosines.pop(number, None)
        return {one: cosine for one, cosine in list(cosines.items())[:SEARCHED] if cosine >= THRESHOLD}


class Scan:
    """The harmonic mean of both cosines, worked out for everybody."""

    def __init__(self, dimension: int, n: int) -> None:
        """Make room for everybody."""
        self._offers, self._needs = (np.zeros((n, dimension), np.float32) for _ in range(2))

    def add(self, first: int, offers: Vectors, needs: Vectors) -> None:
        """See Peer."""
        self._offers[first : first + len(offers)] = offers
        self._needs[first : first + len(needs)] = needs

    def rank(self, number: int, offer: Vector, need: Vector) -> list[int]:
        """See Peer."""
        receives, gives = np.maximum(self._offers @ need, 0.0), np.maximum(self._needs @ offer, 0.0)
        means = 2.0 * receives * gives / np.maximum(receives + gives, np.finfo(np.float32).tiny)
        means[number] = 0.0
        best = np.argpartition(-means, min(LIMIT, len(means) - 1))[:LIMIT]
        return [int(one) for one in best[np.argsort(-means[best], kind="stable")] if means[one] > 0]


def measure_wap(job: Job) -> Iterator[Figure]:
    """Measure the wap way, or say why not."""
    try:
        import_module("usearch.index")
    except ModuleNotFoundError:
        yield Figure("match_p50", None, "ms", f"{WAP}, left out: usearch is not installed")
        return
    if why := _too_many(job, job.n * 2 * (2 * job.dimension + LINKS_BYTES), min(LARGEST, job.wap_up_to)):
        yield Figure("match_p50", None, "ms", f"{WAP}, left out: {why}")
        return
    yield from _measure(job, WAP)


def measure_pooled(job: Job) -> Iterator[Figure]:
    """Measure the pooled scan, or say why not."""
    if why := _too_many(job, job.n * 2 * 4 * job.dimension, LARGEST):
        yield Figure("match_p50", None, "ms", f"{POOLED}, left out: {why}")
        return
    yield from _measure(job, POOLED)


def _too_many(job: Job, needed: int, largest: int) -> str | None:
    free = available()
    takes = f"{job.n:,} people take {needed / 2**30:.1f} GiB as pooled vectors"
    if job.n > largest:
        return f"{takes}, and it runs up to {largest:,} only"
    if free is not None and needed > SHARE * free:
        return f"{takes}, and {free / 2**30:.1f} GiB are free"
    return None


def _measure(job: Job, who: str) -> Iterator[Figure]:
    bare = resident()
    peer, asked, warm_up, took = _built(job, who)
    if "build" in job.names:
        yield Figure("build", took, "s", who)
        yield Figure("build_rate", job.n / took, "people/s", who)
    if "match" in job.names:
        latencies(lambda one: peer.rank(*one), warm_up)
        answers, times = latencies(lambda one: peer.rank(*one), asked)
        yield from quantiles("match", times, who)
        save_answers(job, who, answers)
    if "build" in job.names:
        yield from memory(bare, who)


def _built(job: Job, who: str) -> tuple[Peer, Asked, Asked, float]:
    """Take everybody in; what was needed for it is let go of on return."""
    skills = Skills.load(job.skills)
    people = compose(job.n, len(skills.labels), job.seed)
    measured, warm_up = sample(job.n, job.seekers, job.seed)
    reset_peak()
    started = said = time.perf_counter()
    peer: Peer = Wap(job.dimension) if who == WAP else Scan(job.dimension, job.n)
    for first in range(0, job.n, BATCH):
        end = min(first + BATCH, job.n)
        peer.add(
            first, people.offers.pooled(skills.vectors, first, end), people.needs.pooled(skills.vectors, first, end)
        )
        if time.perf_counter() - said > SAY_EVERY_S:
            said = time.perf_counter()
            say(f"{who}: {end:,} of {job.n:,} people indexed, {said - started:.0f} s")
    took = time.perf_counter() - started
    return peer, _vectors(people, skills, measured), _vectors(people, skills, warm_up), took


def _vectors(people: People, skills: Skills, numbers: list[int]) -> Asked:
    def pooled(one: int) -> tuple[Vector, Vector]:
        offer, need = (side.pooled(skills.vectors, one, one + 1)[0] for side in (people.offers, people.needs))
        return offer, need

    return [(one, *pooled(one)) for one in numbers]
