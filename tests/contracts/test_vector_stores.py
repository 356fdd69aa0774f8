"""Every vector store keeps the promises of its port."""

import pytest

from swapmatch.testing import ResumableContract, VectorStoreContract
from swapmatch.vector_stores.exact import ExactVectorStore


class TestExactVectorStore(VectorStoreContract):
    @pytest.fixture
    def store(self):
        store = ExactVectorStore()
        yield store
        store.close()


class TestSavedExactVectorStore(ResumableContract):
    @pytest.fixture
    def reopen(self, tmp_path):
        stores = []

        def again():
            for store in stores:
                store.close()
            stores.append(ExactVectorStore(tmp_path / "people.index"))
            return stores[-1]

        yield again
        stores[-1].close()
