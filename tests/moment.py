"""The moment at which the tests live: the one place that says what day it is. No test reads the wall's clock.

`MOMENT=saturday make test` lives at another one; `make anyday` goes through them all.
"""

import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

SITE_ZONE: Final = ZoneInfo("America/Indiana/Indianapolis")
"""Where the sandbox's site and its requester are."""

PLAIN: Final = "tuesday"
"""Nothing is special about it."""

MOMENTS: Final[Mapping[str, datetime]] = {
    PLAIN: datetime(2026, 11, 24, 10, 12, 5, tzinfo=SITE_ZONE),
    "saturday": datetime(2027, 3, 13, 14, 30, tzinfo=SITE_ZONE),  # and tomorrow has 23 hours
    "sunday": datetime(2026, 11, 29, 9, 30, tzinfo=SITE_ZONE),
    "monday": datetime(2026, 11, 30, 0, 5, tzinfo=SITE_ZONE),  # it is still Sunday in California
    "new-year": datetime(2026, 12, 31, 23, 50, tzinfo=SITE_ZONE),  # in UTC the year is over
    "leap-day": datetime(2028, 2, 29, 11, 0, tzinfo=SITE_ZONE),
    "spring-forward": datetime(2027, 3, 14, 1, 50, tzinfo=SITE_ZONE),  # in ten minutes it is 3:00
    "fall-back": datetime(2027, 11, 7, 1, 50, tzinfo=SITE_ZONE),  # in ten minutes it is 1:00 again
    "month-end": datetime(2027, 1, 31, 16, 40, tzinfo=SITE_ZONE),  # and the next one has no 31st
}

NAME: Final = os.environ.get("MOMENT", PLAIN)
MOMENT: Final = MOMENTS[NAME]


def days_on(days: int, at: datetime) -> str:
    """Return the date so many days on, on the site's calendar, as a person writes it: "30 November 2026"."""
    return f"{at.astimezone(SITE_ZONE) + timedelta(days=days):%d %B %Y}"
