"""Which instant, or which stretch of time. Puts days, clocks and lengths together, and reads a right side from its
left side.

Nothing is chosen here: every instant that a phrase can mean comes out, and those that cannot be come out with their
reason.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from loans.when import days, spans, zones
from loans.when.clocks import hour_digits, in_part
from loans.when.context import Context
from loans.when.counted import weekday_dom
from loans.when.values import Clock, Day, Length, Moment, Not, Stretch, Tail, Why
from loans.when.words import WEEKDAYS

Moments = Iterable[Moment | Not]
_SMALL_HOURS: Final = {False: 5, True: 3}
"""Until which hour "tonight" runs, when am was said and when it was not. Judged: "tonight at 4" is in the afternoon."""
_ENDS_FIRST: Final = Not(Why.PAST, "It would end before it starts.")


def whole_day(ctx: Context, day: Day) -> Moments:
    """A date alone: its last minute."""
    for moment in ctx.whole(day.date):
        yield _of_day(moment, day)


def _of_day(moment: Moment | Not, day: Day) -> Moment | Not:
    """The moment, as doubtful as its day."""
    if isinstance(moment, Not):
        return moment
    return replace(moment, sure=moment.sure and day.sure, loose=day.loose, tail=day.tail)


def day_clock(ctx: Context, day: Day, clock: Clock) -> Moments:
    """A day and a time on it. Its midnight is the one that opens it, and the one that closes it."""
    for exact in (clock, replace(clock, end=True)) if clock.edge else (clock,):
        for moment in ctx.place(day.date, exact):
            yield _clocked(ctx, _of_day(_unless_bare(moment, clock), day), clock)


def _unless_bare(moment: Moment | Not, clock: Clock) -> Moment | Not:
    """Which half of the day an hour is in is settled when the other half is past."""
    lost = isinstance(moment, Not) and moment.why is Why.PAST and clock.bare
    return replace(moment, why=Why.GONE) if isinstance(moment, Not) and lost else moment


def _clocked(ctx: Context, moment: Moment | Not, clock: Clock) -> Moment | Not:
    """Marks that a time was said, and in which zone. Where the zone is on another date now, the day is in doubt."""
    if isinstance(moment, Not):
        return moment
    there = clock.zone and ctx.now.astimezone(moment.at.tzinfo).date()
    doubtful = there is not None and there != ctx.today and moment.tail is not Tail.YEAR
    return replace(moment, clocked=True, zoned=clock.zone is not None, sure=moment.sure and not doubtful)


def next_clock(ctx: Context, clock: Clock) -> Moments:
    """A time alone: the next time clocks show it."""
    tz = ctx.zone_of(clock).region or ctx.zone_of(clock).fixed or ctx.tz
    base = ctx.after.astimezone(tz).date()
    for ahead in range(3):
        found = tuple(ctx.place(base + timedelta(days=ahead), clock))
        if ahead_of := tuple(moment for moment in found if isinstance(moment, Moment)):
            yield from (
                replace(moment, clocked=True, zoned=clock.zone is not None, rolled=ahead > 0) for moment in ahead_of
            )
            return


def stamp(ctx: Context, text: str) -> Moments:
    """An ISO 8601 instant, to the letter; a wall clock of here when it carries no offset."""
    try:
        at = datetime.fromisoformat(text.upper())
        found = [Moment(at)] if at.tzinfo else list(zones.place(at, ctx.tz))
    except (ValueError, OverflowError):
        found = []
    yield from (ctx.timely(replace(moment, clocked=True, zoned=True)) for moment in found)
    if not found:
        yield Not(Why.IMPOSSIBLE, 'There is no such date or time. Write "27 Nov 18:00" or "2026-11-27 18:00".')


def weekday_number(ctx: Context, word: str, text: str) -> Moments:
    """Reads "Friday 6": the 6th, if that is a Friday, or six o'clock. Asked, even when only one of them is left."""
    for name in days.weekday(ctx, word):
        if isinstance(name, Day):
            yield from _as_date(ctx, name, text)
            yield from near_number(ctx, name, text)


def near_number(ctx: Context, day: Day, text: str) -> Moments:
    """Reads "tomorrow 9" as an hour, both ways, and "Friday 1925" as a clock, since no year goes with a weekday."""
    is_clock = len(text) == 4 and int(text) in days.YEARS  # noqa: PLR2004 - hhmm
    for clock in hour_digits(ctx, text) if is_clock or 1 <= int(text) < 24 else ():  # noqa: PLR2004 - of a day
        yield from day_clock(ctx, day, replace(clock, sure=False, edge=False)) if isinstance(clock, Clock) else (clock,)


def dated_clock(ctx: Context, name: str, date: Iterable[Day | Not], clock: Clock) -> Moments:
    """Reads "Thu Oct 26 11:00:09 2023", as `date` and `ctime` print it: their clocks count to 24."""
    for found in date:
        if isinstance(found, Not):
            yield found
        elif found.date.weekday() != days.weekday_of(name):
            yield days.wrong_weekday(found.date, WEEKDAYS[days.weekday_of(name)].capitalize())
        elif not (clock.twin and clock.digital):
            yield from day_clock(ctx, found, replace(clock, edge=clock.edge and not clock.digital))


def _as_date(ctx: Context, name: Day, text: str) -> Moments:
    """The day of the month that the number names, if it falls on that weekday."""
    for day in days.dom_alone(ctx, text) if len(text) <= 2 else ():  # noqa: PLR2004 - two digits
        if isinstance(day, Day):
            for agreed in days.checked(ctx, name, day):
                sure = int(text) > 24  # noqa: PLR2004 - no hour of the day
                yield from whole_day(ctx, replace(agreed, sure=sure)) if isinstance(agreed, Day) else (agreed,)
    for day in weekday_dom(ctx, f"{name.date:%A}".lower(), int(text)) if 12 < int(text) <= 31 else ():  # noqa: PLR2004
        yield from whole_day(ctx, day)


def until_number(ctx: Context, text: str) -> Moments:
    """Reads "until 5": an hour, both ways, or the 5th. Never sure."""
    for clock in hour_digits(ctx, text) if int(text) not in days.YEARS else ():
        yield from next_clock(ctx, replace(clock, sure=False)) if isinstance(clock, Clock) else (clock,)
    for day in days.dom_alone(ctx, text) if len(text) <= 2 else ():  # noqa: PLR2004 - two digits
        yield from whole_day(ctx, replace(day, sure=False)) if isinstance(day, Day) else (day,)


def after_span(ctx: Context, span: Length) -> Moments:
    """Reads "In 3 days", "2 hours from now"."""
    return spans.add(ctx, ctx.now, span)


def span_clock(ctx: Context, span: Length, clock: Clock) -> Moments:
    """Reads "In 3 days at 17:00": days and weeks only, since the day has to be certain."""
    if span.months or span.seconds or not span.days:
        yield Not(Why.VAGUE, 'A time of day goes with days or weeks: "in 3 days at 17:00".')
        return
    yield from day_clock(ctx, Day(ctx.today + timedelta(days=span.days), sure=span.sure), clock)


def part_clock(ctx: Context, part: tuple[Day, str], clock: Clock) -> Moments:
    """Reads "Tomorrow morning at 7", "tonight at midnight"."""
    day, name = part
    if clock.edge and name == "night":
        yield from (
            _clocked(ctx, _of_day(moment, day), clock) for moment in ctx.place(day.date, replace(clock, end=True))
        )
    if name == "night" and 1 <= clock.time.hour <= _SMALL_HOURS[clock.bare]:
        for morning in (day.date, day.date + timedelta(days=1)):
            yield from day_clock(ctx, Day(morning, sure=False), clock)
    for fitting in in_part(ctx, clock, name):
        if isinstance(fitting, Clock):
            yield from day_clock(ctx, day, fitting)


def same_time(ctx: Context, _words: str, day: Day) -> Moments:
    """Reads "this time tomorrow"."""
    return day_clock(ctx, day, Clock(ctx.now.astimezone(ctx.tz).time().replace(tzinfo=None, fold=0)))


def eod(ctx: Context, day: Day) -> Moments:
    """Reads "EOD", "COB": the end of work to some, of the day to others. Five o'clock is a custom, not a
    measurement.
    """
    yield from day_clock(ctx, replace(day, sure=False), Clock(time(17)))
    yield from whole_day(ctx, replace(day, sure=False))


def before(ctx: Context, moment: Moment) -> Moments:
    """Reads "Before Friday" ends as Friday opens, unless its speaker counts Friday in; "before 6pm" is 6pm."""
    yield moment
    if not moment.clocked and moment.opens:
        yield ctx.timely(replace(moment, at=moment.opens))


def now(ctx: Context) -> Moments:
    """The left side of "from now until Friday"."""
    yield Moment(ctx.now, opens=ctx.now, clocked=True, zoned=True)


def stretch(start: Moment, ends: Moments) -> Iterator[Stretch | Not]:
    """The left side with each of its right sides. A word on the right that could move the left puts it in doubt."""
    opened = replace(start, at=start.opens or start.at)
    for end in ends:
        if isinstance(end, Not):
            yield end
        elif end.at.astimezone(UTC) <= opened.at.astimezone(UTC):
            yield _ENDS_FIRST
        else:
            doubtful = _moved(start, end) or start.rolled or (end.zoned and start.clocked and not start.zoned)
            yield Stretch(opened, replace(end, sure=end.sure and not doubtful))


def _moved(start: Moment, end: Moment) -> bool:
    """Whether the left side would be another day if what the right side is said to be in held for it too."""
    if not start.loose or end.tail is None:
        return False
    return {
        Tail.YEAR: start.at.year != end.at.year,
        Tail.MONTH: (start.at.year, start.at.month) != (end.at.year, end.at.month),
        Tail.WEEK: start.at.isocalendar()[:2] != end.at.isocalendar()[:2],
    }[end.tail]


def day_pair(
    ctx: Context, first: Iterable[Day | Not], second: Callable[[Context], Iterable[Day | Not]]
) -> Iterator[Stretch | Not]:
    """From the opening of one day until the end of another, which is read from the first."""
    for day in first:
        for start in whole_day(ctx, day) if isinstance(day, Day) else (day,):
            if isinstance(start, Not):
                yield start
                continue
            later = replace(ctx, after=_opened(start))
            for last in second(later):
                yield from stretch(start, whole_day(later, last)) if isinstance(last, Day) else (last,)


def _opened(start: Moment) -> datetime:
    return start.opens or start.at


def month_days(ctx: Context, month: str, first: int, last: int, year: int | None = None) -> Iterator[Stretch | Not]:
    """Reads "July 13-15", "13 to 15 July 2027"."""
    if last <= first:
        yield _ENDS_FIRST
        return
    yield from day_pair(
        ctx,
        days.month_dom(ctx, month, first, year),
        lambda later: days.dated(later.base.year, days.month_of(month), last),
    )


def from_for(ctx: Context, start: Moment, span: Length) -> Iterator[Stretch | Not]:
    """Reads "From Monday for 3 days", "for 2 hours from 6pm"."""
    opened = _opened(start)
    yield from stretch(start, spans.add(replace(ctx, after=opened), opened, span))


def by_for(ctx: Context, *words: Any) -> Iterator[Stretch | Not]:
    """Reads "by Monday 9am for 3 days": needed from then on, most likely, so it is confirmed."""
    start, span = next(w for w in words if isinstance(w, Moment)), next(w for w in words if isinstance(w, Length))
    for found in from_for(ctx, start, span):
        yield found if isinstance(found, Not) else replace(found, end=replace(found.end, sure=False))


def _vague(what: str, example: str) -> Callable[..., Moments]:
    return lambda *_: (Not(Why.VAGUE, f'{what} has no one end. Name a day or a time: "{example}".'),)


RULES: Final[Mapping[str, Callable[..., Iterable[Any]]]] = {
    "same": lambda _ctx, value: [value],
    "deadline": lambda _ctx, moment: [moment],
    "from_now": lambda _ctx, _now, moment: [moment],
    "until_number": until_number,
    "stretch": lambda _ctx, found: [found],
    "nothing": lambda _ctx, reason: [reason],
    "before": lambda ctx, _word, moment: before(ctx, moment),
    "length": lambda _ctx, *words: [words[-1]],
    "bare_length": lambda _ctx, span: [replace(span, sure=False)],
    "whole_day": whole_day,
    "day_clock": day_clock,
    "clock_day": lambda ctx, clock, day: day_clock(ctx, day, clock),
    "next_clock": next_clock,
    "stamp": stamp,
    "day_by": lambda ctx, day, *words: day_clock(ctx, day, words[-1]),
    "weekday_number": weekday_number,
    "near_number": near_number,
    "number_near": lambda ctx, text, day: near_number(ctx, day, text),
    "dated_clock": lambda ctx, name, month, day, clock, year: dated_clock(
        ctx, name, days.dated(year, days.month_of(month), day), clock
    ),
    "after_span": lambda ctx, *words: after_span(ctx, next(word for word in words if isinstance(word, Length))),
    "span_clock": span_clock,
    "part_clock": part_clock,
    "clock_part": lambda ctx, clock, part: part_clock(ctx, part, clock),
    "day_part": lambda _ctx, day, part: [(day, part)],
    "this_part": lambda ctx, _this, part: [(Day(ctx.today), part)],
    "tonight_part": lambda ctx, _word: [(Day(ctx.today), "night")],
    "tonight": lambda ctx, _word: whole_day(ctx, Day(ctx.today, sure=False)),
    "eod": lambda ctx, _word, *day: eod(ctx, day[0] if day else Day(ctx.today)),
    "same_time": same_time,
    "for_today": lambda ctx, *_: eod(ctx, Day(ctx.today)),
    "eod_after": lambda ctx, day, _word: eod(ctx, day),
    "now": lambda ctx, _word: now(ctx),
    "month_days": month_days,
    "days_month": lambda ctx, first, last, month, year=None: month_days(ctx, month, first, last, year),
    "day_range": lambda _ctx, found: [found],
    "from_for": from_for,
    "by_for": by_for,
    "for_by": by_for,
    "for_from": lambda ctx, span, start: from_for(ctx, start, span),
    "vague_week": _vague("A week or a weekend", "Wednesday of next week"),
    "vague_month": _vague("A month or a year", "end of March"),
    "vague_part": _vague("A part of a day", "tomorrow 18:00"),
    "vague_now": lambda *_: [Not(Why.VAGUE, 'Now is when it starts. Say when it ends: "until Friday 18:00".')],
    "vague_count": lambda _ctx, word: [
        Not(Why.VAGUE, f'{word} of what? Name the unit: "for {word} hours" or "for {word} min".')
    ],
    "vague_after": lambda *_: [Not(Why.VAGUE, '"After" names no end. Say the end itself: "until Friday 18:00".')],
}
