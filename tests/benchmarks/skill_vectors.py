"""Distinct skills with their vectors: ESCO labels and the real model, or random vectors without either."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from job import ESCO, Prepared, Wanted
from measure import say

from swapmatch import skills
from swapmatch.encoders.sentence_transformers import SentenceTransformersEncoder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from swapmatch.ports import Encoder, Vector, Vectors

REWORDED = "{} for beginners"  # tops the labels up: real texts, each near to one label
BATCH = 256
SAY_EVERY = 20  # batches
DIMENSION = 384  # of random vectors
# Of a random vector's square: what all share, what its topic and what its skill shares, and its own. Cosines are then
# about 0.75 between wordings of one skill, 0.4 within a topic and 0.1 elsewhere, much like MiniLM on ESCO.
COMMON, TOPIC, SKILL, OWN = 0.10, 0.30, 0.35, 0.25
TOPIC_SIZE, SKILL_SIZE = 200, 8


@dataclass(frozen=True, slots=True)
class Skills:
    """Distinct skills, the most popular first.

    Attributes:
        labels: Their keys.
        vectors: `(skills, dimension)`.
    """

    labels: list[str]
    vectors: Vectors

    @classmethod
    def load(cls, base: str) -> Self:
        """Read what `prepare` wrote."""
        labels = json.loads(Path(f"{base}.json").read_text(encoding="utf-8"))
        return cls(labels, np.load(f"{base}.npy"))

    def mapping(self) -> dict[str, Vector]:
        """Return the vector of each key."""
        return dict(zip(self.labels, self.vectors, strict=True))


def prepare(wanted: Wanted) -> Iterator[Prepared]:
    """Have the skills on disk, by the cache or by making them."""
    cache = Path(wanted.cache)
    cache.mkdir(parents=True, exist_ok=True)
    encoder = SentenceTransformersEncoder()
    if wanted.data is None:
        fingerprint, labels = f"random-{wanted.seed}/{DIMENSION}", [f"skill {i}" for i in range(wanted.count)]
    else:
        fingerprint, labels = encoder.fingerprint, esco_labels(Path(wanted.data, ESCO), wanted.count, wanted.seed)
    text = json.dumps([fingerprint, labels])
    base = cache / f"skills-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    if not base.with_suffix(".npy").is_file():
        vectors = random_vectors(len(labels), wanted.seed) if wanted.data is None else _embedded(encoder, labels)
        base.with_suffix(".json").write_text(json.dumps(labels), encoding="utf-8")
        np.save(base.with_suffix(".part.npy"), vectors)
        base.with_suffix(".part.npy").rename(base.with_suffix(".npy"))  # whole, or not there
    dimension = int(np.load(base.with_suffix(".npy"), mmap_mode="r").shape[1])
    yield Prepared(str(base), fingerprint, dimension)


def esco_labels(path: Path, count: int, seed: int) -> list[str]:
    """Return distinct labels by key, in an order drawn by chance; where they do not suffice, some also reworded.

    Raises:
        SystemExit: Twice the labels do not suffice.
    """
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        written = [label for row in csv.DictReader(file) for label in (row["preferred"], *row["alt_labels"].split("|"))]
    keys = dict.fromkeys(skills.key(label) for label in written if label)
    # A few hold what ends a skill, a full stop or a semicolon: people could not name them.
    whole = [key for key in keys if tuple(map(skills.key, skills.split(f"- {key}"))) == (key,)]
    rng = np.random.default_rng(seed)
    drawn = [whole[place] for place in rng.permutation(len(whole))]
    more = (REWORDED.format(label) for label in drawn)
    reworded = [label for label in more if label not in keys][: max(0, count - len(drawn))]
    if len(drawn) + len(reworded) < count:
        message = (
            f"{path.name} has {len(drawn):,} labels: at most twice as many skills can be made of them, not {count:,}"
        )
        raise SystemExit(message)
    say(f"{min(count, len(drawn)):,} distinct ESCO labels and {len(reworded):,} of them reworded")
    labels = [*drawn[:count], *reworded]
    return [labels[place] for place in rng.permutation(len(labels))]


def random_vectors(count: int, seed: int) -> Vectors:
    """Return unit vectors in clusters: skills of several wordings, within topics."""
    rng = np.random.default_rng(seed)

    def directions(rows: int) -> Vectors:
        return unit(rng.standard_normal((rows, DIMENSION), np.float32))

    skill = rng.integers(0, max(1, count // SKILL_SIZE), count)
    topic = skill % max(1, count // TOPIC_SIZE)
    parts = (
        (COMMON, directions(1)),
        (TOPIC, directions(topic.max() + 1)[topic]),
        (SKILL, directions(skill.max() + 1)[skill]),
    )
    vectors = sum((np.sqrt(share) * part for share, part in parts), start=np.sqrt(OWN) * directions(count))
    return unit(vectors)


def unit(vectors: Vectors) -> Vectors:
    """Return the rows at length 1, as float32."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def _embedded(encoder: Encoder, labels: list[str]) -> Vectors:
    # Sorted by length: a batch is padded to its longest text.
    order = sorted(range(len(labels)), key=lambda place: len(labels[place]))
    vectors = np.zeros((len(labels), encoder.dimension), np.float32)
    for number, start in enumerate(range(0, len(order), BATCH)):
        batch = order[start : start + BATCH]
        vectors[batch] = encoder.encode([labels[place] for place in batch])
        if number % SAY_EVERY == 0:
            say(f"embedding {len(labels):,} labels, once: {start:,} done")
    return vectors
