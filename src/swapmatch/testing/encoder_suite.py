"""What an encoder promises, as tests: see `swapmatch.ports.Encoder`."""

# ruff: noqa: D102 - the name of a test is its sentence

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from swapmatch.testing.people import in_threads

if TYPE_CHECKING:
    from swapmatch.ports import Encoder, Vectors

SAME = 1e-5  # in each component: what the port promises
TEXTS = (
    "python",
    "bicycle repair",
    "a conversation partner for spanish, twice a week, in the evening",
    "größe straße ñandú",
    "中文辅导",
    "עזרה בשיעורי בית",
    "دروس عربی \u200cبرای",  # noqa: RUF001 - Persian
    "🎸",
    "👩‍👩‍👧 👍🏽 🇧🇷",
    "c++",
    "…",
    "e\u0301 \u202eabc",
    "x" * 200,
)


class EncoderContract:
    """Every promise of Encoder.

    Give a fixture `encoder`. Where it is slow to load, one for all tests will do: write
    `@pytest.fixture(scope="class")` and below it `@classmethod`.
    """

    def test_each_text_gets_a_vector_of_length_1(self, encoder: Encoder) -> None:
        vectors = encoder.encode(TEXTS)
        assert vectors.shape == (len(TEXTS), encoder.dimension)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=SAME)

    def test_no_texts_give_no_rows(self, encoder: Encoder) -> None:
        vectors = encoder.encode([])
        assert vectors.shape == (0, encoder.dimension)
        assert vectors.dtype == np.float32

    def test_vectors_come_in_the_order_of_the_texts(self, encoder: Encoder) -> None:
        forwards = encoder.encode(TEXTS)
        backwards = encoder.encode(TEXTS[::-1])
        assert_same(backwards[::-1], forwards)

    def test_a_text_gives_the_same_vector_whatever_stands_beside_it(self, encoder: Encoder) -> None:
        together = encoder.encode(TEXTS)
        alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
        beside_long_ones = encoder.encode([*TEXTS, *("long " * 40 for _ in range(50))])
        assert_same(alone, together)
        assert_same(beside_long_ones[: len(TEXTS)], together)

    def test_a_text_given_twice_gets_the_same_vector_twice(self, encoder: Encoder) -> None:
        vectors = encoder.encode(["guitar", "python", "guitar"])
        assert_same(vectors[0], vectors[2])
        assert np.abs(vectors[0] - vectors[1]).max() > SAME

    def test_texts_may_come_in_any_sequence(self, encoder: Encoder) -> None:
        assert_same(encoder.encode(list(TEXTS)), encoder.encode(TEXTS))

    def test_more_texts_than_a_batch_are_taken(self, encoder: Encoder) -> None:
        texts = [f"skill {number}" for number in range(300)]
        vectors = encoder.encode(texts)
        assert vectors.shape == (300, encoder.dimension)
        assert_same(vectors[[0, 150, 299]], encoder.encode([texts[0], texts[150], texts[299]]))

    @pytest.mark.parametrize("text", ["word " * 10_000, "x" * 50_000, "🎸" * 5_000])
    def test_a_very_long_text_gets_a_vector(self, encoder: Encoder, text: str) -> None:
        vectors = encoder.encode([text, "guitar"])
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=SAME)
        assert_same(vectors[1], encoder.encode(["guitar"])[0])

    def test_the_vectors_are_the_callers_own(self, encoder: Encoder) -> None:
        first = encoder.encode(["guitar"])
        before = first.copy()
        if first.flags.writeable:
            first[:] = 0.0
        assert_same(encoder.encode(["guitar"]), before)

    def test_many_threads_encode_at_once(self, encoder: Encoder) -> None:
        expected = encoder.encode(TEXTS)

        def work(number: int) -> Vectors:
            for turn in range(5):
                encoder.encode([f"{number} {turn}" * length for length in (1, 9, 40)])
            return encoder.encode(TEXTS[number:] + TEXTS[:number])

        for number, vectors in enumerate(in_threads(work, 8)):
            assert_same(np.roll(vectors, number, axis=0), expected)

    def test_the_dimension_and_the_fingerprint_stay(self, encoder: Encoder) -> None:
        before = (encoder.dimension, encoder.fingerprint)
        encoder.encode(["guitar"])
        assert before == (encoder.dimension, encoder.fingerprint)
        assert isinstance(encoder.fingerprint, str)
        assert encoder.fingerprint.strip()
        assert encoder.dimension > 0

    def test_the_relevance_of_a_text_with_itself_is_high(self, encoder: Encoder) -> None:
        (relevance,) = encoder.relevance(np.array([1.0]))
        assert 0.5 < relevance <= 1.0  # noqa: PLR2004


def assert_same(ours: Vectors, expected: Vectors) -> None:
    """Check that vectors are equal, as nearly as the port promises."""
    np.testing.assert_allclose(ours, expected, rtol=0, atol=SAME)
