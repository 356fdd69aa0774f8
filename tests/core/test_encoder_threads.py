"""Many threads at one encoder: no error, and every vector is that of the text alone."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from swapmatch import registry
from swapmatch.encoders.batching import BatchingEncoder
from swapmatch.ports import Encoder
from swapmatch.testing.people import in_threads

THREADS, TEXTS, AT_A_TIME = 64, 100, 10
SAME = 0.9999  # cosine
WORDS = ["guitar", "lessons", "for", "beginners", "in", "the", "evening", "Python", "größe", "中文", "🎸", "tax"]


@pytest.fixture(scope="module", params=["sentence-transformers", "fp32", "int8"])
def encoder(request: pytest.FixtureRequest, exported: Callable[[str], Path]) -> Encoder:
    name = "" if request.param == "sentence-transformers" else exported(request.param)
    return registry.open_encoder(f"fastembed:{name}" if name else "sentence-transformers:")


@pytest.mark.slow
@pytest.mark.parametrize("is_batching", [False, True], ids=["direct", "batching"])
def test_64_threads_with_100_texts_of_mixed_length_each(encoder: Encoder, is_batching: bool) -> None:
    rng = np.random.default_rng(1)
    texts = [" ".join(rng.choice(WORDS, rng.integers(1, 20))) for _ in range(4 * TEXTS)]
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    asked = BatchingEncoder(encoder, waiting=THREADS * TEXTS) if is_batching else encoder

    def work(number: int) -> None:
        order = np.random.default_rng(number).permutation(len(texts))[:TEXTS]
        for places in np.split(order, TEXTS // AT_A_TIME):
            vectors = asked.encode([texts[place] for place in places])
            assert np.einsum("ij,ij->i", vectors, alone[places]).min() > SAME

    in_threads(work, THREADS)
    if isinstance(asked, BatchingEncoder):
        asked.close()
