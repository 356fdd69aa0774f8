"""Every profile store keeps the promises of its port."""

import pytest

from swapmatch.errors import ConfigurationError
from swapmatch.ports import Counted, SkillVectors
from swapmatch.profile_stores.memory import MemoryProfileStore
from swapmatch.profile_stores.sqlite import SQLiteProfileStore
from swapmatch.testing import CountedContract, ProfileStoreContract, SkillVectorsContract


class TestMemoryProfileStore(ProfileStoreContract, SkillVectorsContract, CountedContract):
    @pytest.fixture
    def store(self):
        store = MemoryProfileStore.from_url("memory:")
        yield store
        store.close()

    def test_two_stores_share_nobody(self, store):
        other = MemoryProfileStore()
        assert other.changes(None).cursor != store.changes(None).cursor

    def test_another_name_is_refused(self):
        with pytest.raises(ConfigurationError, match="memory:"):
            MemoryProfileStore.from_url("memory:people")


class TestSQLiteProfileStore(ProfileStoreContract, SkillVectorsContract, CountedContract):
    @pytest.fixture
    def stores(self, tmp_path):
        stores = [SQLiteProfileStore(tmp_path / "people.db")]
        yield stores
        for store in stores:
            store.close()

    @pytest.fixture
    def store(self, stores):
        return stores[0]

    @pytest.fixture
    def reopen(self, stores, tmp_path):
        def again():
            stores[-1].close()
            stores.append(SQLiteProfileStore(tmp_path / "people.db"))
            return stores[-1]

        return again


@pytest.mark.parametrize("store", [MemoryProfileStore, SQLiteProfileStore])
def test_a_store_says_that_it_keeps_vectors_and_counts(store):
    assert issubclass(store, SkillVectors)
    assert issubclass(store, Counted)
