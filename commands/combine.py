"""A time, and the other time words of the same sentence: what they mean together, or what has to be asked.

`for tomorrow until 5pm` is tomorrow at five. `until 6pm for 3 days` is three things, and asked. Nothing is chosen here
that a person could mean otherwise.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

from loans import when
from loans.when.parts import Part, parts

_LEAD: Final = re.compile(r"(?:until|till|til|'til|by|before|for|from|on|at|up to|no later than)\s+", re.IGNORECASE)
_DAY_UNTIL: Final = re.compile(r"(?P<day>.+?)\s+(?:until|till|til)\s+(?P<clock>.+)", re.IGNORECASE)
_MAY_BEGIN: Final = re.compile(r"(?:by|before|in)\b", re.IGNORECASE)
"""How a time is said that is when nodes are needed, to one, and when they go home, to another."""
_SAYS_END: Final = re.compile(
    r"^(?:until|till|til|'til|for|up to|through|thru|no later|within|in|over|the next|next \d)\b|^\+|"
    r"\b(?:by|before|end|eo[dmwy]|cob|close|later|latest|from now)\b",
    re.IGNORECASE,
)
"""How a time is said that can only be an end."""
_DAY, _CLOCK, _LENGTH = (frozenset({part}) for part in (Part.DAY, Part.CLOCK, Part.LENGTH))
_SAID_AS_END: Final = re.compile(r"(?:until|till|til|'til|through|thru|no later than)\b", re.IGNORECASE)
_MOST: Final = 5
_AT_WHAT_TIME: Final = when.Refused(
    'At what time of that day does it start? Say it like "from Thursday 9am for 2 hours".'
)
_SEVERAL: Final = when.Refused(
    'That names several times, and a loan is one stretch of time. Ask for each by itself, like "from Monday 9am until '
    'Monday 5pm".'
)


@dataclass(frozen=True)
class Heard:
    """The time of a sentence, and what it means by itself.

    is_for    only "for" stands before it: "for tomorrow until 5pm"
    is_loose  other time words stand beside it that are no part of a purpose
    is_sure   False when words follow it that nothing introduces: they are the purpose, if the person says so
    """

    phrase: str
    answer: when.Answer
    is_for: bool = False
    is_sure: bool = True
    is_loose: bool = False


def together(heard: Heard, others: Sequence[str], now: datetime, tz: tzinfo) -> when.Answer:
    """Return what a time means beside the other time words of its sentence."""
    read = _Reader(now, tz)
    answer = _with(heard, others, read) if others else _alone(heard, read)
    return answer if heard.is_sure else read.asked((answer,))


def asked(answers: Iterable[when.Answer], now: datetime, tz: tzinfo) -> when.Answer:
    """Return the question between all that several answers mean; a refusal when none of them means anything."""
    found = tuple(answers)
    if all(isinstance(each, when.Refused) for each in found):
        return found[0]
    return _Reader(now, tz).asked(found)


@dataclass(frozen=True)
class _Reader:
    """Reads phrases as of one moment."""

    now: datetime
    tz: tzinfo

    def __call__(self, phrase: str) -> when.Answer:
        return when.read(phrase, self.now, self.tz)

    def readings(self, answer: when.Answer) -> tuple[when.Reading, ...]:
        """Return what an answer can mean, each as it would be asked."""
        match answer:
            case when.Refused():
                return ()
            case when.Ask(readings):
                return readings
            case when.Interval(start, end):
                return (when.reading(end, self.now, self.tz, start),)
            case when.Deadline(at) | when.Duration(at=at):
                return (when.reading(at, self.now, self.tz),)

    def whole_days(self, answer: when.Answer) -> Iterator[when.Answer]:
        """Yield the whole day of each day at whose end an answer is."""
        for one in self.readings(answer):
            day = f"{one.at.astimezone(self.tz):%Y-%m-%d}"
            yield self(f"from {day} 00:00 until {day} 23:59")

    def asked(self, answers: Iterable[when.Answer]) -> when.Answer:
        """Return the question between all that these mean."""
        readings = {(one.at, one.start): one for answer in answers for one in self.readings(answer)}
        kept = tuple(sorted(readings.values(), key=lambda one: (one.at, one.start is not None)))
        return when.Ask(kept) if len(kept) <= _MOST else _SEVERAL


def _alone(heard: Heard, read: _Reader) -> when.Answer:
    """A day that is only named may be the last one or the only one."""
    phrase = heard.phrase
    if _MAY_BEGIN.match(phrase) and any(one.start is None for one in read.readings(heard.answer)):
        return when.Refused(
            f'Is "{phrase}" when you need them, or when they go home? Say "until Friday 18:00" for the end, or '
            f'"from Monday 9am until Wednesday" for both.',
            is_read=True,
        )
    if parts(phrase) == _DAY | _LENGTH and _is_hours(heard.answer):
        return _AT_WHAT_TIME
    halves = None if _LEAD.match(phrase) else _DAY_UNTIL.fullmatch(phrase)
    if halves and parts(halves["day"]) == _DAY and parts(halves["clock"]) == _CLOCK:
        until = read(f"until {halves['day']} {halves['clock']}")
        return until if heard.is_for else read.asked((until, heard.answer))
    is_on = phrase.lower().startswith("on ")
    if not isinstance(heard.answer, when.Deadline | when.Ask) or (_SAYS_END.search(phrase) and not is_on):
        return heard.answer
    name = _bare(phrase)
    if parts(name) == _DAY and all(one.start is None for one in read.readings(heard.answer)):
        return read.asked((heard.answer, *read.whole_days(heard.answer)))
    return read.asked((heard.answer,))


def _with(heard: Heard, others: Sequence[str], read: _Reader) -> when.Answer:
    """One other word is combined, where that has one reading; several are asked."""
    if len(others) > 1:
        if heard.is_loose:
            return _SEVERAL
        return read.asked((heard.answer, *(read(other) for other in others)))
    other = _bare(others[0])
    if heard.is_loose and parts(heard.phrase) == parts(other) == _DAY and not _agrees(heard.answer, other, read):
        return _SEVERAL
    if _agrees(heard.answer, other, read):
        return heard.answer
    whole = _only_reading(heard, other, read)
    if not isinstance(whole, when.Refused):
        return whole
    if parts(heard.phrase) == _LENGTH and parts(other) == _DAY and _is_hours(heard.answer):
        return _AT_WHAT_TIME
    several = [*_several(heard, others[0], read)]
    if heard.is_loose and not any(read.readings(each) for each in several if each != heard.answer):
        return when.Refused(f'I read "{heard.phrase}" and "{others[0]}", and can\'t tell what they mean together.')
    return read.asked(several)


def _agrees(answer: when.Answer, other: str, read: _Reader) -> bool:
    """Whether the other word names the very day on which the time starts or ends."""
    named = read(other)
    if parts(other) != _DAY or not isinstance(named, when.Deadline):
        return False
    match answer:
        case when.Deadline(at):
            return named.at.date() == at.date()
        case when.Interval(start, end):
            return named.at.date() in {start.date(), end.date()}
        case _:
            return False


def _only_reading(heard: Heard, other: str, read: _Reader) -> when.Answer:
    """Return what both mean, where it is one thing; Refused where it is not."""
    bare = _bare(heard.phrase)
    match parts(heard.phrase), parts(other):
        case (kinds, of) if kinds == _CLOCK and of == _DAY:
            is_stretch = isinstance(heard.answer, when.Interval) or re.search(r"\b(?:from|between)\b", heard.phrase)
            return read(f"{other} {heard.phrase}" if is_stretch else f"until {other} {bare}")
        case (kinds, of) if kinds == _LENGTH and of == _DAY | _CLOCK:
            return read(f"from {other} for {bare}")
        case (kinds, of) if kinds == _DAY | _CLOCK and of == _LENGTH and not _SAYS_END.search(heard.phrase):
            return read(f"from {bare} for {other}")
        case _:
            return when.Refused("")


def _several(heard: Heard, said: str, read: _Reader) -> Iterator[when.Answer]:
    """Yield everything that the two can mean: each is asked. A day that was said as the end is among them."""
    bare, other = _bare(heard.phrase), _bare(said)
    if _SAID_AS_END.match(said) and Part.DAY in parts(other):
        yield read(said)
    kinds, of = parts(heard.phrase), parts(other)
    if kinds == _CLOCK and of == _LENGTH:
        yield from (read(f"until in {other} {bare}"), read(f"for {other}"), read(f"from {bare} for {other}"))
        return
    yield heard.answer
    if kinds == of == _LENGTH:
        yield read(f"for {other}")
    elif kinds == _LENGTH:
        yield read(f"from {other} for {bare}")
        yield read(f"until in {bare} {other}")
    elif of == _LENGTH:
        yield read(f"for {other}")
    else:
        yield read(f"until {bare} {other}")
        yield read(f"from {other} until {bare}")


def _is_hours(answer: when.Answer) -> bool:
    day = timedelta(days=1)
    match answer:
        case when.Duration(span):
            return span < day
        case when.Interval(start, end):
            return end - start < day
        case _:
            return False


def _bare(phrase: str) -> str:
    return _LEAD.sub("", phrase, count=1)
