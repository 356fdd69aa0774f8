"""What a store that keeps the vectors of skills promises: see `swapmatch.powers.SkillVectors`."""

# ruff: noqa: D102 - the name of a test is its sentence

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING

import numpy as np
import pytest

from swapmatch.errors import EncoderMismatchError, StoreError
from swapmatch.powers import SkillVectors
from swapmatch.testing.people import in_threads

if TYPE_CHECKING:
    from collections.abc import Callable

    from swapmatch.ports import Vector

KEYS = ("guitar", "vélo réparation", "中文", "🎸", "a" * 800, "'; drop table", "\n%_")


def some_vectors(keys: tuple[str, ...] = KEYS, *, seed: int = 1, dimension: int = 384) -> dict[str, Vector]:
    """Return a random unit vector for each key."""
    rows = np.random.default_rng(seed).normal(size=(len(keys), dimension)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return dict(zip(keys, rows, strict=True))


def same(found: dict[str, Vector], expected: dict[str, Vector]) -> bool:
    """Tell whether both hold the same vectors, to the last bit."""
    return found.keys() == expected.keys() and all(
        found[key].dtype == np.float32 and np.array_equal(found[key], expected[key]) for key in found
    )


class SkillVectorsContract:
    """Every promise of SkillVectors.

    Give a fixture `store`, new and empty, and `reopen` as for ProfileStoreContract.
    """

    @pytest.fixture
    def reopen(self) -> Callable[[], SkillVectors]:
        """Skip what only a store that outlives its process can show."""
        pytest.skip("this store keeps nothing that could be opened again")

    def test_it_is_known_by_its_methods(self, store: SkillVectors) -> None:
        assert isinstance(store, SkillVectors)

    def test_an_empty_store_has_no_encoder_and_no_vectors(self, store: SkillVectors) -> None:
        assert store.encoder() is None
        assert store.get_vectors("one", KEYS) == {}
        assert store.encoder() is None

    def test_vectors_come_back_to_the_last_bit(self, store: SkillVectors) -> None:
        vectors = some_vectors()
        store.put_vectors("one", vectors)
        assert store.encoder() == "one"
        assert same(store.get_vectors("one", KEYS), vectors)

    def test_only_those_that_are_kept_come_back(self, store: SkillVectors) -> None:
        vectors = some_vectors()
        store.put_vectors("one", vectors)
        found = store.get_vectors("one", ["🎸", "unknown", "Guitar", "🎸", "\ud800"])
        assert same(found, {"🎸": vectors["🎸"]})
        assert store.get_vectors("one", []) == {}

    def test_those_kept_already_stay_as_they_are(self, store: SkillVectors) -> None:
        first, second = some_vectors(KEYS[:3], seed=1), some_vectors(KEYS, seed=2)
        store.put_vectors("one", first)
        store.put_vectors("one", second)
        assert same(store.get_vectors("one", KEYS), second | first)

    def test_what_is_kept_does_not_follow_the_array_it_came_from(self, store: SkillVectors) -> None:
        vector = some_vectors()["guitar"]
        before = vector.copy()
        store.put_vectors("one", {"guitar": vector})
        vector[:] = 0.0
        assert same(store.get_vectors("one", ["guitar"]), {"guitar": before})

    def test_thousands_are_kept(self, store: SkillVectors) -> None:
        vectors = some_vectors(tuple(f"skill {number}" for number in range(3000)), dimension=8)
        store.put_vectors("one", vectors)
        assert same(store.get_vectors("one", [*vectors, "other"]), vectors)

    def test_vectors_of_another_encoder_are_refused_by_name(self, store: SkillVectors) -> None:
        vectors = some_vectors()
        store.put_vectors("one", vectors)
        with pytest.raises(EncoderMismatchError, match=r"one.*two"):
            store.put_vectors("two", some_vectors(("new",)))
        assert store.encoder() == "one"
        assert store.get_vectors("two", ["new", *KEYS]) == {}
        assert same(store.get_vectors("one", ["new", *KEYS]), vectors)

    def test_the_encoder_can_be_chosen_before_the_first_vector(self, store: SkillVectors) -> None:
        store.use_encoder("one")
        assert store.encoder() == "one"
        with pytest.raises(EncoderMismatchError, match=r"one.*two"):
            store.put_vectors("two", some_vectors())

    def test_another_encoder_starts_without_vectors(self, store: SkillVectors) -> None:
        store.put_vectors("one", some_vectors())
        store.use_encoder("two")
        assert store.encoder() == "two"
        assert store.get_vectors("one", KEYS) == store.get_vectors("two", KEYS) == {}
        vectors = some_vectors(seed=2)
        store.put_vectors("two", vectors)
        assert same(store.get_vectors("two", KEYS), vectors)
        store.use_encoder("one")
        assert store.get_vectors("one", KEYS) == {}

    def test_choosing_the_same_encoder_again_keeps_its_vectors(self, store: SkillVectors) -> None:
        vectors = some_vectors()
        store.put_vectors("one", vectors)
        store.use_encoder("one")
        assert same(store.get_vectors("one", KEYS), vectors)

    def test_the_next_encoders_vectors_are_kept_beside_those_that_count(self, store: SkillVectors) -> None:
        old, new = some_vectors(), some_vectors(seed=2, dimension=64)
        store.put_vectors("one", {key: old[key] for key in KEYS[:3]})
        store.prepare_encoder("two")
        assert store.get_vectors("two", KEYS) == {}
        store.put_vectors("two", {key: new[key] for key in KEYS[2:]})
        store.put_vectors("one", {key: old[key] for key in KEYS[3:5]})
        assert store.encoder() == "one"
        assert same(store.get_vectors("one", KEYS), {key: old[key] for key in KEYS[:5]})
        assert same(store.get_vectors("two", KEYS), {key: new[key] for key in KEYS[2:]})

    def test_a_third_encoders_vectors_are_refused_by_name(self, store: SkillVectors) -> None:
        store.put_vectors("one", some_vectors())
        store.prepare_encoder("two")
        with pytest.raises(EncoderMismatchError, match=r"one.*three"):
            store.put_vectors("three", some_vectors())
        assert store.get_vectors("three", KEYS) == store.get_vectors("two", KEYS) == {}

    def test_what_was_prepared_counts_once_it_is_used_and_the_old_is_deleted(self, store: SkillVectors) -> None:
        new = some_vectors(seed=2, dimension=64)
        store.put_vectors("one", some_vectors())
        store.prepare_encoder("two")
        store.put_vectors("two", new)
        for _ in range(2):
            store.use_encoder("two")
            assert store.encoder() == "two"
            assert store.get_vectors("one", KEYS) == {}
            assert same(store.get_vectors("two", KEYS), new)
        with pytest.raises(EncoderMismatchError, match=r"two.*one"):
            store.put_vectors("one", some_vectors())
        store.prepare_encoder("one")
        assert store.get_vectors("one", KEYS) == {}

    def test_preparing_again_keeps_what_was_prepared(self, store: SkillVectors) -> None:
        new = some_vectors(seed=2)
        store.put_vectors("one", some_vectors())
        for part in (KEYS[:3], KEYS[3:]):
            store.prepare_encoder("two")
            store.put_vectors("two", {key: new[key] for key in part})
        assert same(store.get_vectors("two", KEYS), new)

    @pytest.mark.parametrize("other", ["one", "three"])
    @pytest.mark.parametrize("method", ["prepare_encoder", "use_encoder"])
    def test_what_was_prepared_goes_with_another_choice(self, store: SkillVectors, method: str, other: str) -> None:
        old = some_vectors()
        store.put_vectors("one", old)
        store.prepare_encoder("two")
        store.put_vectors("two", some_vectors(seed=2))
        getattr(store, method)(other)
        assert store.get_vectors("two", KEYS) == {}
        assert same(store.get_vectors("one", KEYS), {} if (method, other) == ("use_encoder", "three") else old)
        with pytest.raises(EncoderMismatchError):
            store.put_vectors("two", some_vectors(seed=2))
        store.prepare_encoder("two")
        assert store.get_vectors("two", KEYS) == {}

    def test_an_encoder_can_be_prepared_before_any_counts(self, store: SkillVectors) -> None:
        old, new = some_vectors(), some_vectors(seed=2)
        store.prepare_encoder("two")
        store.put_vectors("two", new)
        assert store.encoder() is None
        store.put_vectors("one", old)
        assert store.encoder() == "one"
        assert same(store.get_vectors("one", KEYS), old)
        assert same(store.get_vectors("two", KEYS), new)

    def test_what_was_prepared_survives_opening_again(
        self, store: SkillVectors, reopen: Callable[[], SkillVectors]
    ) -> None:
        old, new = some_vectors(), some_vectors(seed=2)
        store.put_vectors("one", old)
        store.prepare_encoder("two")
        store.put_vectors("two", new)
        again = reopen()
        assert again.encoder() == "one"
        assert same(again.get_vectors("one", KEYS), old)
        again.use_encoder("two")
        again = reopen()
        assert again.encoder() == "two"
        assert same(again.get_vectors("two", KEYS), new)

    def test_who_looks_while_the_encoder_is_changed_finds_all_of_one(self, store: SkillVectors) -> None:
        keys = tuple(f"skill {number}" for number in range(1200))
        vectors = {str(number): some_vectors(keys, seed=number, dimension=8) for number in range(10)}
        store.put_vectors("0", vectors["0"])
        done = Event()

        def change() -> None:
            for name, mine in vectors.items():
                store.prepare_encoder(name)
                store.put_vectors(name, mine)
                store.use_encoder(name)

        def work(number: int) -> None:
            if number:
                while not done.is_set():
                    counting = store.encoder() or ""
                    found = store.get_vectors(counting, keys)
                    assert not found or same(found, vectors[counting])  # none: it has just changed again
                return
            try:
                change()
            finally:
                done.set()

        in_threads(work, 4)
        assert same(store.get_vectors("9", keys), vectors["9"])

    def test_many_threads_keep_vectors_at_once(self, store: SkillVectors) -> None:
        keys = tuple(f"skill {number}" for number in range(50))
        vectors = some_vectors(keys, dimension=8)

        def work(number: int) -> None:
            for start in range(0, 50, 5):
                mine = keys[start : start + 5 + number]
                store.put_vectors("one", {key: vectors[key] for key in mine})
                assert same(store.get_vectors("one", mine), {key: vectors[key] for key in mine})

        in_threads(work, 8)
        assert same(store.get_vectors("one", keys), vectors)

    def test_kept_vectors_survive_opening_again(self, store: SkillVectors, reopen: Callable[[], SkillVectors]) -> None:
        vectors = some_vectors()
        store.put_vectors("one", vectors)
        again = reopen()
        assert again.encoder() == "one"
        assert same(again.get_vectors("one", KEYS), vectors)

    def test_vectors_of_a_closed_store_are_refused(self, store: SkillVectors) -> None:
        close = getattr(store, "close")  # noqa: B009 - the power has no close, every store has
        close()
        for call in (
            store.encoder,
            lambda: store.prepare_encoder("one"),
            lambda: store.use_encoder("one"),
            lambda: store.get_vectors("one", KEYS),
            lambda: store.put_vectors("one", some_vectors()),
        ):
            with pytest.raises(StoreError):
                call()
