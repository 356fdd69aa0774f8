"""BatchingEncoder: the texts of many callers share the batches of one encoder."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future
from contextlib import nullcontext
from threading import Condition, Thread
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from swapmatch.errors import EncoderBusyError, EncoderError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from swapmatch.ports import Encoder, Vectors
    from swapmatch.relevance import Relevance

BATCH = 64  # texts handed to the encoder at a time
WAIT_S = 0.002  # for more texts, at most
WAITING = 1_024  # texts in the queue


class _Call:
    """The texts of one caller, and how far they are."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self.future: Future[Vectors] = Future()
        self.taken = 0
        self.vectors: list[Vectors] = []


class _Part(NamedTuple):
    """Some texts of a call, in one batch."""

    call: _Call
    texts: Sequence[str]


class BatchingEncoder:
    """An Encoder before another one that is called by one thread of its own, with the texts of all who wait.

    A model that computes many texts at a time is used well, and one that fails under threads is safe. Whoever brings
    many texts takes turns with the others. A caller whose texts the encoder refuses fails alone.
    """

    def __init__(
        self,
        encoder: Encoder,
        *,
        batch: int = BATCH,
        wait_s: float = WAIT_S,
        waiting: int = WAITING,
        while_waiting: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """Start the thread.

        Args:
            encoder: Who computes.
            batch: How many texts it gets at a time.
            wait_s: How long a batch that is not full waits for more, in seconds, while several callers are about.
            waiting: How many texts may wait; beyond, callers are told to come again.
            while_waiting: What a caller's thread is in while it waits for its vectors, or for another's.
        """
        self.encoder = encoder
        self._batch = batch
        self._wait_s = wait_s
        self._limit = waiting
        self.while_waiting = while_waiting
        self._queue: deque[_Call] = deque()
        self._waiting = 0
        self._changed = Condition()
        self._is_closed = False
        self._was_shared = False  # the last batch had texts of several callers
        self._thread = Thread(target=self._work, name="swapmatch-batching", daemon=True)
        self._thread.start()

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self.encoder.dimension

    @property
    def fingerprint(self) -> str:
        """Model, revision and precision."""
        return self.encoder.fingerprint

    @property
    def relevance(self) -> Relevance:
        """The encoder's own curve."""
        return self.encoder.relevance

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See Encoder.encode.

        Raises:
            EncoderBusyError: Too many texts wait already.
        """
        future = self.submit(texts)
        with self.while_waiting():
            return future.result()

    def submit(self, texts: Sequence[str]) -> Future[Vectors]:
        """Return at once what will hold the vectors; a call that is cancelled before its turn costs nothing.

        Raises:
            EncoderBusyError: Too many texts wait already.
            EncoderError: It was closed.
        """
        call = _Call(texts)
        if not texts:
            call.future.set_result(np.zeros((0, self.dimension), np.float32))
            return call.future
        with self._changed:
            if self._is_closed:
                message = "the encoder is closed"
                raise EncoderError(message)
            if self._queue and self._waiting + len(texts) > self._limit:
                message = f"{self._waiting} texts wait for the encoder, and {len(texts)} more are too many"
                raise EncoderBusyError(message)
            self._queue.append(call)
            self._waiting += len(texts)
            self._changed.notify()
        return call.future

    def close(self, *, timeout_s: float | None = None) -> None:
        """Take no more, answer those who wait, and end the thread; the encoder itself stays.

        Args:
            timeout_s: How long to wait for that, in seconds; None waits as long as it takes.
        """
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join(timeout_s)

    def _work(self) -> None:
        while parts := self._next():
            self._was_shared = len(parts) > 1
            try:
                vectors = self._encode([text for part in parts for text in part.texts])
            except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to a caller
                self._answer_apart(parts, error)
            else:
                ends = np.cumsum([len(part.texts) for part in parts])[:-1]
                for part, some in zip(parts, np.split(vectors, ends), strict=True):
                    _give(part, some)

    def _next(self) -> list[_Part]:
        """Wait for texts and return a batch of them; none once everything is done and nothing more will come."""
        with self._changed:
            parts: list[_Part] = []
            while not parts:
                while not (self._queue or self._is_closed):
                    self._changed.wait()
                if not self._queue:
                    return []
                if self._was_shared:
                    deadline = time.monotonic() + self._wait_s
                    while self._waiting < self._batch and (left := deadline - time.monotonic()) > 0:
                        self._changed.wait(left)
                parts = self._taken()
            return parts

    def _taken(self) -> list[_Part]:
        parts: list[_Part] = []
        room, unfinished = self._batch, []
        while room and self._queue:
            call = self._queue.popleft()
            left = len(call.texts) - call.taken
            if not call.taken and not call.future.set_running_or_notify_cancel():
                self._waiting -= left
                continue
            texts = call.texts[call.taken : call.taken + room]
            parts.append(_Part(call, texts))
            call.taken += len(texts)
            room -= len(texts)
            self._waiting -= len(texts)
            if len(texts) < left:
                unfinished.append(call)
        self._queue.extend(unfinished)  # behind all others: whoever brings many takes turns
        return parts

    def _encode(self, texts: Sequence[str]) -> Vectors:
        try:
            vectors = np.asarray(self.encoder.encode(texts))
        except Exception:
            raise
        except BaseException as error:  # a panic of Rust is one: it must not end the thread that all wait for
            message = f"{self.fingerprint} could not encode {len(texts)} texts: {error!r}"
            raise EncoderError(message) from error
        if len(vectors) != len(texts):
            message = f"{self.fingerprint} gave {len(vectors)} vectors for {len(texts)} texts"
            raise EncoderError(message)
        if vectors.shape[1:] != (self.dimension,):
            message = f"{self.fingerprint} gave vectors of {vectors.shape[1:]} numbers, not of {self.dimension}"
            raise EncoderError(message)
        return vectors

    def _answer_apart(self, parts: Sequence[_Part], error: Exception) -> None:
        """Let only those callers fail whose own texts are at fault."""
        for part in parts:
            if len(parts) > 1:
                try:
                    _give(part, self._encode(part.texts))
                except Exception as its_own:  # noqa: BLE001 - as above
                    self._fail(part.call, its_own)
            else:
                self._fail(part.call, error)

    def _fail(self, call: _Call, error: Exception) -> None:
        call.future.set_exception(error)
        with self._changed:
            if call in self._queue:
                self._queue.remove(call)
                self._waiting -= len(call.texts) - call.taken


def _give(part: _Part, vectors: Vectors) -> None:
    call = part.call
    call.vectors.append(vectors)
    if sum(map(len, call.vectors)) == len(call.texts):
        call.future.set_result(np.concatenate(call.vectors) if len(call.vectors) > 1 else vectors)
