"""Connection: every call to Qdrant, with its deadline, its retries, and its errors in our own words."""

from __future__ import annotations

import logging
import sqlite3
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

import httpx
import stamina
from pydantic import ValidationError
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse
from qdrant_client.local.qdrant_local import QdrantLocal

from swapmatch.errors import ConfigurationError, StoreError, StoreUnavailableError, SwapMatchError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qdrant_client import QdrantClient, models

    from swapmatch.vector_stores.qdrant.breaker import Breaker

ATTEMPTS = 3
WAIT_S = 0.1  # before the second attempt, about twice as long before the third
JITTER_S = 0.1

# Its line for each retry says nothing to who has not set up a log; the error at the end says all.
logging.getLogger("stamina").addHandler(logging.NullHandler())

REFUSED = frozenset({401, 403})
BUSY = frozenset({408, 429, 502, 503, 504})
# A body that is no JSON, or another than the client expects, leaves it as ValueError or AssertionError; its local mode
# raises ValueError and RuntimeError, too, and what its SQLite file raises.
DRIVER_ERRORS = (ApiException, QdrantException, AssertionError, ValueError, RuntimeError, sqlite3.Error, OSError)


class Connection:
    """A client, and the way to call it. Thread-safe.

    Calls are made again when there was no answer: every one that this package makes may be repeated. The client's
    local mode is called by one thread at a time, because its arrays do not bear two that write.
    """

    def __init__(self, client: QdrantClient, *, timeout_s: float, breaker: Breaker, owns_client: bool) -> None:
        """Wrap a client.

        Args:
            client: Ready to be called; what it waits for an answer is its own.
            timeout_s: Seconds after which a call is not tried again.
            breaker: When not to call at all.
            owns_client: Whether `close` closes the client.
        """
        self._client = client
        self._timeout_s = timeout_s
        self._breaker = breaker
        self._owns_client = owns_client
        self._lock = Lock()
        self._is_closed = False
        self.is_local = isinstance(client._client, QdrantLocal)  # noqa: SLF001 - the one way to tell

    def call(self, doing: str, method: str, *values: object, **options: object) -> Any:  # noqa: ANN401 - the client's
        """Return what a method of the client answers.

        Args:
            doing: What is tried, for the message of an error: "find people".
            method: Its name; a call of it may be repeated.
            values: What it is given.
            options: What it is given by name.

        Raises:
            StoreUnavailableError: No answer in time, or none for now.
            ConfigurationError: The API key is wrong or missing.
            StoreError: Any other failure, and every call after `close`.
        """
        self.check_open()
        ask = partial(getattr(self._client, method), *values, **options)
        if self.is_local:
            with self._lock:
                return self._tried(doing, ask)
        self._breaker.check(doing)
        retrying = stamina.retry_context(
            on=self._is_worth_another, attempts=ATTEMPTS, timeout=self._timeout_s,
            wait_initial=WAIT_S, wait_jitter=JITTER_S,
        )  # fmt: skip
        for attempt in retrying:
            with attempt:
                return self._watched(doing, ask)
        raise AssertionError  # the last attempt raises

    def query(self, doing: str, name: str, requests: Sequence[models.QueryRequest]) -> list[list[models.ScoredPoint]]:
        """Return the points that answer each of these requests to a collection. Raises as `call` does."""
        answers = self.call(doing, "query_batch_points", name, requests)
        if len(answers) != len(requests):
            message = f"could not {doing}: Qdrant gave {len(answers)} answers to {len(requests)} requests"
            raise StoreError(message)
        return [answer.points for answer in answers]

    def check_open(self) -> None:
        """Raise StoreError after `close`."""
        if self._is_closed:
            message = "the Qdrant index is closed"
            raise StoreError(message)

    def close(self) -> None:
        """Close the client, if it was made for this."""
        with self._lock:
            if not self._is_closed and self._owns_client:
                self._client.close()
            self._is_closed = True

    def _is_worth_another(self, error: Exception) -> bool:
        return isinstance(error, StoreUnavailableError) and not self._breaker.is_open

    def _watched(self, doing: str, ask: partial[Any]) -> Any:  # noqa: ANN401 - the client's
        try:
            answer = self._tried(doing, ask)
        except SwapMatchError as error:
            self._breaker.note(is_answered=not isinstance(error, StoreUnavailableError))
            raise
        self._breaker.note(is_answered=True)
        return answer

    def _tried(self, doing: str, ask: partial[Any]) -> Any:  # noqa: ANN401 - the client's
        try:
            return ask()
        except DRIVER_ERRORS as error:
            message = f"could not {doing}: {_reason(error)}"
            raise kind_of(error)(message) from error


def kind_of(error: Exception) -> type[SwapMatchError]:
    """Return which of our errors one of the client's is."""
    if isinstance(error, UnexpectedResponse) and error.status_code in REFUSED:
        return ConfigurationError
    is_busy = isinstance(error, UnexpectedResponse) and error.status_code in BUSY
    is_lost = isinstance(error, ResponseHandlingException) and isinstance(error.source, httpx.TransportError)
    if is_busy or is_lost or isinstance(error, QdrantException):  # the last: 429 with Retry-After
        return StoreUnavailableError
    return StoreError


def _reason(error: Exception) -> str:
    """Return what went wrong, without what an answer held: that may be somebody's words."""
    source = error.source if isinstance(error, ResponseHandlingException) else error
    if isinstance(source, ValidationError):
        return "the answer is not of the form that Qdrant gives"
    return str(source) or type(source).__name__
