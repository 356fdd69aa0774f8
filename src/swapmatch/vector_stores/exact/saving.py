"""What is known of everybody <-> the arrays of a file."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from swapmatch.errors import ConfigurationError, StoreError
from swapmatch.ports import Cursor
from swapmatch.vector_stores.exact import arrays as files
from swapmatch.vector_stores.exact.dictionary import Dictionary, Keys
from swapmatch.vector_stores.exact.graph import Graph
from swapmatch.vector_stores.exact.neighbours import Lists, Neighbours
from swapmatch.vector_stores.exact.people import Segment, Table, merged
from swapmatch.vector_stores.exact.rows import starts_of
from swapmatch.vector_stores.exact.texts import Texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from swapmatch.vector_stores.exact.dictionary import DictionaryView
    from swapmatch.vector_stores.exact.snapshot import Snapshot

    Arrays = dict[str, NDArray[Any]]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Saved:
    """What a file held."""

    cursor: Cursor
    dictionary: Dictionary
    facets: Keys
    neighbours: Neighbours
    segments: tuple[Segment, ...]


class SavedFile:
    """The file of one index."""

    def __init__(self, path: Path, *, is_named: bool) -> None:
        """Give its place.

        Args:
            path: Where it is, or will be.
            is_named: Whether somebody chose this name: then what stands there and is no index is not ours to replace.

        Raises:
            ConfigurationError: Something else stands there.
        """
        self._path = path
        self._is_named = is_named
        if self._is_others():
            raise ConfigurationError(self._refusal())

    def remove(self) -> None:
        """Remove the file, and what a writer left that never ended, where they are there."""
        try:
            if not self._is_others():
                files.remove(self._path)
        except OSError as error:
            logger.warning("%s may hold somebody who was deleted: delete it by hand: %s", self._path, error)

    def read(self, fingerprint: str) -> Saved | None:
        """Return what was saved with this encoder, or None, with the reason in the log, where it is of no use."""
        try:
            about, arrays = files.read(self._path)
            if about["fingerprint"] != fingerprint:
                logger.info("%s was saved with the encoder %s: left alone", self._path, about["fingerprint"])
                return None
            return _unpacked(about, arrays)
        except FileNotFoundError:
            return None
        except (OSError, StoreError, KeyError, ValueError) as error:
            logger.warning("the index is read from the database, because %s", error)
            return None

    def _is_others(self) -> bool:
        """Whether something stands there that is no index and may not be replaced."""
        return self._path.is_dir() or (self._is_named and files.is_strange(self._path))

    def _refusal(self) -> str:
        return f"{self._path} is no index, and was not changed: name another path"

    def write(
        self, snapshot: Snapshot, keys: Sequence[str], facets: Sequence[str], *, fingerprint: str, cursor: Cursor
    ) -> int:
        """Save everybody and return how many lists of neighbours were saved.

        Raises:
            StoreError: The file cannot be written.
        """
        if self._is_others():
            raise StoreError(self._refusal())
        view, neighbours = snapshot.dictionary, snapshot.neighbours
        if neighbours.graph is not None:
            neighbours.graph.forget(np.flatnonzero(~view.is_used).astype(np.int32))
        lists = Lists.of(neighbours.lists(view), len(view))
        arrays = _packed_skills(view, keys[: len(view)]) | _packed_lists(lists, neighbours.graph)
        if snapshot.segments:
            everybody = merged(snapshot.segments, skills=len(view), facets=len(facets))
            everybody, named = everybody.with_named_facets(len(facets))
            arrays |= _packed_people(everybody, len(view))
            arrays |= _packed_texts("facets", [facets[number] for number in named.tolist()])
        about = {"fingerprint": fingerprint, "cursor": cursor, "floor": neighbours.floor, "limit": neighbours.limit}
        try:
            files.write(self._path, about, arrays)
        except OSError as error:
            message = f"the index cannot be saved to {self._path}: {error}"
            raise StoreError(message) from error
        return int(np.count_nonzero(lists.marks))


def _packed_skills(view: DictionaryView, keys: Sequence[str]) -> Arrays:
    vectors = view.vectors(np.arange(len(view), dtype=np.int32))
    vectors[~view.is_used] = 0.0  # of the dead nothing is kept
    return _packed_texts("keys", keys) | {"vectors": vectors}


def _packed_lists(lists: Lists, graph: Graph | None) -> Arrays:
    arrays: Arrays = {f"lists.{name}": getattr(lists, name) for name in ("starts", "ids", "cosines", "marks")}
    return arrays | ({} if graph is None else {"graph": graph.to_bytes()})


def _packed_texts(name: str, texts: Sequence[str]) -> Arrays:
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    counts = np.fromiter(map(len, encoded), np.int64, len(encoded))
    return {f"{name}.blob": np.frombuffer(b"".join(encoded), np.uint8), f"{name}.starts": starts_of(counts)}


def _packed_people(everybody: Segment, skills: int) -> Arrays:
    uses = sum(np.bincount(table.ids, minlength=skills) for table in (everybody.offers, everybody.needs))
    arrays: Arrays = {"revs": everybody.revs, "uses": np.asarray(uses, np.int32)}
    arrays |= {f"uids.{name}": getattr(everybody.uids, name) for name in Texts.__slots__}
    for side in ("offers", "needs", "facets"):
        arrays |= {f"{side}.table.{name}": getattr(getattr(everybody, side), name) for name in Table.__slots__}
    return arrays


def _unpacked(about: Mapping[str, Any], arrays: Arrays) -> Saved:
    keys, vectors = _unpacked_texts("keys", arrays), arrays["vectors"]
    uses = arrays.get("uses", np.zeros(len(keys), np.int32))
    graph = Graph.from_bytes(arrays["graph"], dimension=vectors.shape[1]) if _has_graph(arrays) else None
    lists = Lists(*(arrays[f"lists.{name}"] for name in ("starts", "ids", "cosines", "marks")))
    return Saved(
        cursor=Cursor(about["cursor"]),
        dictionary=Dictionary(keys, vectors, uses),
        facets=Keys(_unpacked_texts("facets", arrays) if "revs" in arrays else ()),
        neighbours=Neighbours(floor=about["floor"], limit=about["limit"], kept=lists, graph=graph),
        segments=(_unpacked_people(arrays),) if "revs" in arrays and len(arrays["revs"]) else (),
    )


def _has_graph(arrays: Arrays) -> bool:
    return "graph" in arrays and Graph.is_available()


def _unpacked_texts(name: str, arrays: Arrays) -> list[str]:
    blob, starts = arrays[f"{name}.blob"].tobytes(), arrays[f"{name}.starts"].tolist()
    return [blob[start:end].decode("utf-8", "surrogatepass") for start, end in pairwise(starts)]


def _unpacked_people(arrays: Arrays) -> Segment:
    def table(side: str) -> Table:
        return Table(*(arrays[f"{side}.table.{name}"] for name in Table.__slots__))

    revs = arrays["revs"]
    uids = Texts(*(arrays[f"uids.{name}"] for name in Texts.__slots__))
    return Segment(uids, revs, table("offers"), table("needs"), table("facets"), np.ones(len(revs), np.bool_))
