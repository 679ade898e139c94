"""The one clock. Everything else is told the time; nothing in loans/, conversion/, commands/ or views/ reads it."""

from datetime import UTC, datetime, timedelta

from bot.settings.site import ClockSettings


class Clock:
    """The time as lendbot counts it: the wall's, or in a rehearsal a faster one that agreed with it at origin."""

    def __init__(self, settings: ClockSettings) -> None:
        self.speed = settings.speed
        self._origin = settings.origin.astimezone(UTC)

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""
        wall = datetime.now(UTC)
        return wall if self.speed == 1 else self._origin + (wall - self._origin) * self.speed

    def wall(self, span: timedelta) -> timedelta:
        """Return how much of lendbot's time passes in a span of the wall's."""
        return span * self.speed
