"""Every vector store keeps the promises of its port."""

import pytest

from swapmatch.testing import VectorStoreContract
from swapmatch.vector_stores.exact import ExactVectorStore


class TestExactVectorStore(VectorStoreContract):
    @pytest.fixture
    def store(self):
        store = ExactVectorStore()
        yield store
        store.close()
