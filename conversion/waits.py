"""How long things have been waited for, by a clock that nobody sets.

Patience that is read off the wall's clock ends at once when somebody sets that forward, and never when it is set back:
one step of a return that has a single try would be stuck for it. A process that was away has not waited either.
"""

from collections.abc import Callable
from datetime import timedelta
from threading import Lock
from time import monotonic

Key = tuple[int, str]
"""A loan, and a node of it or a wave of taking."""


def steady_seconds() -> timedelta:
    """Return time that only ever passes."""
    return timedelta(seconds=monotonic())


class Waits:
    """When each subject was last waited for in this process. Safe for many threads."""

    def __init__(self, steady: Callable[[], timedelta] = steady_seconds) -> None:
        """steady: time that only ever passes, from any beginning; as fast as lendbot's clock runs."""
        self.steady = steady
        self._seen: dict[Key, timedelta] = {}
        self._paused: set[Key] = set()
        self._refused: dict[Key, timedelta] = {}
        self._lock = Lock()

    def lap(self, key: Key) -> timedelta:
        """Return how much time has passed since this was last asked here; none the first time, or after a pause."""
        with self._lock:
            now = self.steady()
            passed = now - self._seen.get(key, now)
            self._seen[key] = now
            if key in self._paused:
                self._paused.remove(key)
                return timedelta()
        return passed

    def pause(self, key: Key) -> None:
        """Let the time since this was last asked, and until it is asked again, not count."""
        with self._lock:
            self._paused.add(key)

    def refused(self, key: Key) -> timedelta:
        """Return for how long a far side has refused this subject by now, and done nothing else in between."""
        with self._lock:
            now = self.steady()
            return now - self._refused.setdefault(key, now)

    def not_refused(self, key: Key) -> None:
        """Hear that a look went well, or that nobody answered it."""
        with self._lock:
            self._refused.pop(key, None)

    def forget(self, key: Key) -> None:
        """Let go of what has come to rest."""
        with self._lock:
            self._seen.pop(key, None)
            self._refused.pop(key, None)
            self._paused.discard(key)
