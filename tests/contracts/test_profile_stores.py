"""Every profile store keeps the promises of its port."""

from contextlib import closing

import pytest

from swapmatch.errors import ConfigurationError
from swapmatch.powers import Counted, InFile, Sequenced, SkillVectors
from swapmatch.profile_stores.memory import MemoryProfileStore
from swapmatch.profile_stores.sqlite import SQLiteProfileStore
from swapmatch.testing import CountedContract, ProfileStoreContract, SequencedContract, SkillVectorsContract
from swapmatch.testing.people import person


class TestMemoryProfileStore(ProfileStoreContract, SkillVectorsContract, CountedContract, SequencedContract):
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


class TestSQLiteProfileStore(ProfileStoreContract, SkillVectorsContract, CountedContract, SequencedContract):
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


def test_a_file_of_people_says_where_it_is(tmp_path):
    path = tmp_path / "people.db"
    with closing(SQLiteProfileStore(path)) as store:
        assert isinstance(store, InFile)
        assert store.path == path
    assert not isinstance(MemoryProfileStore(), InFile)


def test_what_others_wrote_to_the_same_file_is_not_passed_over(tmp_path):
    with closing(SQLiteProfileStore(tmp_path / "people.db")) as ours, closing(SQLiteProfileStore(ours.path)) as theirs:
        (first,) = ours.put([person("ana")])
        cursor = ours.behind(None, [first.rev])
        theirs.put([person("bo")])
        (third,) = ours.put([person("cy")])
        assert ours.behind(cursor, [third.rev]) is None
        assert isinstance(ours, Sequenced)
