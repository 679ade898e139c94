"""Which time of day is meant. Decides am and pm, 24-hour clocks, midnight and noon; a bare hour is both of its
readings.

An hour from 13, or one written with a leading zero, is a 24-hour clock. Everything from 1 to 12 without am, pm or a
part of the day is two times.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from loans.when import zones
from loans.when.context import Context
from loans.when.days import YEARS, number
from loans.when.values import Clock, Length, Not, Why, Zone
from loans.when.words import UNIT_OF

Clocks = Iterable[Clock | Not]
HALF_HOUR: Final = Length(seconds=1800)
_NO_SUCH: Final = Not(Why.IMPOSSIBLE, 'There is no such time of day. Write "18:00" or "6pm".')
PARTS: Final[Mapping[str, Mapping[int, int]]] = {
    "morning": {hour: hour for hour in range(1, 12)},
    "afternoon": {12: 12} | {hour: hour + 12 for hour in range(1, 7)},
    "evening": {hour: hour + 12 for hour in range(4, 12)},
    "night": {hour: hour + 12 for hour in range(6, 12)},
}
"""The hour of the day that a bare hour is in a part of the day. What is missing ("2 in the evening") is not
understood.
"""


def _made(hour: int, minute: int, second: int = 0) -> Clocks:
    """One clock, exactly as a 24-hour clock shows it; 0:00 and 24:00 are edges of a day."""
    if hour == 24 and not minute and not second:  # noqa: PLR2004 - ISO 8601 allows it for the end of a day
        yield Clock(time(), end=True)
    elif hour < 24 and minute < 60 and second < 60:  # noqa: PLR2004 - of a clock
        yield Clock(time(hour, minute, second), edge=not (hour or minute or second))
    else:
        yield _NO_SUCH


def _bare(hour: int, minute: int, second: int = 0, *, padded: bool = False) -> Clocks:
    """An hour without am or pm: both readings when it could be either."""
    if not 1 <= hour <= 12 or padded:  # noqa: PLR2004 - of a dial
        yield from _made(hour, minute, second)
        return
    for either in (hour, (hour + 12) % 24):
        for clock in _made(either, minute, second):
            yield replace(clock, bare=True) if isinstance(clock, Clock) else clock


def _fields(text: str) -> tuple[int, int, int]:
    """Hour, minute and second of "18:00", "18.00", "18h00", "9:05:30", "1030", "9", "nine"; fractions of a second
    dropped.
    """
    if text[0].isalpha():
        return number(text), 0, 0
    if text.isdigit() and len(text) > 2:  # noqa: PLR2004 - "730", "1030"
        return int(text[:-2]), int(text[-2:]), 0
    parts = [int(part) for part in re.split(r"[:.h]", text)[:3]]
    hour, minute, second = (*parts, 0, 0)[:3]
    return hour, minute, second


def twelve(_ctx: Context, text: str, mer: str) -> Clocks:
    """Reads "6pm", "6:30 p.m.", "730pm". Noon is 12pm; 12am is a midnight, so an edge."""
    if "." in text and len(text.split(".")[1]) != 2:  # noqa: PLR2004 - "6.5 pm" is no clock
        return (_NO_SUCH,)
    hour, minute, second = _fields(text)
    if len(text) == 4 and hour > 12 and mer.startswith("p"):  # noqa: PLR2004 - "1515pm" says it twice: confirmed
        return [replace(clock, sure=False) if isinstance(clock, Clock) else clock for clock in _made(hour, minute)]
    if not 1 <= hour <= 12:  # noqa: PLR2004 - of a dial
        return (_NO_SUCH,)
    return _made(hour % 12 + 12 * mer.startswith("p"), minute, second)


def twelve_words(_ctx: Context, hour: str, minute: str, mer: str) -> Clocks:
    """Reads "Seven thirty pm"."""
    if not 1 <= number(hour) <= 12 or number(minute) < 10:  # noqa: PLR2004 - of a dial; "seven five pm" is not said
        return (_NO_SUCH,)
    return _made(number(hour) % 12 + 12 * mer.startswith("p"), number(minute))


def colon(_ctx: Context, text: str) -> Clocks:
    """Reads "18:00", "9h30", "at 13.00"."""
    if "." in text and ":" not in text and len(text.split(".")[1]) != 2:  # noqa: PLR2004 - of a clock
        return (_NO_SUCH,)
    read = tuple(_bare(*_fields(text), padded=text.startswith("0")))
    digital = text[2:3] == ":"
    return tuple(
        replace(clock, digital=digital, twin=place > 0) if isinstance(clock, Clock) else clock
        for place, clock in enumerate(read)
    )


def dotted(ctx: Context, text: str) -> Clocks:
    """Reads "14.30" without "at", where it cannot be a date. It could still be a price, so it is never sure."""
    hour, minute, _ = _fields(text)
    if hour and minute and min(hour, minute) <= 12 and max(hour, minute) <= 31:  # noqa: PLR2004 - months and days
        return ()
    return tuple(replace(clock, sure=False) if isinstance(clock, Clock) else clock for clock in colon(ctx, text))


def military(_ctx: Context, text: str) -> Clocks:
    """Reads "0805", "1815": four digits that cannot be a year."""
    if len(text) != 4 or int(text) in YEARS:  # noqa: PLR2004 - hhmm
        return ()
    return _bare(*_fields(text), padded=text.startswith("0"))


def hour_digits(_ctx: Context, text: str) -> Clocks:
    """Reads "5" after "at": an hour, both ways; "at 730", "at 1815" as well."""
    return _bare(*_fields(text), padded=text.startswith("0")) if len(text) <= 4 else ()  # noqa: PLR2004 - hhmm


def hour_word(_ctx: Context, text: str) -> Clocks:
    """Reads "At five"."""
    return _bare(number(text), 0) if 1 <= number(text) <= 12 else ()  # noqa: PLR2004 - of a dial


def hour_minute(_ctx: Context, hour: str, minute: str) -> Clocks:
    """Reads "At 3 15", "at seven twenty-seven": minutes of two digits, both ways."""
    return _bare(number(hour), number(minute)) if number(minute) > 9 else ()  # noqa: PLR2004 - two digits


def oclock_twelve(_ctx: Context, clock: Clock, mer: str) -> Clocks:
    """Reads "3 o'clock pm"."""
    if clock.time.minute or (clock.time.hour >= 12) != mer.startswith("p"):  # noqa: PLR2004 - of a dial
        return ()
    return (clock,)


def clock_unit(_ctx: Context, text: str, unit: str) -> Clocks:
    """Reads "16h", "1815 hours". "16 hours" is a length."""
    if len(text) <= 2:  # noqa: PLR2004 - hh
        return _bare(int(text), 0) if unit == "h" else ()
    return _bare(*_fields(text), padded=True) if UNIT_OF.get(unit) == "hour" and len(text) == 4 else ()  # noqa: PLR2004


def colon_unit(_ctx: Context, text: str, unit: str) -> Clocks:
    """Reads "18:00h", "09:00 hrs", "18.00 h". "2:30 hours" is a length to some, so nothing."""
    hours, minutes = re.split(r"[:.]", text)[:2]
    padded = int(hours) > 12 or hours.startswith("0")  # noqa: PLR2004 - of a dial
    shown = padded and len(minutes) == 2  # noqa: PLR2004 - of a clock
    return _made(*_fields(text)) if shown and UNIT_OF.get(unit) == "hour" else ()


def noon(_ctx: Context, *words: str) -> Clocks:
    """Reads "Noon", "12 noon"."""
    return (Clock(time(12)),) if len(words) == 1 or number(words[0]) == 12 else ()  # noqa: PLR2004 - noon


def midnight(_ctx: Context, *words: str) -> Clocks:
    """Reads "Midnight", "12 midnight"."""
    return (Clock(time(), edge=True),) if len(words) == 1 or number(words[0]) == 12 else ()  # noqa: PLR2004


def _shift(clock: Clock, seconds: float) -> Clock:
    moved = datetime.combine(datetime(2000, 1, 2, tzinfo=UTC), clock.time) + timedelta(seconds=seconds)
    return replace(clock, time=moved.time(), edge=False, end=False)


def past_hour(_ctx: Context, minutes: Length, *rest: Clock | str) -> Clocks:
    """Reads "quarter past six pm"."""
    clock = rest[-1]
    if isinstance(clock, Clock) and not clock.time.minute and not clock.edge:
        yield _shift(clock, minutes.seconds)


def to_hour(_ctx: Context, minutes: Length, *rest: Clock | str) -> Clocks:
    """Reads "ten minutes to 6pm". Without its minutes, "ten to 6pm" may be a stretch of hours, so it is confirmed."""
    clock = rest[-1]
    if isinstance(clock, Clock) and not clock.time.minute and not clock.edge and minutes.seconds != HALF_HOUR.seconds:
        yield replace(_shift(clock, -minutes.seconds), sure=clock.sure and minutes.sure)


def minutes(_ctx: Context, word: str, unit: str = "") -> Iterator[Length]:
    """The minutes before or after the hour. Only round ones go without their unit: "nine to five" is a job."""
    count = number(word)
    if UNIT_OF.get(unit) == "minute" and 1 <= count <= 59:  # noqa: PLR2004 - of a clock
        yield Length(seconds=count * 60)
    elif not unit and count in {5, 10, 20, 25}:
        yield Length(seconds=count * 60, sure=False)


def in_part(_ctx: Context, clock: Clock, part: str) -> Clocks:
    """Reads "5 in the afternoon": the bare reading that lies in that part of the day. "12 this afternoon" is
    confirmed: few say it.
    """
    hour = clock.time.hour
    if not clock.end and not clock.edge and hour in PARTS[part].values():
        yield replace(clock, sure=clock.sure and clock.time != time(12))


def at_part(ctx: Context, clock: Clock, part: str) -> Clocks:
    """Reads "11 at night"."""
    return in_part(ctx, clock, part) if part == "night" else ()


def zoned(_ctx: Context, clock: Clock, zone: Zone) -> Clocks:
    """A clock with its zone. Who writes "09:05 UTC" counts hours to 24, and 00:00 opens the day."""
    if not (zone.exact and clock.digital):
        yield replace(clock, zone=zone)
    elif not clock.twin:
        yield replace(clock, zone=zone, edge=False)


def zone_offset(_ctx: Context, text: str) -> Iterator[Zone | Not]:
    """Reads "UTC+2", "+05:30"."""
    yield zones.offset(text) or Not(Why.IMPOSSIBLE, f"No place keeps {text.upper()}.")


def bad_zone(_ctx: Context, text: str) -> Iterator[Not]:
    """IST, CST and BST each name several zones."""
    yield Not(Why.VAGUE, f'{text.upper()} names more than one zone. Say the offset: "18:00 UTC+1".')


RULES: Final[Mapping[str, Callable[..., Iterable[Any]]]] = {
    "clock": lambda _ctx, clock: [clock],
    "twelve": twelve,
    "twelve_words": twelve_words,
    "colon": colon,
    "military": military,
    "dotted": dotted,
    "hour_digits": hour_digits,
    "hour_word": hour_word,
    "hour_minute": hour_minute,
    "oclock_twelve": oclock_twelve,
    "clock_unit": clock_unit,
    "colon_unit": colon_unit,
    "noon": noon,
    "midnight": midnight,
    "past_hour": past_hour,
    "to_hour": to_hour,
    "minutes": minutes,
    "quarter_hour": lambda *_: [Length(seconds=900)],
    "half_hour": lambda *_: [HALF_HOUR],
    "in_part": in_part,
    "at_part": at_part,
    "zoned": zoned,
    "zone_name": lambda _ctx, word: [zones.named(word)],
    "zone_offset": zone_offset,
    "bad_zone": bad_zone,
}
