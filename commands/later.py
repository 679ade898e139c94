"""A later deadline: what words mean to somebody who has one already.

A length comes on top of the present deadline, and so do weekdays, dates and hours: "to Monday" of a loan that ends on
Wednesday is the Monday after. "In 2 days" is said of now and of the deadline: both are asked. Pure.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final

from loans import when
from loans.when.parts import Part, parts

_MOMENT: Final = re.compile(r"^(?:until|till|til)\b|\bfrom now\b", re.IGNORECASE)
"""A moment that is named by its distance from now."""
_EITHER: Final = re.compile(r"^(?:in|within|over)\s+", re.IGNORECASE)

_DATED: Final = re.compile(
    r"\b(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\b|\d[/.-]\d|\d{8}", re.IGNORECASE
)
"""A date of the calendar is the coming one, wherever the deadline lies: of one before it nobody means next year's."""


@dataclass(frozen=True)
class Ends:
    """The deadlines that a phrase can mean, at least one, soonest first. guess: the phrase with its spelling mended."""

    at: tuple[datetime, ...]
    guess: str | None = None


def ends(phrase: str, until: datetime, now: datetime, tz: tzinfo) -> Ends | when.Refused:
    """Return every later deadline that a phrase can mean.

    until    the present deadline
    returns  an earlier one only where it can mean nothing later: it is refused by who knows the rules
    """
    found = [*_readings(phrase, until, now, tz)]
    answers = [each for each in found if not isinstance(each, when.Refused)]
    if not answers:
        plain = when.read(phrase, now, tz)
        if isinstance(plain, when.Refused):
            return next((each for each in found if isinstance(each, when.Refused) and each.is_read), plain)
        answers = [plain]
    times = {at.astimezone(UTC): at for answer in answers for at in _times(answer)}
    later = {instant: at for instant, at in times.items() if at > until} or times
    guess = next((each.guess for each in answers if isinstance(each, when.Ask) and each.guess), None)
    return Ends(tuple(at for _, at in sorted(later.items())), guess)


def _readings(phrase: str, until: datetime, now: datetime, tz: tzinfo) -> Iterator[when.Answer]:
    """Yield what the words mean, as of now and as of the deadline."""
    if Part.LENGTH not in parts(phrase):
        is_dated = _DATED.search(phrase) or until <= now
        yield when.read(phrase, now, tz, after=None if is_dated else until)
        return
    if _MOMENT.search(phrase):
        yield when.read(phrase, now, tz)
        return
    if _EITHER.match(phrase):
        yield when.read(phrase, now, tz)
    yield when.read(phrase, until, tz)


def _times(answer: when.Answer) -> Iterator[datetime]:
    match answer:
        case when.Ask(readings):
            yield from (each.at for each in readings)
        case when.Deadline(at) | when.Duration(at=at) | when.Interval(end=at):
            yield at
        case when.Refused():
            return
