"""Work that nobody waits for: one thread that lives only while there is something to do."""

from __future__ import annotations

import logging
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)


class Background:
    """Calls a function, in a thread of its own, for as long as it says that there is more to do."""

    def __init__(self, work: Callable[[], bool]) -> None:
        """Take the function; it is called by one thread at a time and returns whether to call it again."""
        self._work = work
        self._lock = Lock()
        self._thread: Thread | None = None
        self._is_woken = False
        self._closed = Event()

    def wake(self) -> None:
        """Say that there is something to do; returns at once."""
        with self._lock:
            self._is_woken = True
            if self._thread is None and not self._closed.is_set():
                self._thread = Thread(target=self._run, name="swapmatch-index", daemon=True)
                self._thread.start()

    def wait(self) -> None:
        """Return when there is nothing left to do."""
        while (thread := self._thread) and thread.is_alive():  # none is in a process that was forked
            thread.join()

    def close(self) -> None:
        """Start nothing new, and wait for what is being done."""
        with self._lock:
            self._closed.set()
        self.wait()

    def rest(self, seconds: float) -> None:
        """Let the work pause, but not beyond the end."""
        self._closed.wait(seconds)

    def _run(self) -> None:
        while True:
            with self._lock:
                self._is_woken = False
            try:
                more = self._work()
            except Exception:  # a thread's entry point: the index stays right without this work, only slower
                logger.exception("work on the index failed; it goes on without")
                more = False
            with self._lock:
                if self._closed.is_set() or not (more or self._is_woken):
                    self._thread = None
                    return
