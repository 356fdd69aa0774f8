"""Free text at scale: two skills a person that nobody else has, so twice as many skills as people."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from indexing import LIMIT, SCORING, memory, quantiles
from job import Figure, Job
from measure import latencies, reset_peak, resident, say, settle
from people import BATCH, uid
from skill_vectors import Skills, unit

from swapmatch.ports import Entry, Seeker, SeekerSide, Where
from swapmatch.vector_stores.exact import ExactVectorStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from swapmatch.ports import Vectors

NEAR, FAR = 0.92, 0.75  # cosines between a skill and the wordings made of it
NEW = 200  # skills added one by one
CHECKED = 100  # skills whose neighbours are compared with the exact ones
BLOCK = 10_000


def measure(job: Job) -> Iterator[Figure]:
    """Index everybody, compare neighbours with those of a look at all, match, and add skills one by one."""
    vectors = wordings(Skills.load(job.skills).vectors, 2 * job.n + NEW, job.seed)
    bare = resident()
    reset_peak()
    store = ExactVectorStore()
    started = time.perf_counter()
    for first in range(0, job.n, BATCH):
        some = range(first, min(first + BATCH, job.n))
        store.put([_entry(n) for n in some], {f"skill {k}": vectors[k] for n in some for k in (2 * n, 2 * n + 1)})
    yield Figure("freetext_build", time.perf_counter() - started, "s")
    say(f"free text: {2 * job.n:,} skills are indexed; waiting for what is done in the background")
    yield Figure("freetext_background", settle(), "s")
    yield Figure("freetext_skills", float(2 * job.n), "skills")
    for figure in memory(bare):
        yield Figure(f"freetext_{figure.name}", figure.value, figure.unit)

    yield Figure("freetext_recall@256", _recall(store, vectors, 2 * job.n, job.seed), "share")
    people = np.random.default_rng(job.seed).permutation(job.n)[: job.seekers].tolist()
    latencies(lambda n: _match(store, n, vectors), people)
    _, took = latencies(lambda n: _match(store, n, vectors), people)
    yield from quantiles("freetext_match", took)

    def add(number: int) -> None:
        key = 2 * job.n + number
        store.put([Entry(f"new-{number}", 1, (f"skill {key}",), (), {})], {f"skill {key}": vectors[key]})
        store._snapshot.neighbours.of(_side(key, vectors), store._snapshot.dictionary)

    _, took = latencies(add, range(NEW))
    _, scans = latencies(lambda n: vectors @ vectors[n], range(20))
    for one in quantiles("freetext_new_skill", took):
        yield Figure(one.name, one.value, one.unit, peer="a look at all, alone (numpy)", peer_value=sorted(scans)[10])
    store.close()


def wordings(base: Vectors, count: int, seed: int) -> Vectors:
    """Return so many unit vectors: these, and beyond them wordings made of them by chance."""
    rng = np.random.default_rng(seed)
    made = np.empty((count, base.shape[1]), np.float32)
    made[: len(base)] = base[:count]
    for start in range(len(base), count, BLOCK):
        end = min(start + BLOCK, count)
        near = base[rng.integers(0, len(base), end - start)]
        aside = rng.standard_normal(near.shape, np.float32)
        aside = unit(aside - (aside * near).sum(axis=1, keepdims=True) * near)
        cosine = rng.uniform(FAR, NEAR, (end - start, 1)).astype(np.float32)
        made[start:end] = cosine * near + np.sqrt(1 - cosine**2) * aside
    return made[rng.permutation(count)]


def _entry(number: int) -> Entry:
    return Entry(uid(number), 1, (f"skill {2 * number}",), (f"skill {2 * number + 1}",), {})


def _side(key: int, vectors: Vectors) -> SeekerSide:
    return SeekerSide((f"skill {key}",), vectors[key][None])


def _match(store: ExactVectorStore, number: int, vectors: Vectors) -> object:
    seeker = Seeker(offers=_side(2 * number, vectors), needs=_side(2 * number + 1, vectors))
    return store.candidates(seeker, SCORING, limit=LIMIT, where=Where(exclude=frozenset({uid(number)})))


def _recall(store: ExactVectorStore, vectors: Vectors, count: int, seed: int) -> float:
    """Return which share of the true nearest skills stands in the lists."""
    snapshot, shares = store._snapshot, []
    place = {int(key.split()[1]): number for number, key in enumerate(snapshot.dictionary.keys) if key}
    for key in np.random.default_rng(seed + 1).permutation(count)[:CHECKED].tolist():
        cosines: NDArray[np.float32] = vectors[:count] @ vectors[key]
        nearest = np.argpartition(-cosines, SCORING.neighbours)[: SCORING.neighbours]
        true = {place[one] for one in nearest[cosines[nearest] >= SCORING.floor].tolist()}
        (met,) = snapshot.neighbours.of(_side(key, vectors), snapshot.dictionary)
        shares.append(len(true.intersection(met.ids.tolist())) / max(len(true), 1))
    return float(np.mean(shares))
