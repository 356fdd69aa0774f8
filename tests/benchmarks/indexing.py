"""The exact index through its port: build, memory, and the candidates of stored people and of unseen skills."""

from __future__ import annotations

import gc
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from encoding import exported
from job import OURS, Figure, Job
from measure import latencies, peak, quantile, reset_peak, resident, say, settle
from people import BATCH, People, compose, entries, person, sample, seeker
from skill_vectors import Skills, unit

from swapmatch import registry
from swapmatch.ports import Seeker, SeekerSide, VectorStore, Where
from swapmatch.scoring import DECIMALS, Scoring

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from swapmatch.ports import Candidates, Encoder

    Asked = tuple[Seeker, Where]

LIMIT = 10
SCORING = Scoring()
NOISE = 0.5  # added to a vector of length 1: the cosine with an unseen wording is about 0.9
SAY_EVERY = 500  # batches
ENCODED_WARM_UP = 10


def measure(job: Job) -> Iterator[Figure]:
    """Build the index, then ask it."""
    bare = resident()
    store, asked, figures = _built(job)
    if "build" in job.names:
        yield from figures
    if "match" in job.names:
        yield from _matches(store, asked["match"], asked["warm-up"], job)
    if "text" in job.names:
        latencies(lambda one: _ask(store, one), asked["text warm-up"])
        _, took = latencies(lambda one: _ask(store, one), asked["text"])
        yield from quantiles("text", took)
    if "build" in job.names:
        yield from memory(bare)
    if "encoded" in job.names:  # last: the model takes more memory than everybody
        yield from _encoded(store, job)
    store.close()


def quantiles(name: str, took: Sequence[float], who: str = OURS) -> Iterator[Figure]:
    """Yield the usual two."""
    yield Figure(f"{name}_p50", quantile(took, 0.50), "ms", who)
    yield Figure(f"{name}_p95", quantile(took, 0.95), "ms", who)


def memory(bare: float | None, who: str = OURS) -> Iterator[Figure]:
    """Yield what this process takes, and takes more than it did when it was bare."""
    gc.collect()
    now, most = resident(), peak()
    if now is not None and bare is not None:
        yield Figure("memory", now - bare, "MiB", who)
        yield Figure("memory_process", now, "MiB", who)
        yield Figure("memory_peak", most, "MiB", who)


def save_answers(job: Job, who: str, answers: Sequence[Sequence[int]]) -> None:
    """Leave who was found for each seeker, best first, to be compared with the truth."""
    table = np.full((len(answers), LIMIT), -1, np.int64)
    for row, found in zip(table, answers, strict=True):
        row[: len(found)] = found
    np.save(Path(job.folder, f"answers {who}.npy"), table)


def _built(job: Job) -> tuple[VectorStore, dict[str, list[Asked]], list[Figure]]:
    """Index everybody; what it was made from is let go of on return."""
    skills = Skills.load(job.skills)
    people = compose(job.n, len(skills.labels), job.seed)
    asked = _asked(people, skills, job)
    store = registry.open_vector_store("exact:")
    vectors = skills.mapping()
    reset_peak()
    took = 0.0
    for number, batch in enumerate(entries(people, skills.labels), start=1):
        started = time.perf_counter()
        store.put(batch, vectors)
        took += time.perf_counter() - started
        if number % SAY_EVERY == 0:
            say(f"{OURS}: {number * BATCH:,} of {job.n:,} people indexed, {took:.0f} s")
    started = time.perf_counter()
    _ask(store, asked["warm-up"][0])  # an index may put off what only a question needs
    took += time.perf_counter() - started
    took += settle()
    return store, asked, [Figure("build", took, "s"), Figure("build_rate", job.n / took, "people/s")]


def _asked(people: People, skills: Skills, job: Job) -> dict[str, list[Asked]]:
    measured, warm_up = sample(len(people), job.seekers, job.seed)
    stored = {
        "match": [seeker(people, skills, number) for number in measured],
        "warm-up": [seeker(people, skills, number) for number in warm_up],
    }
    rng = np.random.default_rng(job.seed)
    texts = {
        "text": [_reworded(one, rng) for one in stored["match"]],
        "text warm-up": [_reworded(one, rng) for one in stored["warm-up"]],
    }
    return stored | texts


def _reworded(asked: Asked, rng: np.random.Generator) -> Asked:
    """Return the same wishes in words that nobody has used."""

    def side(of: SeekerSide) -> SeekerSide:
        noise = rng.standard_normal(of.vectors.shape, np.float32) * (NOISE / of.vectors.shape[1] ** 0.5)
        return replace(of, keys=tuple(f"{key} (unseen)" for key in of.keys), vectors=unit(of.vectors + noise))

    return Seeker(side(asked[0].offers), side(asked[0].needs)), Where()


def _encoded(store: VectorStore, job: Job) -> Iterator[Figure]:
    """Ask by an offer and a need that nobody has written, the model's work included."""
    original = registry.open_encoder("sentence-transformers:")
    if original.fingerprint != job.fingerprint:
        say("encoded is left out: the vectors are no model's")
        return
    # Only the time is measured: the fast encoder's vectors are near to those that are indexed, not of the same model.
    fast = registry.open_encoder(f"fastembed:{exported(job.cache, 'int8')}?threads=1")
    yield from _asked_by_text(store, fast, job, "text_encoded_int8", "in the evening")
    yield from _asked_by_text(store, original, job, "text_encoded", "on weekends")


def _asked_by_text(store: VectorStore, encoder: Encoder, job: Job, name: str, when: str) -> Iterator[Figure]:
    labels = Skills.load(job.skills).labels
    people = compose(min(job.n, 10_000), len(labels), job.seed + 1)

    def ask(number: int) -> Candidates:
        offers, needs = (
            [f"{labels[place]} {when}" for place in side.of(number)[:1]] for side in (people.offers, people.needs)
        )
        vectors = encoder.encode([*offers, *needs])
        sides = SeekerSide(tuple(offers), vectors[: len(offers)]), SeekerSide(tuple(needs), vectors[len(offers) :])
        return _ask(store, (Seeker(*sides), Where()))

    latencies(ask, range(ENCODED_WARM_UP))
    _, took = latencies(ask, range(ENCODED_WARM_UP, ENCODED_WARM_UP + min(job.seekers, 200)))
    yield from quantiles(name, took)


def _ask(store: VectorStore, asked: Asked) -> Candidates:
    return store.candidates(asked[0], SCORING, limit=LIMIT, where=asked[1])


def _matches(store: VectorStore, asked: Sequence[Asked], warm_up: Sequence[Asked], job: Job) -> Iterator[Figure]:
    latencies(lambda one: _ask(store, one), warm_up)
    answers, took = latencies(lambda one: _ask(store, one), asked)
    yield from quantiles("match", took)
    _, took = latencies(lambda one: _ask(store, one), asked)
    yield Figure("match_again_p50", quantile(took, 0.50), "ms")  # whatever is worked out once a skill is there by now
    ranked = [_ranked(found) for found in answers]
    exact = [not best or best[-1][0] <= -found.bound for best, found in zip(ranked, answers, strict=True)]
    yield Figure("match_exact", sum(exact) / len(exact), "share")
    save_answers(job, OURS, [[number for *_, number in best] for best in ranked])


def _ranked(found: Candidates) -> list[tuple[float, float, int]]:
    """Return the best candidates as (-score, -coverage, number), as the core ranks them."""
    items = [one for one in found.items if one.receives.size and one.gives.size]
    receives, gives = (SCORING.directions([getattr(one, way) for one in items]) for way in ("receives", "gives"))
    scores = SCORING.fuse(receives.scores, gives.scores).tolist()
    coverages = np.round(receives.coverages + gives.coverages, DECIMALS).tolist()
    numbers = (person(one.uid) for one in items)
    ranked = sorted(zip((-s for s in scores), (-c for c in coverages), numbers, strict=True))
    return [one for one in ranked[:LIMIT] if one[0] < 0]
