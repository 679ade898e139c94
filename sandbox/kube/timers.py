"""What happens later, in site time: one heap and one task for the whole cluster."""

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import Callable

from sandbox.clock import SiteClock


class Timers:
    """Calls that are due at an instant of site time. Not thread-safe."""

    def __init__(self, clock: SiteClock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._sooner = asyncio.Event()

    def now_s(self) -> float:
        """Site time in seconds since the epoch."""
        return self._clock.now().timestamp()

    def after(self, span_s: float, do: Callable[[], None]) -> None:
        """Call do once, span_s seconds of site time from now."""
        due = self.now_s() + span_s
        if not self._heap or due < self._heap[0][0]:
            self._sooner.set()
        heapq.heappush(self._heap, (due, next(self._numbers), do))

    def every(self, span_s: float, do: Callable[[], None], *, at_least_wall_s: float) -> None:
        """Call do again and again, but never more often than at_least_wall_s of real time allows."""
        step_s = max(span_s, at_least_wall_s * self._clock.speed)

        def again() -> None:
            do()
            self.after(step_s, again)

        self.after(step_s, again)

    async def run(self) -> None:
        """Call what is due, for ever."""
        while True:
            self._sooner.clear()
            self._call_due()
            wall_s = (self._heap[0][0] - self.now_s()) / self._clock.speed if self._heap else None
            # Not wait_for: on 3.11 it may swallow the cancellation that ends us.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if wall_s is None else max(wall_s, 0.001)):
                    await self._sooner.wait()

    def _call_due(self) -> None:
        now = self.now_s()
        while self._heap and self._heap[0][0] <= now:
            heapq.heappop(self._heap)[2]()
