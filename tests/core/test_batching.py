"""The texts of many callers share batches, and nobody gets another's vectors, errors or wait."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swapmatch.encoders.batching import BatchingEncoder
from swapmatch.encoders.hashing import HashingEncoder
from swapmatch.errors import EncoderBusyError, EncoderError
from swapmatch.ports import Vectors
from swapmatch.testing.people import in_threads

TIMEOUT_S = 20


class Recording(HashingEncoder):
    """Notes its batches; waits for its gate; fails on some texts."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[str]] = []
        self.threads: set[int] = set()
        self.gate = threading.Event()
        self.gate.set()
        self.is_entered = threading.Event()

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.batches.append(list(texts))
        self.threads.add(threading.get_ident())
        self.is_entered.set()
        assert self.gate.wait(TIMEOUT_S)
        if "bad" in texts:
            raise ValueError("a bad text")
        return super().encode(texts)


@contextmanager
def behind_a_closed_gate(batching: BatchingEncoder, encoder: Recording) -> Iterator[None]:
    """Let the encoder be busy with one text, and whatever is submitted inside wait."""
    encoder.gate.clear()
    encoder.is_entered.clear()
    first = batching.submit(["first"])
    assert encoder.is_entered.wait(TIMEOUT_S)
    yield
    encoder.gate.set()
    assert len(first.result(TIMEOUT_S)) == 1


@pytest.fixture
def encoder() -> Recording:
    return Recording()


@pytest.fixture
def batching(encoder: Recording) -> Iterator[BatchingEncoder]:
    batching = BatchingEncoder(encoder, batch=8)
    yield batching
    encoder.gate.set()
    batching.close()


def test_it_is_the_encoder_to_its_callers(batching: BatchingEncoder, encoder: Recording) -> None:
    assert (batching.dimension, batching.fingerprint) == (encoder.dimension, encoder.fingerprint)
    assert batching.relevance == encoder.relevance
    np.testing.assert_array_equal(batching.encode(["guitar", "piano"]), HashingEncoder().encode(["guitar", "piano"]))
    assert batching.encode([]).shape == (0, encoder.dimension)


def test_what_waits_meanwhile_is_one_batch(batching: BatchingEncoder, encoder: Recording) -> None:
    with behind_a_closed_gate(batching, encoder):
        futures = [batching.submit([f"text {number}"]) for number in range(6)]
    for number, future in enumerate(futures):
        np.testing.assert_array_equal(future.result(TIMEOUT_S), HashingEncoder().encode([f"text {number}"]))
    assert encoder.batches == [["first"], [f"text {number}" for number in range(6)]]


def test_whoever_brings_many_takes_turns_with_the_others(batching: BatchingEncoder, encoder: Recording) -> None:
    many = [f"many {number}" for number in range(30)]
    with behind_a_closed_gate(batching, encoder):
        bulk = batching.submit(many)
        one = batching.submit(["one"])
    np.testing.assert_array_equal(bulk.result(TIMEOUT_S), HashingEncoder().encode(many))
    assert len(one.result(TIMEOUT_S)) == 1
    assert ["one" in batch for batch in encoder.batches] == [False, False, True, False, False]
    assert max(map(len, encoder.batches)) == 8


def test_only_those_fail_whose_texts_are_bad(batching: BatchingEncoder, encoder: Recording) -> None:
    with behind_a_closed_gate(batching, encoder):
        good, bad, other = (batching.submit([text]) for text in ("good", "bad", "other"))
    assert len(good.result(TIMEOUT_S)) == len(other.result(TIMEOUT_S)) == 1
    with pytest.raises(ValueError, match="a bad text"):
        bad.result(TIMEOUT_S)
    assert len(batching.encode(["still alive"])) == 1


def test_a_long_call_that_fails_leaves_nothing_in_the_queue(batching: BatchingEncoder) -> None:
    with pytest.raises(ValueError, match="a bad text"):
        batching.encode(["bad", *(f"text {number}" for number in range(30))])
    assert len(batching.encode(["good"])) == 1
    assert batching._waiting == 0
    assert not batching._queue


def test_a_full_queue_says_so_and_recovers(encoder: Recording) -> None:
    batching = BatchingEncoder(encoder, waiting=3)
    with behind_a_closed_gate(batching, encoder):
        futures = [batching.submit(["a", "b"]), batching.submit(["c"])]
        with pytest.raises(EncoderBusyError, match="3 texts wait"):
            batching.submit(["d"])
    assert [len(future.result(TIMEOUT_S)) for future in futures] == [2, 1]
    assert len(batching.encode(["d"])) == 1
    batching.close()


def test_a_call_of_more_texts_than_may_wait_is_taken_when_nobody_waits(encoder: Recording) -> None:
    batching = BatchingEncoder(encoder, waiting=3)
    assert len(batching.encode([f"text {number}" for number in range(10)])) == 10
    batching.close()


def test_a_cancelled_call_is_not_computed(batching: BatchingEncoder, encoder: Recording) -> None:
    with behind_a_closed_gate(batching, encoder):
        given_up, kept = batching.submit(["given up"]), batching.submit(["kept"])
        assert given_up.cancel()
    assert len(kept.result(TIMEOUT_S)) == 1
    assert encoder.batches == [["first"], ["kept"]]
    assert batching._waiting == 0


def test_closing_answers_those_who_wait_and_takes_no_more(batching: BatchingEncoder, encoder: Recording) -> None:
    with behind_a_closed_gate(batching, encoder):
        futures = [batching.submit([f"text {number}"]) for number in range(20)]
        threading.Timer(0.02, encoder.gate.set).start()
        batching.close()
        assert all(future.done() for future in futures)
        with pytest.raises(EncoderError, match="closed"):
            batching.encode(["late"])
    batching.close()


def test_an_encoder_that_gives_too_few_vectors_is_an_error() -> None:
    class Short(HashingEncoder):
        def encode(self, texts: Sequence[str]) -> Vectors:
            return super().encode(texts[1:])

    batching = BatchingEncoder(Short())
    with pytest.raises(EncoderError, match="0 vectors for 1 texts"):
        batching.encode(["guitar"])
    batching.close()


class Panic(BaseException):
    """As an extension in Rust raises it."""


def test_what_is_no_exception_ends_neither_the_thread_nor_the_wait() -> None:
    class Panicking(HashingEncoder):
        def encode(self, texts: Sequence[str]) -> Vectors:
            if "bad" in texts:
                raise Panic("index out of bounds")
            return super().encode(texts)

    batching = BatchingEncoder(Panicking())
    with pytest.raises(EncoderError, match=r"could not encode 1 texts.*index out of bounds"):
        batching.submit(["bad"]).result(TIMEOUT_S)
    assert len(batching.submit(["good"]).result(TIMEOUT_S)) == 1
    batching.close()


def test_vectors_of_another_dimension_are_an_error_also_in_one_batch_of_several() -> None:
    class Odd(HashingEncoder):
        def encode(self, texts: Sequence[str]) -> Vectors:
            return super().encode(texts)[:, : 3 if "odd" in texts else None]

    batching = BatchingEncoder(Odd(), batch=2)
    with pytest.raises(EncoderError, match=r"vectors of \(3,\) numbers, not of 256"):
        batching.submit(["a", "b", "odd"]).result(TIMEOUT_S)
    assert len(batching.submit(["good"]).result(TIMEOUT_S)) == 1
    batching.close()


def test_a_callers_thread_may_do_something_while_it_waits(encoder: Recording) -> None:
    told: list[str] = []

    @contextmanager
    def telling() -> Iterator[None]:
        told.append("waits")
        yield
        told.append("goes on")

    batching = BatchingEncoder(encoder, while_waiting=telling)
    batching.encode(["guitar"])
    assert told == ["waits", "goes on"]
    batching.close()


@given(st.lists(st.lists(st.text(max_size=5), min_size=1, max_size=20), min_size=1, max_size=12))
def test_everybody_gets_the_vectors_of_their_own_texts_from_one_thread(calls: list[list[str]]) -> None:
    encoder = Recording()
    batching = BatchingEncoder(encoder, batch=4, wait_s=0.0005)

    def work(number: int) -> None:
        np.testing.assert_array_equal(batching.encode(calls[number]), HashingEncoder().encode(calls[number]))

    in_threads(work, len(calls))
    batching.close()
    assert len(encoder.threads) == 1
    assert sorted(text for batch in encoder.batches for text in batch) == sorted(
        text for call in calls for text in call
    )
