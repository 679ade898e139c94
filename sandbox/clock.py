"""The site's clock, which can run faster than the wall's.

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
    """Site time is `origin + (wall - origin) * speed`: it agrees with the wall at origin and then runs ahead."""

    speed: float = 1.0
    origin: datetime = field(default_factory=_wall)

    def now(self) -> datetime:
        """Return the site's time, aware and in UTC."""
        return self.origin + (_wall() - self.origin) * self.speed

    async def sleep(self, span: timedelta) -> None:
        """Sleep a span of site time."""
        await asyncio.sleep(max(span.total_seconds(), 0.0) / self.speed)
