"""What a store that can tell how much it holds promises: see `swapmatch.powers.Counted`."""

# ruff: noqa: D102 - the name of a test is its sentence

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from swapmatch.errors import StoreError
from swapmatch.ports import ProfileStore
from swapmatch.powers import Counted, Counts, SkillVectors
from swapmatch.testing.people import person
from swapmatch.testing.skill_vectors_suite import KEYS, some_vectors

if TYPE_CHECKING:
    from collections.abc import Callable


class CountedStore(ProfileStore, Counted, Protocol):
    """A store of people that counts them."""


class CountedContract:
    """Every promise of Counted.

    Give a fixture `store`, new and empty, and `reopen` as for ProfileStoreContract.
    """

    @pytest.fixture
    def reopen(self) -> Callable[[], CountedStore]:
        """Skip what only a store that outlives its process can show."""
        pytest.skip("this store keeps nothing that could be opened again")

    def test_it_is_known_by_its_method(self, store: CountedStore) -> None:
        assert isinstance(store, Counted)

    def test_an_empty_store_counts_nothing(self, store: CountedStore) -> None:
        assert store.counts() == Counts(people=0, skills=0)

    def test_each_uid_counts_once_however_often_it_is_put(self, store: CountedStore) -> None:
        uids = [f"p{number}" for number in range(300)]
        store.put([person(uid) for uid in uids[:-1]])
        store.put([person(uids[7]), person(uids[8], bio="new"), person(uids[-1])])
        assert store.counts() == Counts(people=len(uids), skills=0)

    def test_who_was_deleted_may_count_and_who_comes_back_counts_once(self, store: CountedStore) -> None:
        store.put([person("ana"), person("bo")])
        store.delete("bo")
        assert store.counts() in {Counts(people=1, skills=0), Counts(people=2, skills=0)}
        store.put([person("bo")])
        assert store.counts() == Counts(people=2, skills=0)

    def test_each_kept_vector_counts_once_while_its_encoder_does(self, store: CountedStore) -> None:
        if not isinstance(store, SkillVectors):
            pytest.skip("this store keeps no vectors")
        store.put_vectors("one", some_vectors(KEYS[:3]))
        store.put_vectors("one", some_vectors(KEYS))
        assert store.counts() == Counts(people=0, skills=len(KEYS), dimension=384)
        store.prepare_encoder("two")
        store.put_vectors("two", some_vectors(KEYS[:2], dimension=8))
        assert store.counts() == Counts(people=0, skills=len(KEYS), dimension=384)
        store.use_encoder("two")
        assert store.counts() == Counts(people=0, skills=2, dimension=8)
        store.use_encoder("three")
        assert store.counts() == Counts(people=0, skills=0)

    def test_counts_survive_opening_again(self, store: CountedStore, reopen: Callable[[], CountedStore]) -> None:
        store.put([person("ana"), person("bo")])
        before = store.counts()
        assert reopen().counts() == before

    def test_a_closed_store_does_not_count(self, store: CountedStore) -> None:
        store.close()
        with pytest.raises(StoreError):
            store.counts()
