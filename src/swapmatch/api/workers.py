"""Workers: the synchronous matcher, called from the event loop without ever blocking it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from threading import Semaphore, local
from typing import Annotated, Literal, TypeVar, cast

import anyio
from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request
from threadpoolctl import threadpool_limits

from swapmatch.encoders.batching import BatchingEncoder
from swapmatch.errors import EncoderBusyError
from swapmatch.matcher import Matcher
from swapmatch.powers import InFile, InMemory

ENCODING = 64  # calls at a time that may encode: most of them wait for the model, and share its batches
COMPUTING = 1  # of all, calls at a time that do not wait for it: more would only take the interpreter from each other
COMPUTING_REMOTE = 4  # the same where they also wait for a store outside this process
QUEUED = 256  # calls that wait to be among these; more are told to come again
READING = 16  # calls at a time that only read or delete: they go on while the others wait for the model
CLOSE_S = 5.0  # for a batch that is being computed when the server stops
TURN_S = 0.1  # that a call which has its vectors waits at most for its turn; then it goes on beside the others
RETRY_S = 5.0  # after a warm-up that failed
FOLLOW_EVERY_S = 0.5  # how soon others' writes are found; an idle look takes 50 us (measured 2026-11-23)

Warmth = Literal["cold", "ready", "failed"]
T = TypeVar("T")

logger = logging.getLogger(__name__)


class Workers:
    """Runs calls of the matcher in threads: those that may encode, and the others, with a limit of their own each.

    While it runs, the texts of all calls go through a `BatchingEncoder`.

    Attributes:
        matcher: Whose methods are called.
        encoder: "ready" once the encoder has encoded something; "failed" when it could not, while it is tried again.
    """

    def __init__(self, matcher: Matcher, *, encoding: int = ENCODING, reading: int = READING) -> None:
        """Choose how many calls of each sort run at a time."""
        self.matcher = matcher
        self.encoder: Warmth = "cold"
        self._limits = encoding, reading
        self._calls = 0  # that may encode, those that wait for a thread among them
        is_here = isinstance(matcher.vectors, InMemory) and isinstance(matcher.profiles, InFile)
        self._turns = Semaphore(COMPUTING if is_here else COMPUTING_REMOTE)
        self._thread = local()
        self._make_limiters()

    async def encode(self, call: Callable[[Matcher], T]) -> T:
        """Return what a call returns that may have to encode.

        Raises:
            EncoderBusyError: Too many calls wait already.
        """
        if self._calls >= self._limits[0] + QUEUED:
            message = f"{self._calls} requests are at the encoder or wait for it"
            raise EncoderBusyError(message)
        self._calls += 1
        try:
            return await to_thread.run_sync(self._in_turn, call, limiter=self._encoding)
        finally:
            self._calls -= 1

    async def match(self, call: Callable[[Matcher], T]) -> T:
        """Return what a call returns that computes, but encodes next to nothing."""
        return await to_thread.run_sync(self._in_turn, call, limiter=self._reading)

    async def read(self, call: Callable[[Matcher], T]) -> T:
        """Return what a call returns that neither encodes nor computes much."""
        return await to_thread.run_sync(call, self.matcher, limiter=self._reading)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Belong to the event loop that runs now; beside whatever happens inside, warm the encoder up and follow.

        Followed is the change feed: what other processes write is found without a restart.
        """
        self._make_limiters()
        encoder = self.matcher.encoder
        self.matcher.encoder = batching = BatchingEncoder(encoder, while_waiting=self._without_turn)
        try:
            # Threads of BLAS spin on for a while after each product, and slow the encoder down.
            with threadpool_limits(limits=1, user_api="blas"):
                async with anyio.create_task_group() as background:
                    background.start_soon(self._warm_up)
                    background.start_soon(self._follow)
                    yield
                    background.cancel_scope.cancel()
        finally:
            self.matcher.encoder = encoder
            batching.close(timeout_s=CLOSE_S)

    def _make_limiters(self) -> None:
        """An event loop needs limiters of its own."""
        encoding, reading = self._limits
        self._encoding, self._reading = CapacityLimiter(encoding), CapacityLimiter(reading)

    def _in_turn(self, call: Callable[[Matcher], T]) -> T:
        self._turns.acquire()
        self._thread.has_turn = True
        try:
            return call(self.matcher)
        finally:
            self._leave()

    @contextmanager
    def _without_turn(self) -> Iterator[None]:
        """Let another thread compute while this one waits for the encoder.

        Afterwards it waits for a turn, but not for long: those who have the turns may wait for what this thread holds,
        a key that it computes or the lock of the index.
        """
        had_turn = self._leave()
        try:
            yield
        finally:
            if had_turn:
                self._thread.has_turn = self._turns.acquire(timeout=TURN_S)

    def _leave(self) -> bool:
        """Give this thread's turn back and return whether it had one."""
        had_turn = getattr(self._thread, "has_turn", False)
        if had_turn:
            self._thread.has_turn = False
            self._turns.release()
        return had_turn

    async def _warm_up(self) -> None:
        while self.encoder != "ready":
            try:
                # Abandoned at shutdown: nobody waits for a model to load that is not needed any more.
                await to_thread.run_sync(self.matcher.encoder.encode, ["warm-up"], abandon_on_cancel=True)
            except Exception:
                # Whatever it is, it must not take the server down: /readyz tells, and it is tried again.
                logger.exception("the encoder could not be warmed up; next try in %s s", RETRY_S)
                self.encoder = "failed"
                await anyio.sleep(RETRY_S)
            else:
                self.encoder = "ready"

    async def _follow(self) -> None:
        is_failing = False
        while True:
            await anyio.sleep(FOLLOW_EVERY_S)
            try:
                # Abandoned at shutdown, as above: it may have many people to read.
                await to_thread.run_sync(self.matcher.sync, limiter=self._reading, abandon_on_cancel=True)
            except Exception as error:  # noqa: BLE001 - as above, and its message may hold what people wrote
                if not is_failing:
                    logger.error("the changes cannot be followed: %s; trying on", type(error).__name__)  # noqa: TRY400
                is_failing = True
            else:
                is_failing = False


async def workers_of(request: Request) -> Workers:
    """Return the workers of the application that the request came to."""
    return cast("Workers", request.app.state.workers)


Core = Annotated[Workers, Depends(workers_of)]
