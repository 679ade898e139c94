"""The form: a wish in fields instead of a sentence. What cannot be meant is said of each field by itself.

Pure but for the answer to a form that is in order: errors() is asked while Slack waits, so it asks no far side.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from commands.desk import Caller, Desk
from commands.lend import understood, unknown_class
from commands.replies import BadTime, NotANumber, Reply, WrongFields
from loans import when
from loans.classes import NodeClass
from loans.policy import NoNodes, Refused, TooLong, TooMany, TooShort, may_request
from loans.terms import Terms

_DIGITS = 15
_ANY = timedelta(hours=1)
"""A length that every class allows, to judge a count whose time is not known."""


@dataclass(frozen=True)
class Fill:
    """What was filled in, as it stands in the fields."""

    count: str
    class_word: str
    until: str
    purpose: str = ""


def filled(terms: Terms, zone: ZoneInfo) -> Fill:
    """Return a wish as its form shows it: the time in words that mean the same when they are read again."""
    until = f"until {_spoken(terms.until, zone)}"
    starts_at = terms.starts_at
    if starts_at is not None:
        whole = starts_at.replace(second=0, microsecond=0)
        begins = whole if whole == starts_at else whole + timedelta(minutes=1)
        until = f"from {_spoken(begins, zone)} {until}"
    return Fill(str(terms.count), terms.node_class, until, terms.purpose)


def errors(ask: Fill, caller: Caller, desk: Desk) -> WrongFields | None:
    """Return what is wrong with a form; None when nothing is. Who may ask, and what is free, is judged later."""
    count = _count(ask.count)
    found = when.read(ask.until, desk.now, caller.tz)
    node_class = desk.class_called(ask.class_word)
    judged = _judged(caller, node_class, count, _length(found, desk.now)) if node_class else WrongFields()
    wrong_count = NotANumber(ask.count) if count is None else judged.count
    wrong_time = BadTime(ask.until, found.sentence) if isinstance(found, when.Refused) else judged.until
    return WrongFields(wrong_count, wrong_time) if wrong_count or wrong_time else None


def run(ask: Fill, caller: Caller, desk: Desk) -> Reply:
    """Answer a form as the sentence would be answered."""
    node_class = desk.class_called(ask.class_word)
    if node_class is None:
        return unknown_class(ask.class_word, desk)
    wrong, count = errors(ask, caller, desk), _count(ask.count)
    if wrong is not None or count is None:
        return wrong or WrongFields(NotANumber(ask.count))
    terms = Terms(node_class.name, count, desk.now, None, ask.purpose, caller.channel)
    return understood(terms, ask.until, when.read(ask.until, desk.now, caller.tz), caller, desk)


def _spoken(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y %H:%M}"


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
