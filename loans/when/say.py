"""Spells instants and lengths for a person: weekday, date, time, zone with its offset, and how long that is. Pure
text.
"""

from datetime import UTC, datetime, timedelta, tzinfo

from loans.lengths import length
from loans.when.values import Reading


def offset(at: datetime) -> str:
    """Such as "UTC-5", "UTC+5:30", "UTC" when they are the same."""
    span = at.utcoffset() or timedelta()
    minutes = abs(int(span.total_seconds())) // 60
    sign = "-" if span < timedelta() else "+"
    if not minutes:
        return "UTC"
    return f"UTC{sign}{minutes // 60}" + (f":{minutes % 60:02}" if minutes % 60 else "")


def zone(at: datetime) -> str:
    """Such as "EST (UTC-5)", or the offset alone where the zone has no letters of its own."""
    name = at.tzname() or ""
    return f"{name} ({offset(at)})" if name.isalpha() and name != "UTC" else offset(at)


def spelled(at: datetime, tz: tzinfo) -> str:
    """Such as "Fri 27 Nov 2026, 23:59 EST (UTC-5)"; the grammar reads it back as the same minute."""
    local = at.astimezone(tz)
    return f"{local:%a} {local.day} {local:%b} {local.year}, {local:%H:%M} {zone(local)}"


def say(at: datetime, now: datetime, tz: tzinfo) -> str:
    """Such as "Fri 27 Nov 2026, 23:59 EST (UTC-5), 3 days 13 h": an instant as the person has to confirm it."""
    return f"{spelled(at, tz)}, {length(at.astimezone(UTC) - now.astimezone(UTC))}"


def say_interval(start: datetime, end: datetime, tz: tzinfo) -> str:
    """Such as "from Mon ..., 09:00 ... until Wed ..., 23:59 ..., 2 days 14 h": the length is that of the interval."""
    return f"from {spelled(start, tz)} until {say(end, start, tz)}"


def reading(at: datetime, now: datetime, tz: tzinfo, start: datetime | None = None, note: str = "") -> Reading:
    """A reading with its sentence; the note says what is odd about it."""
    words = say(at, now, tz) if start is None else say_interval(start, at, tz)
    return Reading(f"{words} ({note})" if note else words, at, start)
