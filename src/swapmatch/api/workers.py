"""Workers: the synchronous matcher, called from the event loop without ever blocking it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Literal, TypeVar, cast

import anyio
from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request

from swapmatch.matcher import Matcher

ENCODING = 4  # calls at a time that may encode: the model uses all cores by itself
READING = 16  # calls at a time that only read or delete: they go on while the others wait for the model
RETRY_S = 5.0  # after a warm-up that failed
FOLLOW_EVERY_S = 0.5  # how soon others' writes are found; an idle look takes 50 us (measured 2026-11-23)

Warmth = Literal["cold", "ready", "failed"]
T = TypeVar("T")

logger = logging.getLogger(__name__)


class Workers:
    """Runs calls of the matcher in threads: those that may encode, and the others, with a limit of their own each.

    Attributes:
        matcher: Whose methods are called.
        encoder: "ready" once the encoder has encoded something; "failed" when it could not, while it is tried again.
    """

    def __init__(self, matcher: Matcher, *, encoding: int = ENCODING, reading: int = READING) -> None:
        """Choose how many calls of each sort run at a time."""
        self.matcher = matcher
        self.encoder: Warmth = "cold"
        self._limits = encoding, reading
        self._make_limiters()

    async def encode(self, call: Callable[[Matcher], T]) -> T:
        """Return what a call returns that may have to encode."""
        return await to_thread.run_sync(call, self.matcher, limiter=self._encoding)

    async def read(self, call: Callable[[Matcher], T]) -> T:
        """Return what a call returns that encodes nothing, or next to nothing."""
        return await to_thread.run_sync(call, self.matcher, limiter=self._reading)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Belong to the event loop that runs now; beside whatever happens inside, warm the encoder up and follow.

        Followed is the change feed: what other processes write is found without a restart.
        """
        self._make_limiters()
        async with anyio.create_task_group() as background:
            background.start_soon(self._warm_up)
            background.start_soon(self._follow)
            yield
            background.cancel_scope.cancel()

    def _make_limiters(self) -> None:
        """An event loop needs limiters of its own."""
        encoding, reading = self._limits
        self._encoding, self._reading = CapacityLimiter(encoding), CapacityLimiter(reading)

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
