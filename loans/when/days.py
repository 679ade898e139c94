"""Which day is meant. Decides weekdays, dates, "next", ends of months; gives every day a phrase can mean, and never
picks one.

"Next Friday" is the nearest Friday to some and next week's to others; weeks begin on Monday for some and on Sunday
for others. Where these agree there is one day, and nothing to ask.
"""

import calendar
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from loans.when.context import Context
from loans.when.values import Day, Not, Tail, Why
from loans.when.words import CARDINALS, MONTHS, ORDINALS, WEEKDAYS

YEARS: Final = range(1900, 2200)
"""Four digits outside this range are no year anybody means."""
FRESHLY_PAST: Final = timedelta(days=31)
"""A date without a year that has just gone by is more often a slip than next year's: it is confirmed. Judged, not
measured.
"""

JUST_PAST: Final = timedelta(days=2)
"""The same for a day without a month: "until the 18th", said on the 20th. Judged."""

Days = Iterable[Day | Not]
_WEEK: Final = timedelta(days=7)


def number(word: str) -> int:
    """12, "12th", "twelve", "twelfth", "twenty-first"; -1 when it is none of them."""
    if match := re.match(r"[0-9]+", word):
        return int(match[0])
    tens, _, ones = word.replace("-", " ").partition(" ")
    known = CARDINALS | ORDINALS
    return known.get(tens, -1) + (known.get(ones, 0) if ones else 0)


def month_of(word: str) -> int:
    """1 to 12 of a month's name or its abbreviation."""
    return next(index for index, name in enumerate(MONTHS, start=1) if name.startswith(word[:3]))


def weekday_of(word: str) -> int:
    """0 for Monday."""
    return next(index for index, name in enumerate(WEEKDAYS) if name.startswith(word[:3]))


def make(year: int, month: int, day: int) -> date | Not:
    """The date, or why there is none."""
    if year not in YEARS or not 1 <= month <= 12:  # noqa: PLR2004 - months
        return Not(Why.IMPOSSIBLE, 'There is no such date. Write "27 Nov" or "2026-11-27".')
    if not 1 <= day <= calendar.monthrange(year, month)[1]:
        return Not(Why.IMPOSSIBLE, f"{MONTHS[month - 1].capitalize()} {year} has no day {day}.")
    return date(year, month, day)


def dated(year: int, month: int, day: int) -> Days:
    """A date said in full."""
    found = make(year, month, day)
    yield found if isinstance(found, Not) else Day(found, tail=Tail.YEAR)


def yearless(ctx: Context, month: int, day: int) -> Days:
    """A day of a month: the next one. When it is today the next year's may be meant as well; when just gone, it is
    confirmed.
    """
    this_year = make(ctx.base.year, month, day)
    if isinstance(this_year, Not):
        coming = make(ctx.base.year + (month < ctx.base.month), month, day)
        yield from _leap_day(ctx, coming if isinstance(coming, Not) else this_year, month, day)
        return
    if this_year >= ctx.base:
        yield Day(this_year, loose=True)
    if this_year <= ctx.base:
        following = make(ctx.base.year + 1, month, day)
        again = _leap_day(ctx, following, month, day) if isinstance(following, Not) else (Day(following, loose=True),)
        yield from again
    if timedelta() < ctx.base - this_year <= FRESHLY_PAST:
        yield Not(Why.PAST, f"{this_year.day} {this_year:%b %Y} is already past.")


def _leap_day(ctx: Context, reason: Not, month: int, day: int) -> Days:
    """29 February said in another year: the next one, to be confirmed. Any other missing day is refused."""
    if (month, day) != (2, 29):
        yield reason
        return
    years = (year for year in range(ctx.base.year, ctx.base.year + 9) if calendar.isleap(year))
    yield Day(next(leap for year in years if (leap := date(year, 2, 29)) > ctx.base), sure=False, loose=True)


def weekday(ctx: Context, word: str) -> Days:
    """The nearest such day. Today counts, and so does today in a week: that is asked."""
    ahead = timedelta(days=(weekday_of(word) - ctx.base.weekday()) % 7)
    yield Day(ctx.base + ahead, loose=True)
    if not ahead:
        yield Day(ctx.base + _WEEK, loose=True)


def next_weekday(ctx: Context, _next: str, word: str) -> Days:
    """The nearest one after today, and the one of next week in either way to count weeks."""
    nearest = ctx.base + timedelta(days=(weekday_of(word) - ctx.base.weekday() - 1) % 7 + 1)
    yield Day(nearest)
    yield from _of_week(ctx.base, weekday_of(word), 1)


def this_weekday(ctx: Context, _this: str, word: str) -> Days:
    """The one of this week; when that is past in either way to count weeks, the coming one has to be confirmed."""
    ahead = (weekday_of(word) - ctx.base.weekday()) % 7
    past_already = ctx.base.weekday() > weekday_of(word)
    yield Day(ctx.base + timedelta(days=ahead), sure=ahead != 0 and not past_already)
    if not ahead:
        yield Day(ctx.base + _WEEK)


def _of_week(base: date, weekday_index: int, weeks: int) -> Iterator[Day]:
    """That weekday of the week so many weeks on, with weeks that begin on Monday, and on Sunday."""
    monday = base - timedelta(days=base.weekday())
    sunday = base - timedelta(days=(base.weekday() + 1) % 7)
    yield Day(monday + timedelta(days=weekday_index) + weeks * _WEEK, tail=Tail.WEEK)
    yield Day(sunday + timedelta(days=(weekday_index + 1) % 7) + weeks * _WEEK, tail=Tail.WEEK)


def weekday_of_week(ctx: Context, word: str, weeks: int) -> Days:
    """Reads "Friday next week", "Wednesday of this week"."""
    for day in set(_of_week(ctx.today, weekday_of(word), weeks)):
        yield day if day.date >= ctx.today else Not(Why.PAST, f"The {word.capitalize()} of that week is past.")


def checked(_ctx: Context, name: Day, day: Day) -> Days:
    """A weekday beside a date: the date, if it falls on that weekday, which settles any doubt about it.

    "This Friday" and "next Friday" are days of their own: the date has to be that very day.
    """
    if name.date == day.date or (name.loose and name.date.weekday() == day.date.weekday()):
        yield replace(day, sure=True)
    else:
        yield wrong_weekday(day.date, WEEKDAYS[name.date.weekday()].capitalize())


def wrong_weekday(day: date, said: str) -> Not:
    """The sentence for a date that is not on the weekday beside it."""
    if said == f"{day:%A}":
        return Not(Why.MISMATCH, f"{day.day} {day:%b %Y} is another {said}.")
    return Not(Why.MISMATCH, f"{day.day} {day:%b %Y} is a {day:%A}, not a {said}.")


def word_and_date(ctx: Context, word: str, day: Day) -> Days:
    """Reads "Tomorrow, 18 November": both have to be the same day."""
    said = ctx.today + timedelta(days=word != "today")
    yield (
        Day(said)
        if day.date == said
        else Not(Why.MISMATCH, f"{word.capitalize()} is {said.day} {said:%b %Y}, a {said:%A}.")
    )


def dom_alone(ctx: Context, word: int | str) -> Days:
    """Reads "The 15th": this month's or next month's. A day the next month lacks is looked for further on, and
    confirmed.
    """
    day = word if isinstance(word, int) else number(word)
    first = ctx.base.replace(day=1)
    found = [made for months in range(3) if isinstance(made := in_month(first, months, day), date)]
    ahead = [made for made in found if made >= ctx.base]
    if not ahead:
        yield Not(Why.IMPOSSIBLE, f"No month has a day {day}.")
        return
    months_on = (ahead[0].year - first.year) * 12 + ahead[0].month - first.month
    skipped = months_on > 1 or (months_on == 1 and not isinstance(in_month(first, 0, day), date))
    yield Day(ahead[0], sure=not skipped, loose=True)
    if ctx.base == ctx.today and found[0] < ctx.today <= found[0] + JUST_PAST:
        yield Not(Why.PAST, f"{day} {found[0]:%b %Y} is already past.")
    if ahead[0] == ctx.base:
        yield Day(ahead[1], loose=True)


def in_month(first: date, months: int, day: int) -> date | Not:
    """That day of the month so many months after the first."""
    index = first.month - 1 + months
    return make(first.year + index // 12, index % 12 + 1, day)


def dom_of_rel(ctx: Context, day: int, months: int) -> Days:
    """Reads "The 20th of next month"."""
    found = in_month(ctx.today.replace(day=1), months, day)
    yield found if isinstance(found, Not) else Day(found, tail=Tail.MONTH)


def month_dom(ctx: Context, month: str, day: int, year: int | None = None) -> Days:
    """Reads "March 3", "March 3 2027"."""
    return yearless(ctx, month_of(month), day) if year is None else dated(year, month_of(month), day)


def two_numbers(ctx: Context, text: str) -> Days:
    """Reads "11/12" is 12 November to some and 11 December to others."""
    first, second = (int(part) for part in re.split(r"[/.]", text.strip("."))[:2])
    yield from yearless(ctx, first, second)
    if first != second:
        yield from yearless(ctx, second, first)


def dashed_numbers(ctx: Context, first: str, second: str) -> Days:
    """Reads "12-24" as a date, where it can be only one; it could be two numbers as well, so it is confirmed."""
    low, high = sorted((int(first), int(second)))
    if 1 <= low <= 12 < high <= 31:  # noqa: PLR2004 - months and days
        for day in yearless(ctx, low, high):
            yield replace(day, sure=False) if isinstance(day, Day) else day


def day_month_dotted(ctx: Context, text: str) -> Days:
    """Reads "3.12." as 3 December: only those who write the day first write the last dot."""
    day, month, _ = text.split(".")
    return yearless(ctx, int(month), int(day))


def dotted_or_clock(ctx: Context, text: str) -> Days:
    """Reads "26.10" is a date; "16.12" could be a clock as well, so it is confirmed."""
    hours, minutes = (int(part) for part in text.split("."))
    is_clock = hours < 24 and minutes < 60 and len(text.split(".")[1]) == 2  # noqa: PLR2004 - of a clock
    for day in two_numbers(ctx, text):
        yield replace(day, sure=False) if isinstance(day, Day) and is_clock else day


def three_numbers(ctx: Context, text: str) -> Days:
    """Reads "3/12/2026": both orders; with dashes and a short year also year first. An order that is long past is not
    meant.
    """
    first, second, third = (int(part) for part in re.split(r"[-/.]", text))
    year = third if third > 99 else 2000 + third  # noqa: PLR2004 - two digits
    orders = {(year, first, second), (year, second, first)}
    if "-" in text and third < 100:  # noqa: PLR2004 - two digits
        orders.add((2000 + first, second, third))
    for day in (day for order in sorted(orders) for day in dated(*order)):
        yield _unless_gone(ctx, day) if isinstance(day, Day) else day


def _unless_gone(ctx: Context, day: Day) -> Day | Not:
    gone = day.date < ctx.today - FRESHLY_PAST
    return Not(Why.GONE, f"{day.date.day} {day.date:%b %Y} is already past.") if gone else day


def year_first(_ctx: Context, text: str) -> Days:
    """Reads "2026-11-27" and its kin; never year, day, month."""
    return dated(*(int(part) for part in re.split(r"[-/.]", text)))


def iso_week_day(_ctx: Context, text: str) -> Days:
    """Reads "2026-W49-5": year, week and weekday, as ISO 8601 counts them; Monday is 1."""
    digits = text.replace("-", "").replace("w", "")
    try:
        yield Day(date.fromisocalendar(int(digits[:4]), int(digits[4:6]), int(digits[6])), tail=Tail.YEAR)
    except ValueError:
        yield Not(Why.IMPOSSIBLE, f"{digits[:4]} has no week {digits[4:6]}.")


def compact(_ctx: Context, text: str) -> Days:
    """Reads "20261127"."""
    return dated(int(text[:4]), int(text[4:6]), int(text[6:]))


def last_of(year: int, month: int) -> Day:
    """The last day of a month."""
    return Day(date(year, month, calendar.monthrange(year, month)[1]), tail=Tail.MONTH)


def end_of_rel(ctx: Context, months: int) -> Days:
    """Reads "End of the month", "end of next month"."""
    index = ctx.today.month - 1 + months
    yield last_of(ctx.today.year + index // 12, index % 12 + 1)


def end_of_named(ctx: Context, month: str, year: int | None = None) -> Days:
    """Reads "End of March", this year's, or next year's when March is past."""
    index = month_of(month)
    if year is not None and year not in YEARS:
        yield Not(Why.IMPOSSIBLE, "There is no such year.")
        return
    yield last_of(year or ctx.base.year + (index < ctx.base.month), index)


def end_of_year(ctx: Context, years: int) -> Days:
    """31 December."""
    yield Day(date(ctx.today.year + years, 12, 31))


def end_of_week(ctx: Context, weeks: int) -> Days:
    """Friday, Saturday or Sunday, as people count: asked."""
    monday = ctx.today - timedelta(days=ctx.today.weekday()) + weeks * _WEEK
    for index in (4, 5, 6):
        yield Day(monday + timedelta(days=index), sure=False)


RULES: Final[Mapping[str, Callable[..., Iterable[Any]]]] = {
    "next_day": lambda ctx, _word: [Day(ctx.base + timedelta(days=1))],
    "today": lambda ctx, *_: [Day(ctx.today)],
    "tomorrow": lambda ctx, _: [Day(ctx.today + timedelta(days=1))],
    "day_after": lambda ctx, _: [Day(ctx.today + timedelta(days=2))],
    "weekday": weekday,
    "coming_weekday": lambda ctx, *words: [
        replace(day, loose=False) for day in weekday(ctx, words[-1]) if isinstance(day, Day)
    ],
    "this_weekday": this_weekday,
    "next_weekday": next_weekday,
    "weekday_of_week": weekday_of_week,
    "week_weekday": lambda ctx, weeks, word: weekday_of_week(ctx, word, weeks),
    "checked": checked,
    "checked_after": lambda ctx, day, name: checked(ctx, name, day),
    "word_and_date": word_and_date,
    "end_of_day": lambda _ctx, *words: [words[-1] if isinstance(words[-1], Day) else words[0]],
    "end_of_month": lambda ctx, *_: end_of_rel(ctx, 0),
    "end_of_rel": lambda ctx, *words: end_of_rel(ctx, words[-1]),
    "end_of_named": lambda ctx, *words: end_of_named(ctx, *(word for word in words if word != "last")),
    "end_of_year": lambda ctx, *_: end_of_year(ctx, 0),
    "end_of_next_year": lambda ctx, *_: end_of_year(ctx, 1),
    "end_of_year_number": lambda _ctx, *words: dated(words[-1], 12, 31),
    "end_of_week": lambda ctx, *_: end_of_week(ctx, 0),
    "end_of_rel_week": lambda ctx, *words: end_of_week(ctx, words[-1]),
    "this_week": lambda *_: [0],
    "next_week": lambda *_: [1],
    "this_month": lambda *_: [0],
    "next_month": lambda *_: [1],
    "month_dom": month_dom,
    "dom_month": lambda ctx, day, month, year=None: month_dom(ctx, month, day, year),
    "year_month_dom": lambda ctx, year, month, day: month_dom(ctx, month, day, year),
    "dom_of_rel": dom_of_rel,
    "dom_alone": dom_alone,
    "two_numbers": two_numbers,
    "day_month_dotted": day_month_dotted,
    "dashed_numbers": dashed_numbers,
    "dotted_or_clock": dotted_or_clock,
    "three_numbers": three_numbers,
    "year_first": year_first,
    "compact": compact,
    "iso_week_day": iso_week_day,
    "dom": lambda _ctx, word: [number(word) if word != "second" else 2],
    "last": lambda *_: [-1],
    "year": lambda _ctx, word: [int(word)] if len(word) == 4 else [],  # noqa: PLR2004 - "27" is no year
}
