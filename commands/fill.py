"""The form: a wish in fields instead of a sentence. What cannot be meant is said of each field by itself.

A form is read once, while Slack waits for it, so that asks no far side. What comes of it is a value: nothing of it is
read again. Who may ask, and what is free, is judged when it is carried out.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from commands import zoneless
from commands.desk import Caller, Desk
from commands.english import NUMBERS
from commands.lend import understood, unknown_class
from commands.refusals import BadTime, NotANumber, WrongFields
from commands.replies import Reply
from loans import when
from loans.classes import NodeClass
from loans.policy import NoNodes, Refused, TooLong, TooMany, TooShort, may_request
from loans.terms import Terms

_DIGITS = 15
_EVENING, _FRIDAY = 18, 4
"""When a day's work ends, and a week's; judged by who asked for it."""
NONE = "none"
"""The quick choice that is none."""
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
    """What stands in the fields.

    kept           what the form was opened with; None when it was empty
    quick          the words of a quick choice
    starts, ends   what was picked, in seconds of Unix's; empty when nothing was
    """

    count: str
    class_word: str
    until: str
    purpose: str = ""
    kept: Kept | None = None
    quick: str = ""
    starts: str = ""
    ends: str = ""


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


def quick(now: datetime, tz: str) -> list[tuple[str, str]]:
    """Return the times that many ask for: (label, words) each. tz: empty when it is not known."""
    choices = [("For 2 hours", "for 2 hours")]
    if tz:
        zone = ZoneInfo(tz)
        today = now.astimezone(zone).replace(hour=_EVENING, minute=0, second=0, microsecond=0, fold=0)
        friday = today + timedelta(days=(_FRIDAY - today.weekday()) % 7)
        friday += timedelta(days=7 if friday <= now else 0)
        if today > now:
            choices.append((f"Until today {today:%H:%M}", when.written(today, zone)))
        if friday != today:
            choices.append((f"Until {friday:%a} {friday.day} {friday:%b %H:%M}", when.written(friday, zone)))
    return choices


def _time(form: Fill, now: datetime, caller: Caller) -> when.Answer:
    """Return what the time means, however it was given: in words, chosen or picked; twice is once too often.

    What nobody has touched is not read: once it is past 11:12, "11:12" is 23:12.
    """
    kept = form.kept
    typed = form.until if kept is None or form.until != kept.words else ""
    said = [words for words in (typed, form.quick if form.quick != NONE else "") if words]
    starts = _picked(form.starts, kept.starts_at if kept else None)
    ends = _picked(form.ends, kept.until if kept else None)
    if len(said) + (ends is not None) > 1:
        return when.Refused("The end is given twice. Leave one: the words, the choice or the picked one.")
    if said:
        return _in_words(said[0], starts, now, caller)
    until = ends or (kept.until if kept else None)
    if until is None:
        return when.Refused("When does it end? Write it, choose it or pick it.")
    return _between(starts or (kept.starts_at if kept else None), until, now, caller.tz, is_picked=starts is not None)


def _in_words(words: str, starts: datetime | None, now: datetime, caller: Caller) -> when.Answer:
    """Return what words mean as of a start that was picked, or as of now."""
    since, zone = starts or now, caller.tz
    if not caller.person.knows_zone and zoneless.is_local(partial(when.read, words, since)):
        return when.Refused(zoneless.ASK)
    found = when.read(words, since, zone)
    match found:
        case _ if starts is None:
            return found
        case when.Deadline(at) | when.Duration(at=at):
            return _between(starts, at, now, zone, is_picked=True)
        case when.Ask(readings, guess) if all(one.start is None for one in readings):
            return when.Ask(tuple(when.reading(one.at, now, zone, starts) for one in readings), guess)
        case when.Refused():
            return found
        case _:
            return when.Refused("The start is given twice. Leave one: the words or the picked one.")


def _between(
    starts: datetime | None, until: datetime, now: datetime, zone: ZoneInfo, *, is_picked: bool
) -> when.Answer:
    if until <= now:
        return when.Refused(f"{when.spelled(until, zone)} is already past.")
    if starts is None:
        return when.Deadline(until)
    if is_picked and starts <= now:
        return when.Refused(f"{when.spelled(starts, zone)} is already past. Leave the start empty to start now.")
    return when.Interval(starts, until) if starts < until else when.Refused("It would end before it starts.")


def _picked(field: str, before: datetime | None) -> datetime | None:
    """Return what a picker was set to; None while it shows what the form was opened with."""
    if not field.isdecimal() or (before is not None and int(field) == int(before.timestamp())):
        return None
    return datetime.fromtimestamp(int(field), UTC)


def _whole_minute_from(at: datetime) -> datetime:
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + timedelta(minutes=1)


def _count(word: str) -> int | None:
    word = str(NUMBERS.get(word.strip().lower(), word))
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
