"""One read that serves everybody who waits for it.

Decides when an answer is young enough to be shared. What Slurm is asked does not grow with the nodes: at most one read
is under way at a time, and all who came before it began share its answer.
"""

import threading
import time
from collections.abc import Callable
from concurrent import futures
from datetime import timedelta
from typing import Generic, TypeVar

T = TypeVar("T")


class _Flight(Generic[T]):
    """One read: when it began, how many writes it has surely seen, and its answer to come."""

    def __init__(self, writes: int) -> None:
        self.began = time.monotonic()
        self.writes = writes
        self.answer: futures.Future[T] = futures.Future()

    def serves(self, writes: int, oldest: float) -> bool:
        """Return True when it began after these writes and not before oldest."""
        return self.writes >= writes and self.began >= oldest

    def serves_later(self, writes: int, oldest: float) -> bool:
        """Return True when somebody who comes after its end may have its answer: a failure is not kept."""
        return self.serves(writes, oldest) and self.answer.exception() is None


class SharedRead(Generic[T]):
    """A read that threads share while it is young and nothing was written since it began."""

    def __init__(self, read: Callable[[], T], max_age: timedelta) -> None:
        self._read = read
        self._max_age_s = max_age.total_seconds()
        self._lock = threading.Lock()
        self._writes = 0
        self._flight: _Flight[T] | None = None

    def forget(self) -> None:
        """Say that something was written: a read that began before, finished or not, no longer counts."""
        with self._lock:
            self._writes += 1

    def get(self, since: float = float("-inf")) -> T:
        """Return an answer at most max_age old at the time of this call; a failed read fails all who waited for it.

        since   the read has to begin after this moment of the monotonic clock
        """
        with self._lock:
            writes, oldest = self._writes, max(since, time.monotonic() - self._max_age_s)
        while True:
            flight, ours = self._join_or_begin(writes, oldest)
            if ours:
                self._fly(flight)
            if flight.serves(writes, oldest):
                return flight.answer.result()
            futures.wait([flight.answer])

    def _join_or_begin(self, writes: int, oldest: float) -> tuple[_Flight[T], bool]:
        """Return a read, and True when the caller has to make it. One that is under way is waited for in any case."""
        with self._lock:
            flight = self._flight
            if flight is not None and (not flight.answer.done() or flight.serves_later(writes, oldest)):
                return flight, False
            self._flight = _Flight(self._writes)
            return self._flight, True

    def _fly(self, flight: _Flight[T]) -> None:
        try:
            flight.answer.set_result(self._read())
        except BaseException as error:  # noqa: BLE001 - handed to all who wait; result() raises it here too
            flight.answer.set_exception(error)
