"""Every vector store keeps the promises of its port."""

import os
from contextlib import closing
from uuid import uuid4

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


class TestQdrantOverRest(VectorStoreContract):
    """By the real client, over HTTP."""

    @pytest.fixture
    def store(self, qdrant_stub):
        store = open_vector_store(f"qdrant:{qdrant_stub.url}")
        store.expect_encoder("topics/1", dimension=32)
        yield store
        store.close()


@pytest.mark.qdrant_server
class TestQdrantServer(VectorStoreContract):
    """On a server, in collections of each test's own."""

    @pytest.fixture
    def store(self):
        client = pytest.importorskip("qdrant_client", reason=NO_QDRANT).QdrantClient
        url, api_key = os.environ.get("QDRANT_URL"), os.environ.get("QDRANT_API_KEY")
        if not url:
            pytest.skip("no server: QDRANT_URL is not set")
        prefix = f"test_{uuid4().hex}"
        store = open_vector_store(f"qdrant:{url}?prefix={prefix}", api_key=api_key)
        store.expect_encoder("topics/1", dimension=32)
        yield store
        store.close()
        with closing(client(url, api_key=api_key)) as server:
            for name in ("people", "skills"):
                server.delete_collection(f"{prefix}_{name}")


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
