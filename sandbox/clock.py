"""The site's clock, which can run faster than the wall's, and begin at another date.

Everything that takes time here (a boot, a Puppet run, a job) takes site time. A protocol's own time-outs, and what a
fault does to a connection, stay in real seconds: a client's socket knows no other.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


def _wall() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class SiteClock:
    """Site time is `origin + (wall - began) * speed`.

    began    the wall's time when it was started
    ahead    how far the site's time was from the wall's then
    """

    speed: float = 1.0
    began: datetime = field(default_factory=_wall)
    ahead: timedelta = timedelta()

    @classmethod
    def showing(cls, at: datetime, speed: float = 1.0) -> "SiteClock":
        """Start a clock that shows a moment now."""
        began = _wall()
        return cls(speed, began, at.astimezone(UTC) - began)

    @property
    def origin(self) -> datetime:
        """Return the site's time when its clock was started."""
        return self.began + self.ahead

    def now(self) -> datetime:
        """Return the site's time, aware and in UTC."""
        return self.origin + (_wall() - self.began) * self.speed

    async def sleep(self, span: timedelta) -> None:
        """Sleep a span of site time."""
        await asyncio.sleep(max(span.total_seconds(), 0.0) / self.speed)
