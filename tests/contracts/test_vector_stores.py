"""Every vector store keeps the promises of its port."""

import pytest

from swapmatch.registry import open_vector_store
from swapmatch.testing import ResumableContract, VectorStoreContract
from swapmatch.vector_stores.exact import ExactVectorStore

NO_QDRANT = "qdrant-client is not installed: pip install 'swapmatch[qdrant]'"


class TestExactVectorStore(VectorStoreContract):
    @pytest.fixture
    def store(self):
        store = ExactVectorStore()
        yield store
        store.close()


class TestQdrantInMemory(VectorStoreContract):
    @pytest.fixture
    def store(self):
        pytest.importorskip("qdrant_client", reason=NO_QDRANT)
        store = open_vector_store("qdrant::memory:")
        store.expect_encoder("topics/1", dimension=32)
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
