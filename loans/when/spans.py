"""How long. Decides units, halves and fractions, and adds a length to an instant: days and months by the calendar,
hours as they pass.

A month from the 31st of a longer month than the next has two ends, and both are given. "A few" is no number.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from loans.when import zones
from loans.when.context import Context
from loans.when.days import make, number
from loans.when.values import Day, Length, Moment, Not, Why
from loans.when.words import UNIT_OF

_FRIDAY: Final = 4
Lengths = Iterable[Length | Not]
_SIZES: Final[Mapping[str, Length]] = {
    unit: replace(size, largest=place, smallest=place)
    for place, (unit, size) in enumerate(
        {
            "year": Length(months=12),
            "month": Length(months=1),
            "fortnight": Length(days=14),
            "week": Length(days=7),
            "day": Length(days=1),
            "hour": Length(seconds=3600),
            "minute": Length(seconds=60),
            "second": Length(seconds=1),
        }.items()
    )
}
FAR: Final = timedelta(days=36525)
"""Beyond a hundred years it is a slip of the keyboard."""
TOO_FAR: Final = Not(Why.IMPOSSIBLE, "That is more than a hundred years away.")


def _times(size: Length, count: float) -> Lengths:
    """So many of a unit. A fraction of a day is hours; of a month it is nothing."""
    if size.months:
        if count == int(count):
            yield replace(size, months=int(size.months * count))
        else:
            yield Not(Why.VAGUE, "A part of a month or a year has no fixed length; say days.")
        return
    if size.days and count != int(count):
        size = replace(size, days=0, seconds=size.days * 86400)
    yield replace(size, days=int(size.days * count), seconds=size.seconds * count)


def unit(_ctx: Context, word: str) -> Lengths:
    """The size of a unit. A bare "m" is a minute or a month."""
    if word == "m":
        yield _SIZES["minute"]
        yield _SIZES["month"]
    else:
        yield replace(_SIZES[UNIT_OF[word.rstrip(".")]], plural=word.rstrip(".").endswith("s") and len(word) > 1)


def plus(_ctx: Context, first: Length, second: Length) -> Lengths:
    """Larger units before smaller ones, each once: "1 day 2 hours"; "m" after hours can only be minutes."""
    if second.largest <= first.smallest:
        return
    yield Length(
        first.months + second.months,
        first.days + second.days,
        first.seconds + second.seconds,
        first.largest,
        second.smallest,
        sure=first.sure and second.sure,
    )


def decimal(_ctx: Context, text: str, size: Length) -> Lengths:
    """Reads "1.5 hours". "1.30 hours" may be an hour and a half, so more than one digit is confirmed unless it is a
    quarter.
    """
    sure = len(text.split(".")[1]) == 1 or text.endswith((".25", ".75", ".50"))
    yield from _times(replace(size, sure=size.sure and sure), float(text))


def fraction(_ctx: Context, text: str, size: Length) -> Lengths:
    """Reads "1/2 hour", "1/4 h", "3/4 hour". Of several, "3/4 days" and "2/3 weeks" are two numbers to most: asked."""
    top, bottom = (int(part) for part in text.split("/"))
    if (top, bottom) in {(1, 2), (1, 4), (3, 4)}:
        yield from _times(size, top / bottom)
    if bottom == top + 1 and size.plural:
        for count in (top, bottom):
            yield from _times(size, count)


def hours_minutes(_ctx: Context, text: str) -> Lengths:
    """Reads "2h30"."""
    hours, minutes = (int(part) for part in text.split("h"))
    if minutes < 60:  # noqa: PLR2004 - of an hour
        yield replace(_SIZES["hour"], seconds=hours * 3600 + minutes * 60, smallest=_SIZES["minute"].smallest)


def days_clock(_ctx: Context, text: str) -> Lengths:
    """Reads "2-12:00:00" as Slurm does: days, then hours, minutes and seconds."""
    count, _, clock = text.partition("-")
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    if hours < 24 and minutes < 60 and seconds < 60:  # noqa: PLR2004 - of a clock
        passed = hours * 3600 + minutes * 60 + seconds
        yield replace(_SIZES["day"], days=int(count), seconds=passed, smallest=_SIZES["second"].smallest)


def clock_length(_ctx: Context, text: str) -> Lengths:
    """Reads "for 48:00:00" as Slurm does. "for 1:30" is hours or minutes, so nothing."""
    if text.count(":") == 2:  # noqa: PLR2004 - hours, minutes, seconds
        hours, minutes, seconds = (int(part) for part in text.partition(".")[0].split(":"))
        if minutes < 60 and seconds < 60:  # noqa: PLR2004 - of a clock
            yield replace(_SIZES["hour"], seconds=hours * 3600 + minutes * 60 + seconds)


def workdays(ctx: Context, count: int, _word: str) -> Lengths:
    """Reads "4 business days", Monday to Friday; it knows no holidays. From a weekend some count Monday as the
    first and some as none, so it is confirmed.
    """
    late = max(0, ctx.base.weekday() - _FRIDAY)
    friday = ctx.base - timedelta(days=late)
    weeks, rest = divmod(count, 5)
    over = 2 if friday.weekday() + rest > _FRIDAY else 0
    yield replace(_SIZES["day"], days=weeks * 7 + rest + over - late, sure=not late)


def next_length(_ctx: Context, *words: Any) -> Lengths:
    """Reads "the next 3 hours". Days and weeks without "for" could be whole ones of the calendar: confirmed."""
    span: Length = words[-1]
    yield replace(span, sure=span.sure and not (span.days or span.months))


def either(_ctx: Context, first: str | int, second: str | int, size: Length) -> Lengths:
    """Reads "2-3 days", "2 or 3 days": asked."""
    for count in (first, second):
        yield from _times(replace(size, sure=False), int(count))


def one_unit(_ctx: Context, size: Length, more: Length | None = None) -> Lengths:
    """Reads "the next hour", "the next day and 5 hours". The next week may be that of the calendar: confirmed."""
    one = replace(size, sure=size.sure and (bool(size.seconds) or more is not None))
    return [one] if more is None else plus(_ctx, one, more)


def quarters_unit(_ctx: Context, count: str, *rest: Any) -> Lengths:
    """Reads "Three quarters of an hour"."""
    return _times(rest[-1], number(count) / 4) if 1 <= number(count) <= 3 else ()  # noqa: PLR2004 - of four


def nominal(span: Length) -> timedelta:
    """A length without months, with days of 24 hours."""
    return timedelta(days=span.days, seconds=span.seconds)


def span_from_day(_ctx: Context, span: Length, *rest: Any) -> Iterator[Day | Not]:
    """Reads "3 days from Tuesday", "2 months after 15 January": a day again, so hours are not counted."""
    day: Day = rest[-1]
    if span.seconds:
        yield Not(Why.VAGUE, 'From a day, count days, weeks or months: "3 days after Friday".')
        return
    ends = tuple(_months_on(day.date, span.months))
    for end in ends:
        yield Day(end + timedelta(days=span.days), sure=day.sure and span.sure and len(ends) == 1)


def add(ctx: Context, start: datetime, span: Length) -> Iterator[Moment | Not]:
    """The instants at which a length ends that starts at `start`."""
    local = start.astimezone(ctx.tz).replace(tzinfo=None, fold=0)
    try:
        days = tuple(_months_on(local.date(), span.months))
        for day in days:
            wall = datetime.combine(day + timedelta(days=span.days), local.time())
            sure = span.sure and len(days) == 1
            for placed in _placed(ctx, wall, start, by_calendar=bool(span.months or span.days)):
                at = (placed.at.astimezone(UTC) + timedelta(seconds=span.seconds)).astimezone(ctx.tz)
                if at.astimezone(UTC) - start.astimezone(UTC) > FAR:
                    yield TOO_FAR
                else:
                    yield ctx.timely(replace(placed, at=at, sure=sure and placed.sure))
    except (OverflowError, ValueError):
        yield TOO_FAR


def _placed(ctx: Context, wall: datetime, start: datetime, *, by_calendar: bool) -> Iterator[Moment]:
    """The start itself when only hours pass; otherwise the same clock time on the later day."""
    if by_calendar:
        yield from zones.place(wall, ctx.tz)
    else:
        yield Moment(start)


def _months_on(day: date, months: int) -> Iterator[date]:
    """The same day so many months on; when that month is too short, its last day and the next one's first."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    if year > day.year + 101:
        raise OverflowError
    made = make(year, month, day.day)
    if isinstance(made, date):
        yield made
        return
    following = date(year + (month == 12), month % 12 + 1, 1)  # noqa: PLR2004 - December
    yield following - timedelta(days=1)
    yield following


RULES: Final[Mapping[str, Callable[..., Iterable[Any]]]] = {
    "count": lambda _ctx, word: [] if word.startswith("0") and len(word) > 1 else [number(word)],
    "one": lambda *_: [1],
    "unit": unit,
    "item": lambda _ctx, count, size: _times(size, count),
    "item_and_half": lambda _ctx, count, *rest: _times(rest[-1], count + 0.5),
    "unit_and_half": lambda _ctx, count, size, *_: _times(size, count + 0.5),
    "half_unit": lambda _ctx, *words: _times(words[-1], 0.5),
    "quarter_unit": lambda _ctx, *words: _times(words[-1], 0.25),
    "quarters_unit": quarters_unit,
    "couple": lambda _ctx, *words: _times(replace(words[-1], sure=False), 2),
    "decimal": decimal,
    "fraction": fraction,
    "hours_minutes": hours_minutes,
    "either": either,
    "few": lambda *_: [Not(Why.VAGUE, '"A few" is no number. Say how many: "for 3 hours".')],
    "days_clock": days_clock,
    "clock_length": clock_length,
    "workdays": workdays,
    "next_length": next_length,
    "next_unit": lambda _ctx, *words: [replace(_SIZES[UNIT_OF[words[-1].rstrip(".")]], sure=False)],
    "one_unit": one_unit,
    "one_unit_plus": one_unit,
    "plus": plus,
    "span_from_day": span_from_day,
    "day_plus_span": lambda ctx, day, span: span_from_day(ctx, span, day),
}
