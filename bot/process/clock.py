"""The one clock. Everything else is told the time; nothing in loans/, conversion/, commands/ or views/ reads it."""

import time
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.settings.site import ClockSettings

_ANY: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Where a clock that agrees with the wall is anchored: anywhere does."""


class Clock:
    """The time as lendbot counts it: the wall's, or a rehearsal's, which may run faster and show another date."""

    def __init__(self, settings: ClockSettings) -> None:
        self.speed = settings.speed
        self._origin = (settings.origin or _ANY).astimezone(UTC)
        self._shows = (settings.shows or self._origin).astimezone(UTC)

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""
        return self._shows + (datetime.now(UTC) - self._origin) * self.speed

    @property
    def is_set(self) -> bool:
        """Return True when it was set to another moment than the wall's."""
        return self._shows != self._origin

    def steady(self) -> timedelta:
        """Return time that only ever passes, as fast as lendbot's does: what nobody sets, and lendbot waits by."""
        return timedelta(seconds=self.uptime()) * self.speed

    def wall(self, span: timedelta) -> timedelta:
        """Return how much of lendbot's time passes in a span of the wall's."""
        return span * self.speed

    def on_wall(self, span: timedelta) -> timedelta:
        """Return how much of the wall's time passes in a span of lendbot's."""
        return span / self.speed

    @staticmethod
    def uptime() -> float:
        """Return seconds that nobody sets and that sleep does not stop: they say how old a thing is."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)
