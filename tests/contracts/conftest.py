"""Servers that the contracts are held against."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest


@pytest.fixture
def qdrant_stub():
    """Return a running server of Qdrant's REST, for the test alone."""
    pytest.importorskip("qdrant_client", reason="qdrant-client is not installed: pip install 'swapmatch[qdrant]'")
    spec = spec_from_file_location("qdrant_stub", Path(__file__).with_name("qdrant_stub.py"))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    stub = module.QdrantStub()
    stub.start()
    yield stub
    stub.stop()
    stub.local.close()
