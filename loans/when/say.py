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


def written(until: datetime, tz: tzinfo, start: datetime | None = None) -> str:
    """Such as "until Fri 27 Nov 2026 18:00", "from Mon 30 Nov 2026 11:00 am until ...": words for a field.

    They have one reading, these instants to the minute, and each word can be changed without the others. So am and pm
    are written where an hour could be both, a midnight is the 24:00 of the day before, and an hour that comes twice
    has its offset.
    """
    ends = (until,) if start is None else (start, until)
    zoned = any(_is_twice(at.astimezone(tz)) for at in ends)
    words = [_written(at, tz, zoned=zoned) for at in ends]
    return f"until {words[0]}" if start is None else f"from {words[0]} until {words[1]}"


def _written(at: datetime, tz: tzinfo, *, zoned: bool) -> str:
    local = at.astimezone(tz)
    clock = f"{local:%H:%M}"
    if 10 <= local.hour <= 12:  # noqa: PLR2004 - the hours that a dial shows without a zero before them
        clock += " am" if local.hour < 12 else " pm"  # noqa: PLR2004 - noon
    day = local.date()
    if (local.hour, local.minute) == (0, 0):
        day, clock = day - timedelta(days=1), "24:00"
    return f"{day:%a} {day.day} {day:%b %Y} {clock}{f' {zone(local)}' if zoned else ''}"


def _is_twice(local: datetime) -> bool:
    """Whether clocks there show this minute a second time."""
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


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
