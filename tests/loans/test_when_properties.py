"""What holds for every phrase, at every moment, in every zone."""

from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lark import Lark, Token
from lark.exceptions import UnexpectedInput

from loans.when import Answer, Ask, Deadline, Duration, Interval, Refused, read, reader, spelled
from loans.when.reader import Node, derive
from loans.when.words import MAX_CHARS, UnknownWord, Words, tidy
from tests.moment import MOMENTS

ZONES = [
    UTC,
    *map(ZoneInfo, ["America/New_York", "Europe/Berlin", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe"]),
]
WORDS = """
until by before from to for in within at on the of a an and next this last end day week month year hours
minutes days weeks m h friday monday sunday today tomorrow tonight noon midnight morning evening half quarter
past couple now eod march dec 5 12 31 2027 1st second third twenty 3pm 12am 17:30 9:05 24:00 11/12 2027-02-30
1.5 2h30 - , est utc+2 ist + about latest more another few over 5p 9a fridays following working-day or 12-24
2-00:00:00 asap last
""".split()  # noqa: SIM905 - it reads as the phrases it makes

PLAIN_PARSER = Lark(
    Path(reader.__file__).with_name("grammar.lark").read_text(), parser="earley", lexer=Words, ambiguity="explicit"
)

moments = st.datetimes(datetime(1971, 1, 1), datetime(2099, 1, 1), timezones=st.sampled_from(ZONES)) | st.sampled_from(  # noqa: DTZ001
    list(MOMENTS.values())
)
zones = st.sampled_from(ZONES)
phrases = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)


def instants(answer: Answer) -> list[datetime]:
    """The ends of everything the answer offers."""
    match answer:
        case Deadline(at) | Duration(_, at) | Interval(_, at):
            return [at]
        case Ask(readings):
            return [reading.at for reading in readings]
        case Refused():
            return []


def holds(answer: Answer, now: datetime) -> None:
    """An answer ends after now, starts no earlier than now, and a refusal has a sentence."""
    for at in instants(answer):
        assert at.utcoffset() is not None
        assert at.astimezone(UTC) > now.astimezone(UTC)
    match answer:
        case Refused(sentence):
            assert sentence.endswith(".")
        case Interval(start, end):
            assert now.astimezone(UTC) <= start.astimezone(UTC) < end.astimezone(UTC)
        case Ask(readings):
            assert readings
            assert len({(one.start, one.at.astimezone(UTC)) for one in readings}) == len(readings)


@settings(deadline=None, max_examples=25)
@given(st.text(max_size=MAX_CHARS + 10), moments, zones)
@example("\ud800", datetime(2026, 11, 24, tzinfo=UTC), UTC)
@example("5² days", datetime(2026, 11, 24, tzinfo=UTC), UTC)
def test_no_text_raises(phrase: str, now: datetime, tz: tzinfo) -> None:
    """Whatever somebody types, there is an answer and no traceback."""
    holds(read(phrase, now, tz), now)


@settings(deadline=None, max_examples=80)
@given(phrases, moments, zones)
def test_no_combination_of_known_words_raises_or_ends_in_the_past(phrase: str, now: datetime, tz: tzinfo) -> None:
    """Words we do know, in orders nobody thought of, in the nights when clocks change."""
    holds(read(phrase, now, tz), now)


@settings(deadline=None, max_examples=25)
@given(moments, zones, st.timedeltas(timedelta(minutes=1), timedelta(days=3000)))
def test_what_we_spell_we_read_back_as_the_same_minute(now: datetime, tz: tzinfo, ahead: timedelta) -> None:
    """A person may paste our own words back."""
    at = (now.astimezone(UTC) + ahead + timedelta(minutes=1)).replace(second=0, microsecond=0)
    answer = read(f"until {spelled(at, tz)}", now, tz)
    assert isinstance(answer, Deadline)
    assert answer.at.astimezone(UTC) == at


@settings(deadline=None, max_examples=25)
@given(moments, zones, st.integers(1, 500))
def test_a_number_of_hours_is_elapsed_time(now: datetime, tz: tzinfo, hours: int) -> None:
    """A clock change neither lengthens nor shortens what was asked in hours."""
    answer = read(f"for {hours} hours", now, tz)
    assert isinstance(answer, Duration)
    assert answer.at.astimezone(UTC) - now.astimezone(UTC) == answer.span == timedelta(hours=hours)


@settings(deadline=None, max_examples=25)
@given(moments, zones, st.integers(1, 400))
def test_a_number_of_days_keeps_the_clock_or_asks(now: datetime, tz: tzinfo, days: int) -> None:
    """The same time of day so many days on; in a night that skips or repeats it, a question."""
    answer = read(f"in {days} days", now, tz)
    assert not isinstance(answer, Refused)
    if isinstance(answer, Deadline):
        local = now.astimezone(tz)
        assert answer.at.time() == local.time()
        assert answer.at.date() - local.date() == timedelta(days=days)


@settings(deadline=None, max_examples=25)
@given(moments, zones, st.sampled_from(["friday", "monday", "sunday"]))
def test_a_weekday_is_the_nearest_or_asked(now: datetime, tz: tzinfo, weekday: str) -> None:
    """It is within a week, on that weekday, and asked exactly when that is today."""
    answer = read(f"until {weekday}", now, tz)
    today = now.astimezone(tz)
    if today.time() < datetime(2000, 1, 1, 23, 58).time():  # noqa: DTZ001 - a time of day
        assert isinstance(answer, Ask) == (f"{today:%A}".lower() == weekday) or _gap(answer)
    for at in instants(answer):
        assert f"{at:%A}".lower() == weekday or _gap(answer)


@settings(deadline=None, max_examples=25)
@given(phrases)
@example("from 4pm to 5pm tomorrow")
@example("2 hours and 10 minutes before 5pm")
def test_our_quick_parser_derives_what_lark_alone_derives(phrase: str) -> None:
    """We leave out rules and predictions; a derivation lost that way would be a reading nobody is asked about."""
    text = tidy(phrase)
    try:
        expected = _shape(PLAIN_PARSER.parse(text))
    except (UnexpectedInput, UnknownWord):
        with pytest.raises((UnexpectedInput, UnknownWord)):
            derive(text)
    else:
        assert _shape(derive(text)) == expected


def _shape(node: Node) -> object:
    """A derivation whose alternatives have no order."""
    if isinstance(node, Token):
        return str(node)
    children = [_shape(child) for child in node.children]
    return (node.data, frozenset(children) if node.data == "_ambig" else tuple(children))


def _gap(answer: Answer) -> bool:
    """Samoa left out a Friday in 2011, and the answer says so."""
    return isinstance(answer, Ask) and any("clocks" in reading.say for reading in answer.readings)
