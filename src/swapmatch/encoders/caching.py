"""CachingEncoder: every distinct skill is embedded once, and never again after a restart."""

from __future__ import annotations

import logging
from collections import OrderedDict
from concurrent.futures import Future
from contextlib import nullcontext
from threading import Lock
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from swapmatch.errors import EncoderError, EncoderMismatchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from swapmatch.ports import Encoder, Vector, Vectors
    from swapmatch.powers import SkillVectors

    Awaited = Future[Vector | None]  # None where computing it failed

RECENT = 20_000  # vectors held in memory: 30 MB at 384 floats
BATCH = 256  # texts encoded, then kept, at a time: what an interruption can cost

logger = logging.getLogger(__name__)


@runtime_checkable
class _Shared(Protocol):
    """An encoder that many threads wait for, such as `BatchingEncoder`."""

    while_waiting: Callable[[], AbstractContextManager[object]]


class CachingEncoder:
    """Vectors of skill keys: from memory, else from a store that keeps them, else from the encoder.

    Wraps ports only. Thread-safe as far as its parts are.
    """

    def __init__(self, encoder: Encoder, kept: SkillVectors | None = None, *, recent: int = RECENT) -> None:
        """Wrap an encoder.

        Args:
            encoder: Who computes what is nowhere to be had.
            kept: A store that keeps vectors, if there is one.
            recent: How many vectors to hold in memory.

        Raises:
            EncoderMismatchError: The store keeps vectors of another encoder.
        """
        self.encoder = encoder
        self._kept = kept
        self._limit = recent
        self._recent: OrderedDict[str, Vector] = OrderedDict()
        self._unkept: set[str] = set()  # of these, those that were merely asked about
        self._computing: dict[str, Awaited] = {}
        self._is_replaced = False  # by another encoder, whose vectors count in the store now
        self._lock = Lock()
        self.embedded = 0  # texts that had to be encoded so far
        if kept is not None and (theirs := kept.encoder()) not in {None, encoder.fingerprint}:
            message = (
                f"the database was built with the encoder {theirs}, but {encoder.fingerprint} is configured. "
                f"Configure the former again, or embed everybody anew with: swapmatch reindex"
            )
            raise EncoderMismatchError(message)

    def vectors(self, keys: Iterable[str], *, keep: bool) -> dict[str, Vector]:
        """Return the unit vector of each distinct key; who asks for one that is being computed waits for it.

        Args:
            keys: Skill keys.
            keep: Whether vectors that had to be computed go into the store: True for skills of people who are
                stored, False for what somebody merely asks about.

        Raises:
            EncoderError: The model failed, or gave vectors that are not finite.
        """
        wanted = list(dict.fromkeys(keys))
        found = self._from_memory(wanted)
        if self._kept is not None and (missing := [key for key in wanted if key not in found]):
            found |= self._kept.get_vectors(self.encoder.fingerprint, missing)
        if keep and (asked := {key: found[key] for key in self._unkept.intersection(found)}):
            self._keep(asked)
        self._remember(found)
        while missing := [key for key in wanted if key not in found]:
            mine, others = self._claim(missing)
            found |= self._computed(mine, keep=keep)
            theirs = self._awaited(others)
            if keep and theirs:  # they may have merely asked
                self._keep(theirs)
            found |= theirs
        return found

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self.encoder.dimension

    def _claim(self, keys: Sequence[str]) -> tuple[dict[str, Awaited], dict[str, Awaited]]:
        """Return which of these to compute here, and which somebody else computes now or has since."""
        mine: dict[str, Awaited] = {}
        others: dict[str, Awaited] = {}
        with self._lock:
            for key in keys:
                if key in self._recent:
                    others[key] = Future()
                    others[key].set_result(self._recent[key])
                elif key in self._computing:
                    others[key] = self._computing[key]
                else:
                    mine[key] = self._computing[key] = Future()
        return mine, others

    def _awaited(self, others: Mapping[str, Awaited]) -> dict[str, Vector]:
        """Wait for those who compute these; what somebody failed at is left out, to be tried again."""
        if not others:
            return {}
        with self.encoder.while_waiting() if isinstance(self.encoder, _Shared) else nullcontext():
            return {key: vector for key, awaited in others.items() if (vector := awaited.result()) is not None}

    def _computed(self, claimed: Mapping[str, Awaited], *, keep: bool) -> dict[str, Vector]:
        """Compute what was claimed, and tell those who wait for it."""
        found: dict[str, Vector] = {}
        ordered = sorted(claimed, key=len)  # a batch is padded to its longest text
        try:
            for start in range(0, len(ordered), BATCH):
                batch = ordered[start : start + BATCH]
                # Copies: a row would hold its whole batch in memory for as long as it is remembered itself.
                fresh = {key: vector.copy() for key, vector in zip(batch, self._encode(batch), strict=True)}
                if keep:
                    self._keep(fresh)
                self._remember(fresh, unkept=() if keep else batch)
                for key, vector in fresh.items():
                    claimed[key].set_result(vector)
                found |= fresh
        finally:
            with self._lock:
                for key in claimed:
                    del self._computing[key]
            for awaited in claimed.values():
                if not awaited.done():
                    awaited.set_result(None)
        return found

    def _encode(self, texts: Sequence[str]) -> Vectors:
        vectors = self.encoder.encode(texts)
        if not np.all(np.isfinite(vectors)):
            message = f"{self.encoder.fingerprint} gave a vector that is not finite"
            raise EncoderError(message)
        with self._lock:
            self.embedded += len(texts)
        return vectors

    def _from_memory(self, keys: Iterable[str]) -> dict[str, Vector]:
        with self._lock:
            found = {key: self._recent[key] for key in keys if key in self._recent}
            for key in found:
                self._recent.move_to_end(key)
        return found

    def _keep(self, vectors: dict[str, Vector]) -> None:
        if self._kept is not None and not self._is_replaced:
            try:
                self._kept.put_vectors(self.encoder.fingerprint, vectors)
            except EncoderMismatchError as error:
                self._is_replaced = True
                logger.warning("restart with the encoder that counts now; until then nothing is kept: %s", error)
        with self._lock:
            self._unkept.difference_update(vectors)

    def _remember(self, vectors: dict[str, Vector], *, unkept: Iterable[str] = ()) -> None:
        with self._lock:
            self._recent.update(vectors)
            self._unkept.update(unkept)
            while len(self._recent) > self._limit:
                self._unkept.discard(self._recent.popitem(last=False)[0])
