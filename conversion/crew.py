"""A bounded crew of threads, and which subject each is busy with: the steps of one subject never run side by side."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import timedelta
from threading import Lock

import structlog

from store.errors import StoreUnavailable

log = structlog.get_logger()

Key = tuple[int, str]
"""(loan id, subject)."""


class Crew:
    """Threads for looks that may wait for a far side."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="convert")
        self._busy: dict[Key, Future[None]] = {}
        self._lock = Lock()

    def go(self, key: Key, look: Callable[[], None]) -> None:
        """Have a thread look at a subject, unless one is at it already."""
        with self._lock:
            if key in self._busy:
                return
            future = self._pool.submit(self._look, key, look)
            self._busy[key] = future
        future.add_done_callback(lambda _: self._forget(key))

    def is_busy(self, key: Key) -> bool:
        """Return True while a thread looks at the subject."""
        with self._lock:
            return key in self._busy

    @property
    def busy(self) -> int:
        """Return how many subjects are being looked at, or wait for a thread."""
        with self._lock:
            return len(self._busy)

    def close(self, within: timedelta) -> bool:
        """Take no more looks and wait for those at work.

        returns   False when some were still at work: their process has to end before another may work on the store
        """
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            left = list(self._busy.values())
        return not wait(left, timeout=within.total_seconds()).not_done

    def _look(self, key: Key, look: Callable[[], None]) -> None:
        try:
            with structlog.contextvars.bound_contextvars(loan=key[0], subject=key[1]):
                look()
        except StoreUnavailable as e:
            log.warning("store.unavailable", why=str(e))  # the next tick looks again
        except Exception:
            # The subject's row is as it was, so the next tick looks again; here only the trace can be kept.
            log.exception("look.failed")

    def _forget(self, key: Key) -> None:
        with self._lock:
            self._busy.pop(key, None)
