"""What a time phrase can turn out to be, as values.

The first half is what callers see. The second half is what the grammar's rules hand to each other while they read;
`Not` is there because a reading that fails has a reason, and the reason is the answer when nothing better is left.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import Enum, StrEnum


@dataclass(frozen=True)
class Deadline:
    """The phrase names one instant, later than now."""

    at: datetime


@dataclass(frozen=True)
class Interval:
    """The phrase names a start and an end; the end is later, and neither is past."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Duration:
    """The phrase names a length of days or less. `at` is where it ends when it starts now, days counted by the
    calendar.
    """

    span: timedelta
    at: datetime


@dataclass(frozen=True)
class Reading:
    """One thing the phrase can mean, and the sentence a person confirms it by. `start` is set when it is an
    interval.
    """

    say: str
    at: datetime
    start: datetime | None = None


@dataclass(frozen=True)
class Ask:
    """One reading that needs a yes, or several that need a choice. `guess` is the phrase as we mended its spelling."""

    readings: tuple[Reading, ...]
    guess: str | None = None


@dataclass(frozen=True)
class Refused:
    """The phrase is not a time we may act on; the sentence says why, and what would do.

    is_read   the words were understood, and mean a time that will not do: past, impossible, too vague
    """

    sentence: str
    is_read: bool = True


Answer = Deadline | Interval | Duration | Ask | Refused


class Why(Enum):
    """Why one reading of a phrase came to nothing. Past is kept apart: a reading lost to it makes its siblings
    doubtful. One that is gone does not: this morning's 5:00 cannot be what "today at 5" means in the afternoon.
    """

    PAST = "past"
    GONE = "gone"
    IMPOSSIBLE = "impossible"
    MISMATCH = "mismatch"
    VAGUE = "vague"


@dataclass(frozen=True)
class Not:
    """A reading that cannot be, and the sentence that says so."""

    why: Why
    sentence: str


class Tail(StrEnum):
    """What a day was said to be in. In "Monday to Friday next week" it may govern the day before it as well."""

    YEAR = "year"
    MONTH = "month"
    WEEK = "week"


@dataclass(frozen=True)
class Day:
    """A day on the calendar.

    sure    false when a person should confirm it although it is the only reading
    loose   a tail to the right of it could still move it
    """

    date: date
    sure: bool = True
    loose: bool = False
    tail: Tail | None = None


@dataclass(frozen=True)
class Clock:
    """A time of day. `end` is 24:00. `edge` is a midnight, which can open or close the day it is said of.

    digital  written as a clock shows it, "09:05"; twin: the reading of it that is twelve hours later
    bare     one of the two readings of an hour that was said without am or pm
    """

    time: time
    sure: bool = True
    zone: "Zone | None" = None
    end: bool = False
    edge: bool = False
    digital: bool = False
    twin: bool = False
    bare: bool = False


@dataclass(frozen=True)
class Zone:
    """A zone named in the phrase: an offset, a region, or an abbreviation whose region may be on the other offset
    that day. It is exact when clocks said with it count to 24: UTC and offsets.
    """

    fixed: tzinfo | None
    region: tzinfo | None = None
    exact: bool = False


@dataclass(frozen=True)
class Length:
    """A length as said. Months and days follow the calendar, seconds are elapsed time.

    largest and smallest are the places of its units, 0 for years to 7 for seconds; "1 day 2 hours": 4 to 5.
    plural: the unit was said as "days"
    """

    months: int = 0
    days: int = 0
    seconds: float = 0
    largest: int = 0
    smallest: int = 0
    sure: bool = True
    plural: bool = False


@dataclass(frozen=True)
class Moment:
    """An instant.

    opens    where it starts when it is a whole day: the left side of an interval
    clocked  a time of day was said; zoned: with its zone; rolled: that time is past today, so it is tomorrow's
    """

    at: datetime
    sure: bool = True
    note: str = ""
    opens: datetime | None = None
    loose: bool = False
    tail: Tail | None = None
    zoned: bool = False
    clocked: bool = False
    rolled: bool = False


@dataclass(frozen=True)
class Stretch:
    """From one instant until another."""

    start: Moment
    end: Moment
