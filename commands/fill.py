"""The form: a wish in fields instead of a sentence. What cannot be meant is said of each field by itself.

A form is read once, while Slack waits for it, so that asks no far side. What comes of it is a value: nothing of it is
read again. Who may ask, and what is free, is judged when it is carried out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from commands import zoneless
from commands.desk import Caller, Desk
from commands.lend import understood, unknown_class
from commands.refusals import BadTime, NotANumber, WrongFields
from commands.replies import Reply
from loans import when
from loans.classes import NodeClass
from loans.policy import NoNodes, Refused, TooLong, TooMany, TooShort, may_request
from loans.terms import Terms

_DIGITS = 15
_ANY = timedelta(hours=1)
"""A length that every class allows, to judge a count whose time is not known."""


@dataclass(frozen=True)
class Kept:
    """The time that a form is opened with.

    words   as they stand in the field. While nobody changes them they mean these instants, to the microsecond: no words
            could tell the second, or the first 1:30 of a night from the second one
    """

    words: str
    until: datetime
    starts_at: datetime | None = None


@dataclass(frozen=True)
class Fill:
    """What stands in the fields. kept: what the form was opened with; None when it was empty."""

    count: str
    class_word: str
    until: str
    purpose: str = ""
    kept: Kept | None = None


@dataclass(frozen=True)
class Filled:
    """A form in order. time: what the phrase meant when it was sent, or what it can mean; never a refusal."""

    count: int
    class_word: str
    phrase: str
    time: when.Answer
    purpose: str


def opened_with(terms: Terms, zone: ZoneInfo) -> Fill:
    """Return what stands in the fields of a form that changes a wish."""
    starts_at = terms.starts_at
    begins = _whole_minute_from(starts_at) if starts_at else None
    words = when.written(terms.until, zone, begins)
    return Fill(str(terms.count), terms.node_class, words, terms.purpose, Kept(words, terms.until, starts_at))


def read(form: Fill, caller: Caller, desk: Desk) -> Filled | WrongFields:
    """Read a form; what is wrong with it is said of each field."""
    count, found = _count(form.count), _time(form, desk.now, caller)
    node_class = desk.class_called(form.class_word)
    judged = _judged(caller, node_class, count, _length(found, desk.now)) if node_class else WrongFields()
    wrong_time = BadTime(form.until, found.sentence) if isinstance(found, when.Refused) else judged.until
    if count is None or judged.count or wrong_time:
        return WrongFields(NotANumber(form.count) if count is None else judged.count, wrong_time)
    return Filled(count, form.class_word, form.until, found, form.purpose)


def run(ask: Filled, caller: Caller, desk: Desk) -> Reply:
    """Answer a form as the sentence would be answered."""
    node_class = desk.class_called(ask.class_word)
    if node_class is None:
        return unknown_class(ask.class_word, desk)
    timed = partial(Terms, node_class.name, ask.count, purpose=ask.purpose, channel=caller.channel)
    return understood(timed, ask.phrase, ask.time, caller, desk)


def _time(form: Fill, now: datetime, caller: Caller) -> when.Answer:
    """Return what the time means; words that nobody changed are not read: once it is past 11:12, "11:12" is 23:12."""
    kept, zone = form.kept, caller.tz
    if kept is None or form.until != kept.words:
        if not caller.person.knows_zone and zoneless.is_local(partial(when.read, form.until, now)):
            return when.Refused(zoneless.ASK)
        return when.read(form.until, now, zone)
    if kept.until <= now:
        return when.Refused(f"{when.spelled(kept.until, zone)} is already past.")
    return when.Interval(kept.starts_at, kept.until) if kept.starts_at else when.Deadline(kept.until)


def _whole_minute_from(at: datetime) -> datetime:
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + timedelta(minutes=1)


def _count(word: str) -> int | None:
    digits = word.strip().replace(",", "").replace("_", "")
    sign = digits[:1] if digits[:1] in ("-", "+") else ""
    is_number = digits.removeprefix(sign).isdecimal() and len(digits) <= _DIGITS
    return int(digits) if is_number else None


def _length(found: when.Answer, now: datetime) -> timedelta | None:
    """Return how long the loan would be; None while that is not known."""
    match found:
        case when.Deadline(at) | when.Duration(at=at):
            return at - now
        case when.Interval(start, end):
            return end - start
        case _:
            return None


def _judged(caller: Caller, node_class: NodeClass, count: int | None, span: timedelta | None) -> WrongFields:
    verdict = may_request(caller.person, node_class.rules, 1 if count is None else count, span or _ANY)
    reasons = verdict.reasons if isinstance(verdict, Refused) else ()
    return WrongFields(
        next((why for why in reasons if isinstance(why, NoNodes | TooMany)), None),
        next((why for why in reasons if isinstance(why, TooLong | TooShort)), None) if span else None,
    )
