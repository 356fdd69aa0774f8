"""Names in settings -> adapters, imported on first use.

A name is `scheme:rest`; the scheme chooses the adapter and its `from_url` reads the whole. Third parties add schemes by
the entry-point groups `swapmatch.encoders`, `swapmatch.profile_stores` and `swapmatch.vector_stores`.
"""

from __future__ import annotations

import re
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, cast

from swapmatch.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swapmatch.ports import Encoder, ProfileStore, VectorStore

ENCODERS = {
    "sentence-transformers": "swapmatch.encoders.sentence_transformers:SentenceTransformersEncoder",
    "fastembed": "swapmatch.encoders.fastembed:FastEmbedEncoder",
    "hashing": "swapmatch.encoders.hashing:HashingEncoder",
}
PROFILE_STORES = {
    "memory": "swapmatch.profile_stores.memory:MemoryProfileStore",
    "sqlite": "swapmatch.profile_stores.sqlite:SQLiteProfileStore",
}
VECTOR_STORES = {
    "exact": "swapmatch.vector_stores.exact:ExactVectorStore",
    "qdrant": "swapmatch.vector_stores.qdrant:QdrantVectorStore",
}

# Two characters at least: "C:\people.db" is a path.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")


def open_encoder(url: str) -> Encoder:
    """Return the encoder of a name such as `sentence-transformers:`. Raises ConfigurationError."""
    return cast("Encoder", _open(url, ENCODERS, "encoder"))


def open_vector_store(url: str, **options: object) -> VectorStore:
    """Return the vector store of a name such as `exact:`. Raises ConfigurationError.

    Args:
        url: The name.
        options: What its `from_url` takes beside it, such as an API key: what must not stand in a name.
    """
    return cast("VectorStore", _open(url, VECTOR_STORES, "vector store", **options))


def open_profile_store(url: str) -> ProfileStore:
    """Return the profile store of a name such as `memory:`, or of the path of an SQLite file.

    Raises:
        ConfigurationError: The scheme is unknown.
        StoreError: The store cannot be opened.
    """
    named = url if _SCHEME.match(url) else f"sqlite:{url}"
    return cast("ProfileStore", _open(named, PROFILE_STORES, "profile store"))


def _open(url: str, table: Mapping[str, str], what: str, **options: object) -> object:
    found = _SCHEME.match(f"{url}:" if ":" not in url else url)
    scheme = found[1].lower() if found else ""
    return _adapter(scheme, table, what, url).from_url(url, **options)


def _adapter(scheme: str, table: Mapping[str, str], what: str, url: str) -> Any:  # noqa: ANN401 - a class
    if scheme in table:
        module, _, name = table[scheme].partition(":")
        return getattr(import_module(module), name)
    group = f"swapmatch.{what.replace(' ', '_')}s"
    others = {point.name: point for point in entry_points(group=group)}
    if scheme in others:
        return others[scheme].load()
    known = ", ".join(f"{name}:" for name in sorted({*table, *others}))
    message = f"unknown {what} {url!r}: choose one of {known}"
    raise ConfigurationError(message)
