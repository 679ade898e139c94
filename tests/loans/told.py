"""Answers about time, short enough for a table. It is Tuesday 24 November 2026, 10:00 in Indianapolis."""

from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from loans.lengths import length
from loans.when import Ask, Deadline, Duration, Interval, Refused, read

HERE = ZoneInfo("America/Indiana/Indianapolis")
TUESDAY = datetime(2026, 11, 24, 10, tzinfo=HERE)
FRIDAY = datetime(2026, 11, 27, 10, tzinfo=HERE)


def told(phrase: str, now: datetime = TUESDAY, tz: tzinfo = HERE) -> str:
    """What kind of answer it is, and its wall clocks."""
    match read(phrase, now, tz):
        case Deadline(at):
            return f"{at:%a %d %b %Y %H:%M}"
        case Interval(start, end):
            return f"{start:%a %d %b %H:%M} to {end:%a %d %b %H:%M}"
        case Duration(span, _):
            return f"for {length(span)}"
        case Ask(readings):
            return "ask " + ", ".join(f"{one.at:%d %b %H:%M}" for one in readings)
        case Refused():
            return "refused"
