"""A bounded crew of threads, and which subject each is busy with: the steps of one subject never run side by side."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import structlog

log = structlog.get_logger()

Key = tuple[int, str]
"""(loan id, subject)."""


class Crew:
    """Threads for looks that may wait for a far side."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="convert")
        self._busy: set[Key] = set()
        self._lock = Lock()

    def go(self, key: Key, look: Callable[[], None]) -> None:
        """Have a thread look at a subject, unless one is at it already."""
        with self._lock:
            if key in self._busy:
                return
            self._busy.add(key)
        self._pool.submit(self._look, key, look)

    def is_busy(self, key: Key) -> bool:
        """Return True while a thread looks at the subject."""
        with self._lock:
            return key in self._busy

    @property
    def busy(self) -> int:
        """Return how many subjects are being looked at, or wait for a thread."""
        with self._lock:
            return len(self._busy)

    def close(self) -> None:
        """Take no more looks; those at work end at their next journal line, or resume at the next start."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _look(self, key: Key, look: Callable[[], None]) -> None:
        try:
            with structlog.contextvars.bound_contextvars(loan=key[0], subject=key[1]):
                look()
        except Exception:
            # The subject's row is as it was, so the next tick looks again; here only the trace can be kept.
            log.exception("look.failed")
        finally:
            with self._lock:
                self._busy.discard(key)
