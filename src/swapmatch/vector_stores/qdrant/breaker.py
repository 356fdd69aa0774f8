"""Breaker: no calls to a server that does not answer, but one from time to time."""

from __future__ import annotations

import time
from threading import Lock

from swapmatch.errors import StoreUnavailableError

FAILURES = 5  # in a row, before calls are refused at once
REST_S = 5.0  # before the next is tried


class Breaker:
    """Counts the calls in a row that got no answer. Thread-safe."""

    def __init__(self, *, failures: int = FAILURES, rest_s: float = REST_S) -> None:
        """Start closed: calls go through.

        Args:
            failures: After so many in a row calls are refused.
            rest_s: For how long, in seconds; then one call is let through, and its answer decides.
        """
        self._most = failures
        self._rest_s = rest_s
        self._lock = Lock()
        self._failures = 0
        self._refused_until = 0.0

    def check(self, doing: str) -> None:
        """Return if a call may be tried. Raises StoreUnavailableError."""
        with self._lock:
            if not self.is_open:
                return
            if (now := time.monotonic()) >= self._refused_until:
                self._refused_until = now + self._rest_s  # this call is the one that is tried
                return
        message = f"could not {doing}: Qdrant did not answer {self._failures} times in a row"
        raise StoreUnavailableError(message)

    @property
    def is_open(self) -> bool:
        """Whether calls are refused."""
        return self._failures >= self._most

    def note(self, *, is_answered: bool) -> None:
        """Take note of how a call ended."""
        with self._lock:
            self._failures = 0 if is_answered else self._failures + 1
            if self.is_open:
                self._refused_until = time.monotonic() + self._rest_s
