"""What will happen at the site, in the order of site time.

It decides only the order. It never reads the wall's clock: `drive` feeds it the site's, and a test feeds it any time
it likes, so a day of the world can be played in a millisecond and always comes out the same.
"""

import asyncio
import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sandbox.clock import SiteClock

_LONGEST_NAP_S: Final = 5.0


@dataclass(order=True)
class Entry:
    """One thing that will happen, unless it is cancelled before."""

    when: datetime
    order: int
    act: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.cancelled = True


class Agenda:
    """A queue of things to come. Not thread-safe: it lives on the site's one event loop."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._clock: SiteClock | None = None
        self._is_advancing = False
        self._queue: list[Entry] = []
        self._order = itertools.count()
        self.sooner = asyncio.Event()

    @property
    def now(self) -> datetime:
        """Return site time: that of the thing that happens now, or between two of them the clock's."""
        if self._clock is None or self._is_advancing:
            return self._now
        return max(self._now, self._clock.now())

    def follow(self, clock: SiteClock) -> None:
        """Live by a clock from now on; until then time stands still but for advance()."""
        self._clock = clock

    def at(self, when: datetime, act: Callable[[], None]) -> Entry:
        """Enter a thing to come; what is already past happens at the next advance."""
        entry = Entry(when, next(self._order), act)
        heapq.heappush(self._queue, entry)
        if self._queue[0] is entry:
            self.sooner.set()
        return entry

    def after(self, span: timedelta, act: Callable[[], None]) -> Entry:
        """Enter a thing that is to come a span of site time from now."""
        return self.at(self.now + span, act)

    def advance(self, to: datetime) -> None:
        """Let everything happen that is due by `to`, each at its own time."""
        self._is_advancing = True
        try:
            while self._queue and self._queue[0].when <= to:
                entry = heapq.heappop(self._queue)
                self._now = max(self._now, entry.when)
                if not entry.cancelled:
                    entry.act()
        finally:
            self._is_advancing = False
        self._now = max(self._now, to)

    def catch_up(self) -> None:
        """Let everything happen that is due by the clock, before someone looks."""
        self.advance(self.now)

    def next_at(self) -> datetime | None:
        """Return when the next thing is due."""
        return self._queue[0].when if self._queue else None

    async def sleep(self, span: timedelta) -> None:
        """Wait a span of site time; ends early only by cancellation."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = self.after(span, lambda: None if done.done() else done.set_result(None))
        try:
            await done
        finally:
            entry.cancel()


async def drive(agenda: Agenda, clock: SiteClock) -> None:
    """Keep the agenda at the site's time until cancelled."""
    while True:
        agenda.sooner.clear()
        agenda.catch_up()
        due = agenda.next_at()
        nap_s = _LONGEST_NAP_S if due is None else (due - clock.now()).total_seconds() / clock.speed
        try:
            async with asyncio.timeout(max(0.0, min(nap_s, _LONGEST_NAP_S))):
                await agenda.sooner.wait()
        except TimeoutError:
            continue
