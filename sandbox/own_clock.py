"""A side's own clock, which is off the site's: as far sides' clocks are when their time server is gone."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from sandbox.clock import SiteClock


@dataclass(frozen=True)
class OwnClock(SiteClock):
    """The site's clock, off by a span. What takes time takes as long as ever."""

    off_by: timedelta = timedelta()

    def now(self) -> datetime:
        """Return the time as this side has it, aware and in UTC."""
        return super().now() + self.off_by


def own_clock(site: SiteClock, off_by: timedelta) -> OwnClock:
    """Return a clock that runs with the site's, off by a span."""
    return OwnClock(**{field.name: getattr(site, field.name) for field in fields(site)}, off_by=off_by)
