"""Days that are counted off: the second Monday of a month, two Sundays from now, the Friday after next.

Decides where a count begins: after today. Where "next" has two readings, so has what follows it.
"""

import calendar
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from loans.when.context import Context
from loans.when.days import in_month, month_of, next_weekday, number, weekday_of, wrong_weekday
from loans.when.spans import TOO_FAR, span_from_day
from loans.when.values import Day, Length, Not, Tail, Why
from loans.when.words import MONTHS, WEEKDAYS

Days = Iterable[Day | Not]
_WEEK: Final = timedelta(days=7)
_SATURDAY: Final = 5
_MONTHS_AHEAD: Final = 13


def nth_weekday(year: int, month: int, weekday_index: int, nth: int) -> Days:
    """The nth such weekday of a month; nth is -1 for the last."""
    days = [week[weekday_index] for week in calendar.monthcalendar(year, month) if week[weekday_index]]
    if nth > len(days) or nth == 0:
        yield Not(Why.IMPOSSIBLE, f"{MONTHS[month - 1].capitalize()} {year} has no such weekday.")
        return
    yield Day(date(year, month, days[nth - 1 if nth > 0 else -1]), tail=Tail.MONTH)


def nth_of_month(ctx: Context, nth: int, word: str, month: str, year: int | None = None) -> Days:
    """Reads "First Tuesday of October", this year's, or next year's when that is past."""
    index = month_of(month)
    found = tuple(nth_weekday(year or ctx.base.year, index, weekday_of(word), nth))
    if year is None and all(isinstance(day, Day) and day.date < ctx.base for day in found):
        found = tuple(nth_weekday(ctx.base.year + 1, index, weekday_of(word), nth))
    return found


def nth_of_rel(ctx: Context, nth: int, word: str, months: int) -> Days:
    """Reads "The second Monday of next month"."""
    first = in_month(ctx.today.replace(day=1), months, 1)
    assert isinstance(first, date)
    return nth_weekday(first.year, first.month, weekday_of(word), nth)


def weekdays_on(ctx: Context, count: str, word: str, *_: str) -> Days:
    """Reads "Two Sundays from now": today is none of them."""
    ahead = (weekday_of(word) - ctx.base.weekday() - 1) % 7 + 1
    weeks = number(count) - 1
    yield Day(ctx.base + timedelta(days=ahead) + weeks * _WEEK) if weeks >= 0 else TOO_FAR


def after_next(ctx: Context, word: str) -> Days:
    """Reads "Friday after next": a week after each day that "next Friday" can be."""
    for day in next_weekday(ctx, "next", word):
        yield replace(day, date=day.date + _WEEK) if isinstance(day, Day) else day


def next_workday(ctx: Context, *_: str) -> Iterator[Day]:
    """Reads "the next business day": Monday to Friday; it knows no holidays."""
    day = ctx.base + timedelta(days=1)
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    yield Day(day)


def weekday_dom(ctx: Context, word: str, day: int) -> Iterator[Day]:
    """Reads "Mon 13th" where the next 13th is no Monday: the next one that is, to be confirmed, since one of the two
    may be a slip.
    """
    months = (in_month(ctx.base.replace(day=1), ahead, day) for ahead in range(_MONTHS_AHEAD))
    ahead = [found for found in months if isinstance(found, date) and found >= ctx.base]
    fitting = [found for found in ahead if found.weekday() == weekday_of(word)]
    if fitting and fitting[0] != ahead[0]:
        yield Day(fitting[0], sure=False)


def weekday_span(ctx: Context, word: str, span: Length) -> Days:
    """Reads "Monday in two weeks", "in 3 days on Friday". Two weeks from a Wednesday lie between two Mondays, and both
    are asked; a number of days names one day.
    """
    for day in span_from_day(ctx, span, Day(ctx.today)):
        if isinstance(day, Not):
            yield day
            continue
        over = (day.date.weekday() - weekday_of(word)) % 7
        if over and not span.months and span.days % 7:
            yield wrong_weekday(day.date, WEEKDAYS[weekday_of(word)].capitalize())
            continue
        yield replace(day, date=day.date - timedelta(days=over))
        if over:
            yield replace(day, date=day.date + timedelta(days=7 - over))


RULES: Final[Mapping[str, Callable[..., Iterable[Any]]]] = {
    "nth_of_month": nth_of_month,
    "nth_of_rel": nth_of_rel,
    "weekdays_on": weekdays_on,
    "after_next": lambda ctx, *words: after_next(ctx, next(word for word in words if word not in {"after", "next"})),
    "next_workday": next_workday,
    "weekday_dom": weekday_dom,
    "weekday_span": lambda ctx, word, span, *_: weekday_span(ctx, word, span),
    "span_weekday": lambda ctx, span, word: weekday_span(ctx, word, span),
}
