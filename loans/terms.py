"""A wish whose time is settled: what would be lent, until when, and what for."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Terms:
    """What a request asks for, and what its draft holds before.

    until, starts_at   aware; starts_at is None for a loan that begins when it is signed
    channel            where it was asked for; None on the command line
    """

    node_class: str
    count: int
    until: datetime
    starts_at: datetime | None = None
    purpose: str = ""
    channel: str | None = None

    def length(self, now: datetime) -> timedelta:
        """Return how long the loan would be if it were signed now."""
        return self.until - (self.starts_at or now)
