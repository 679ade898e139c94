"""The moment at which the tests live: the one place that says what day it is. No test reads the wall's clock.

`MOMENT=saturday make test` lives at another one; `make anyday` goes through them all.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

SITE_ZONE: Final = ZoneInfo("America/Indiana/Indianapolis")
"""Where the sandbox's site and its requester are."""

PLAIN: Final = "tuesday"
"""Nothing is special about it."""

MOMENTS: Final[Mapping[str, datetime]] = {
    PLAIN: datetime(2026, 11, 24, 10, 12, 5, tzinfo=SITE_ZONE),
    "saturday": datetime(2027, 3, 13, 14, 30, tzinfo=SITE_ZONE),  # tomorrow has 23 hours
    "sunday": datetime(2026, 11, 29, 9, 30, tzinfo=SITE_ZONE),
    "monday": datetime(2026, 11, 30, 0, 5, tzinfo=SITE_ZONE),  # in California it is still Sunday
    "new-year": datetime(2026, 12, 31, 23, 50, tzinfo=SITE_ZONE),  # in UTC the year is over
    "leap-day": datetime(2028, 2, 29, 11, 0, tzinfo=SITE_ZONE),
    "spring-forward": datetime(2027, 3, 14, 1, 50, tzinfo=SITE_ZONE),  # in ten minutes it is 3:00
    "fall-back": datetime(2027, 11, 7, 1, 50, tzinfo=SITE_ZONE),  # in ten minutes it is 1:00 again
    "month-end": datetime(2027, 1, 31, 16, 40, tzinfo=SITE_ZONE),  # the next month has no 31st
}

MOMENT: Final = MOMENTS[os.environ.get("MOMENT", PLAIN)].astimezone(UTC)


def days_on(days: int, at: datetime) -> datetime:
    """Return the same time of day so many days on, on the site's calendar: a day may have 23 hours, or 25."""
    return at.astimezone(SITE_ZONE) + timedelta(days=days)


def dated(day: datetime) -> str:
    """Return a date as a person writes it: "30 November 2026"."""
    return f"{day:%d %B %Y}"


def clock_table() -> str:
    """Return the [clock] of a lendbot.toml that lives at the moment from now on."""
    return f'[clock]\norigin = "{datetime.now(UTC).isoformat()}"\nshows = "{MOMENT.isoformat()}"\n'
