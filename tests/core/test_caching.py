"""Every distinct skill is embedded once."""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, get_ident

import numpy as np
import pytest

from swapmatch.encoders.batching import BatchingEncoder
from swapmatch.encoders.caching import CachingEncoder
from swapmatch.encoders.hashing import HashingEncoder
from swapmatch.errors import EncoderError, EncoderMismatchError
from swapmatch.ports import Vectors
from swapmatch.profile_stores.memory import MemoryProfileStore
from swapmatch.testing.people import in_threads


class Counting(HashingEncoder):
    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return super().encode(texts)


class Broken(HashingEncoder):
    def encode(self, texts: Sequence[str]) -> Vectors:
        return np.full((len(texts), self.dimension), np.nan, np.float32)


def test_a_text_is_encoded_once_however_often_it_is_asked_for() -> None:
    encoder = Counting()
    cached = CachingEncoder(encoder)
    for _ in range(3):
        cached.vectors(["guitar", "piano", "guitar"], keep=False)
    assert sorted(encoder.asked) == ["guitar", "piano"]
    assert cached.embedded == 2


def test_vectors_are_those_of_the_encoder() -> None:
    cached = CachingEncoder(HashingEncoder())
    keys = [f"skill number {number}" for number in range(600)]
    found = cached.vectors(keys, keep=False)
    np.testing.assert_array_equal(np.stack([found[key] for key in keys]), HashingEncoder().encode(keys))


def test_kept_vectors_outlive_the_process() -> None:
    store = MemoryProfileStore()
    CachingEncoder(Counting(), store).vectors(["guitar"], keep=True)
    encoder = Counting()
    found = CachingEncoder(encoder, store).vectors(["guitar"], keep=True)
    assert encoder.asked == []
    np.testing.assert_array_equal(found["guitar"], HashingEncoder().encode(["guitar"])[0])


def test_what_somebody_merely_asks_about_is_not_kept_until_somebody_stored_has_it() -> None:
    store, encoder = MemoryProfileStore(), Counting()
    cached = CachingEncoder(encoder, store)
    cached.vectors(["guitar", "piano"], keep=False)
    assert store.get_vectors(encoder.fingerprint, ["guitar", "piano"]) == {}
    cached.vectors(["guitar"], keep=True)
    assert list(store.get_vectors(encoder.fingerprint, ["guitar", "piano"])) == ["guitar"]
    assert len(encoder.asked) == 2


def test_memory_forgets_the_oldest_first() -> None:
    encoder = Counting()
    cached = CachingEncoder(encoder, recent=2)
    for key in ("a", "b", "a", "c", "a", "b"):
        cached.vectors([key], keep=False)
    assert encoder.asked == ["a", "b", "c", "b"]


def test_a_vector_in_memory_holds_no_others() -> None:
    found = CachingEncoder(HashingEncoder()).vectors(["guitar", "piano"], keep=False)
    assert all(vector.base is None for vector in found.values())


def test_vectors_of_another_encoder_are_refused_with_both_names_and_the_way_out() -> None:
    store = MemoryProfileStore()
    CachingEncoder(HashingEncoder(dimension=64), store).vectors(["guitar"], keep=True)
    with pytest.raises(EncoderMismatchError, match=r"hashing-lexical-1/64.*hashing-lexical-1/256.*swapmatch reindex"):
        CachingEncoder(HashingEncoder(), store)


def test_where_another_encoder_counts_by_now_vectors_are_given_and_no_longer_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, encoder = MemoryProfileStore(), Counting()
    cached = CachingEncoder(encoder, store)
    cached.vectors(["guitar", "piano"], keep=True)
    store.use_encoder("another")
    for key in ("chess", "yoga"):
        found = cached.vectors([key, "guitar"], keep=True)
        np.testing.assert_array_equal(found[key], HashingEncoder().encode([key])[0])
    assert encoder.asked == ["piano", "guitar", "chess", "yoga"]
    assert store.counts().skills == 0
    (told,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert re.search(r"restart with the encoder that counts now.*'another'.*'hashing-lexical-1/256'", told)


def test_a_vector_that_is_not_finite_never_leaves() -> None:
    store = MemoryProfileStore()
    with pytest.raises(EncoderError, match="not finite"):
        CachingEncoder(Broken(), store).vectors(["guitar"], keep=True)
    assert store.encoder() is None


def test_without_a_store_that_keeps_vectors_they_are_held_in_memory() -> None:
    encoder = Counting()
    cached = CachingEncoder(encoder)
    cached.vectors(["guitar"], keep=True)
    cached.vectors(["guitar"], keep=True)
    assert encoder.asked == ["guitar"]


class Slow(Counting):
    """Encodes while its gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.is_entered = Event(), Event()
        self.failure: Exception | None = None

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = super().encode(texts)
        self.is_entered.set()
        assert self.gate.wait(20)
        if self.failure is not None:
            raise self.failure
        return vectors


def test_who_asks_for_what_is_being_computed_waits_for_it() -> None:
    encoder = Slow()
    cached = CachingEncoder(encoder)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(cached.vectors, ["guitar", "piano"], keep=False)
        assert encoder.is_entered.wait(20)
        others = [pool.submit(cached.vectors, ["piano", "guitar"], keep=False) for _ in range(3)]
        encoder.gate.set()
        for found in (first, *others):
            np.testing.assert_array_equal(found.result()["piano"], HashingEncoder().encode(["piano"])[0])
    assert sorted(encoder.asked) == ["guitar", "piano"]
    assert cached._computing == {}


def test_who_waits_for_anothers_key_is_told_as_waiting_for_the_encoder() -> None:
    encoder, waiting, is_second = Slow(), [], Event()

    @contextmanager
    def telling() -> Iterator[None]:
        waiting.append(get_ident())
        if len(waiting) == 2:
            is_second.set()
        yield

    batching = BatchingEncoder(encoder, while_waiting=telling)
    cached = CachingEncoder(batching)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(cached.vectors, ["guitar"], keep=False)
        assert encoder.is_entered.wait(20)
        second = pool.submit(cached.vectors, ["guitar"], keep=False)
        told = is_second.wait(20)
        encoder.gate.set()
        first.result()
        second.result()
    batching.close()
    assert told
    assert len(set(waiting)) == 2


def test_who_waits_for_what_was_merely_asked_about_keeps_it() -> None:
    store, encoder = MemoryProfileStore(), Slow()
    cached = CachingEncoder(encoder, store)
    with ThreadPoolExecutor() as pool:
        asking = pool.submit(cached.vectors, ["guitar"], keep=False)
        assert encoder.is_entered.wait(20)
        storing = pool.submit(cached.vectors, ["guitar"], keep=True)
        encoder.gate.set()
        asking.result()
        storing.result()
    assert list(store.get_vectors(encoder.fingerprint, ["guitar"])) == ["guitar"]
    assert encoder.asked == ["guitar"]


def test_a_failure_is_told_to_all_who_wait_and_the_next_call_tries_again() -> None:
    encoder = Slow()
    encoder.failure = EncoderError("out of memory")
    cached = CachingEncoder(encoder)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(cached.vectors, ["guitar"], keep=False)
        assert encoder.is_entered.wait(20)
        second = pool.submit(cached.vectors, ["guitar"], keep=False)
        encoder.gate.set()
        for failed in (first, second):
            with pytest.raises(EncoderError, match="out of memory"):
                failed.result()
    encoder.failure = None
    assert list(cached.vectors(["guitar"], keep=False)) == ["guitar"]


def test_who_waits_does_not_fail_for_what_another_asked_beside_it() -> None:
    class Picky(Slow):
        def encode(self, texts: Sequence[str]) -> Vectors:
            vectors = super().encode(texts)
            if "bad" in texts:
                raise EncoderError("a bad text")
            return vectors

    encoder = Picky()
    cached = CachingEncoder(encoder)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(cached.vectors, ["good", "bad"], keep=False)
        assert encoder.is_entered.wait(20)
        second = pool.submit(cached.vectors, ["good"], keep=False)
        encoder.gate.set()
        with pytest.raises(EncoderError, match="a bad text"):
            first.result()
        assert list(second.result()) == ["good"]
    assert cached._computing == {}


def test_threads_that_want_each_others_keys_all_get_them() -> None:
    cached = CachingEncoder(HashingEncoder())
    keys = [f"skill {number}" for number in range(40)]

    def work(number: int) -> None:
        for start in range(40):
            wanted = [keys[(start + number * step) % 40] for step in range(10)]
            found = cached.vectors(wanted, keep=False)
            assert found.keys() == set(wanted)

    in_threads(work, 8)
    assert cached.embedded == len(keys)
