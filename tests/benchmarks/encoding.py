"""Encoders side by side: the exported models on onnxruntime, and torch; each in a process of its own, on one core."""

from __future__ import annotations

import json
import runpy
import time
from pathlib import Path
from typing import TYPE_CHECKING

from job import ESCO, OURS, TORCH, Figure, Wanted
from measure import latencies, quantile, resident, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from swapmatch.manifest import Precision
    from swapmatch.ports import Encoder, Vectors

# Whatever loads numpy or more is imported where it is used: a cold start begins with a bare process.
QUALITY = Path(__file__).parents[1] / "quality" / "run.py"
PRECISIONS: tuple[Precision, ...] = ("int8", "fp32")
FIRST = "teaching the guitar"  # the text of the cold start
ONE_BY_ONE = 300  # texts, so many that a percentile means something
SAMPLE, SEED = 200, 1  # people asked about, as in QUALITY
NDCG = "ndcg@10"


def prepare(wanted: Wanted) -> Iterator[Figure]:
    """Leave the texts, the vectors that torch gives them and the exported models in the cache."""
    import numpy as np
    from skill_vectors import esco_labels

    from swapmatch import Profile
    from swapmatch.demo import community

    if wanted.data is None:
        people = map(Profile.parse, community())
        keys = dict.fromkeys(key for one in people for key in (*one.offers_by_key, *one.needs_by_key))
        texts = list(keys)[: wanted.count]
    else:
        texts = esco_labels(Path(wanted.data, ESCO), wanted.count, wanted.seed)
    folders = {precision: str(exported(wanted.cache, precision)) for precision in PRECISIONS}
    _place(wanted, "json").write_text(json.dumps([texts, folders]), encoding="utf-8")
    np.save(_place(wanted, "npy"), _all(_torch(), texts))
    yield from ()


def exported(cache: str, precision: Precision) -> Path:
    """Return the folder of MiniLM for the fast encoder; it is made once for each version of the code that makes it."""
    from swapmatch import exporting
    from swapmatch.encoders.sentence_transformers import SentenceTransformersEncoder
    from swapmatch.manifest import sha256

    folder = Path(cache, f"minilm-{precision}-{sha256(Path(exporting.__file__))[:16]}")
    if not folder.is_dir():
        say(f"exporting the model in {precision}, once")
        exporting.export_model(SentenceTransformersEncoder(), folder, precision=precision)
    return folder


def measure_int8(wanted: Wanted) -> Iterator[Figure]:
    """Measure what `swapmatch model export --int8` makes."""
    yield from _exported("int8", wanted)


def measure_fp32(wanted: Wanted) -> Iterator[Figure]:
    """Measure what `swapmatch model export` makes."""
    yield from _exported("fp32", wanted)


def measure_torch(wanted: Wanted) -> Iterator[Figure]:
    """Measure the original; its figures stand beside those of each exported model."""
    texts, _ = _prepared(wanted)
    started = time.perf_counter()
    encoder = _torch()
    encoder.encode([FIRST])
    took = time.perf_counter() - started
    figures = [("cold_start", took, "s"), *_speeds(encoder, texts)]
    for name, value, unit in figures:
        for precision in PRECISIONS:
            yield Figure(f"encoder_{precision}_{name}", value, unit, TORCH, n=len(texts))


def quality(wanted: Wanted) -> Iterator[Figure]:
    """Yield the nDCG@10 of the matches that each encoder makes, on the people of the quality benchmark."""
    run = runpy.run_path(str(QUALITY))
    for name in ("survey", "esco"):
        reason = "there are no people without the labels" if wanted.data is None else run["missing"](name)
        if reason:
            say(f"{NDCG} on {name}, left out: {reason}")
            continue
        yield from _quality(name, run[name](), wanted)


def _quality(name: str, people: object, wanted: Wanted) -> Iterator[Figure]:
    from swapmatch.evaluation import evaluate

    def measured(encoder: Encoder) -> tuple[float, int]:
        figures = evaluate(
            people, encoder, sample=SAMPLE, seed=SEED, ways=["swapmatch"], formula_sample=1, progress=True
        )
        return next((figure.value, figure.n) for figure in figures if figure.name == NDCG)

    _, folders = _prepared(wanted)
    original, n = measured(_torch())
    for precision in PRECISIONS:
        value, _ = measured(_fast(folders[precision]))
        title = f"encoder_{precision}_{NDCG}_{name}"
        yield Figure(title, value, "nDCG", peer=TORCH, peer_value=original, n=n)
        yield Figure(f"{title}_minus_torch", value - original, "nDCG", n=n)


def _exported(precision: Precision, wanted: Wanted) -> Iterator[Figure]:
    texts, folders = _prepared(wanted)
    started = time.perf_counter()
    encoder = _fast(folders[precision])
    encoder.encode([FIRST])
    took = time.perf_counter() - started
    figures = [("cold_start", took, "s"), *_speeds(encoder, texts), *_cosines(encoder, texts, wanted)]
    for name, value, unit in figures:
        yield Figure(f"encoder_{precision}_{name}", value, unit, OURS, n=len(texts))


def _speeds(encoder: Encoder, texts: list[str]) -> Iterator[tuple[str, float | None, str]]:
    yield "memory_loaded", resident(), "MiB"
    one_by_one = texts[:ONE_BY_ONE]
    _, took = latencies(lambda text: encoder.encode([text]), one_by_one)
    yield "text_p50", quantile(took, 0.50), "ms"
    yield "text_p95", quantile(took, 0.95), "ms"
    started = time.perf_counter()
    _all(encoder, texts)
    yield "rate", len(texts) / (time.perf_counter() - started), "texts/s"
    yield "memory", resident(), "MiB"


def _cosines(encoder: Encoder, texts: list[str], wanted: Wanted) -> Iterator[tuple[str, float, str]]:
    import numpy as np

    original = np.load(_place(wanted, "npy"))
    cosines = np.einsum("ij,ij->i", original, _all(encoder, texts), dtype=np.float64)
    yield "cosine_mean", float(cosines.mean()), "cosine to torch"
    yield "cosine_worst", float(cosines.min()), "cosine to torch"


def _all(encoder: Encoder, texts: list[str]) -> Vectors:
    """Return the vectors of all texts, encoded as those of new skills are: by length, in batches."""
    import numpy as np

    from swapmatch.encoders.caching import CachingEncoder

    vectors = CachingEncoder(encoder).vectors(texts, keep=False)
    return np.stack([vectors[text] for text in texts])


def _fast(folder: str) -> Encoder:
    from swapmatch.encoders.fastembed import FastEmbedEncoder

    return FastEmbedEncoder(Path(folder), threads=1)


def _torch() -> Encoder:
    import torch

    from swapmatch.encoders.sentence_transformers import SentenceTransformersEncoder

    torch.set_num_threads(1)
    return SentenceTransformersEncoder()


def _place(wanted: Wanted, ending: str) -> Path:
    return Path(wanted.cache, f"encoder-texts.{ending}")


def _prepared(wanted: Wanted) -> tuple[list[str], dict[Precision, str]]:
    """Return the texts, and the folders of the exported models."""
    texts, folders = json.loads(_place(wanted, "json").read_text(encoding="utf-8"))
    return texts, folders
