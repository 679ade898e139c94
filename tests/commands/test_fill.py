"""The form: what a preview holds is shown in words that mean the same, and each error stands under its field."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.views.actions import FormRef
from commands import drafts
from commands.fill import Fill, Filled, opened_with, quick, read
from commands.lend import Settle, SignOff
from commands.refusals import BadTime, NotANumber, StaleDraft, UnknownClass, WrongFields
from commands.replies import Preview, Requested, WhichTime
from loans import when
from loans.policy import NoNodes, TooLong, TooMany
from loans.terms import Terms
from tests.commands.counter import APPROVER, REQUESTER, Counter
from tests.moment import MOMENT, SITE_ZONE

MINUTE = timedelta(minutes=1)
ahead = st.timedeltas(min_value=timedelta(minutes=10), max_value=timedelta(days=300))
allowed = st.timedeltas(min_value=timedelta(hours=1), max_value=timedelta(days=10))
"""Lengths that the class allows."""


TWICE = datetime(2026, 11, 1, 1, 30, 7, tzinfo=SITE_ZONE)
"""A moment of the hour that New York's clocks show twice."""


def reads_to(form: Fill, counter: Counter, now: datetime = MOMENT) -> Filled | WrongFields:
    return read(form, REQUESTER, replace(counter.desk, now=now))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(allowed, st.none() | ahead)
def test_who_changes_the_count_alone_keeps_the_time_to_the_microsecond(
    counter: Counter, span: timedelta, begins: timedelta | None
) -> None:
    """The words of the field are for people; what they stand for goes through Slack and back as it is."""
    starts_at = MOMENT + begins if begins else None
    until = (starts_at or MOMENT) + span
    form = opened_with(Terms("gpu", 2, until, starts_at, "FastML"), SITE_ZONE)
    carried = FormRef.parse(FormRef("UTC", kept=form.kept).value).kept
    found = reads_to(replace(form, count="3", kept=carried), counter)
    assert isinstance(found, Filled)
    assert found.time == (when.Interval(starts_at, until) if starts_at else when.Deadline(until))


@pytest.mark.parametrize("fold", [0, 1])
def test_an_hour_that_the_clock_shows_twice_is_kept_apart(counter: Counter, fold: int) -> None:
    """On the night when clocks go back, who changes the count is neither asked nor given another hour."""
    until = TWICE.replace(fold=fold).astimezone(UTC)
    terms = Terms("gpu", 2, until, None, "")
    form = replace(opened_with(terms, SITE_ZONE), count="3")
    found = reads_to(form, counter, until - timedelta(days=1))
    assert isinstance(found, Filled)
    assert (found.count, found.time) == (3, when.Deadline(until))


ZONES = [
    ZoneInfo(name) for name in ("America/Indiana/Indianapolis", "America/Havana", "Europe/Berlin", "Asia/Kathmandu")
]
CHANGES = [datetime.fromisoformat(at) for at in ("2026-11-01 06:00Z", "2027-03-14 07:00Z", "2027-10-31 01:00Z")]
moments = st.builds(
    lambda since, minutes: since + timedelta(minutes=minutes),
    st.sampled_from(CHANGES),
    st.integers(-1500, 1500) | st.integers(0, 700_000),
)
"""Any moment, and those about which clocks change, in UTC."""


@settings(max_examples=150, deadline=None)
@given(moments, st.sampled_from(ZONES), allowed | ahead, st.none() | ahead)
def test_the_words_of_a_form_have_one_reading_the_instants_they_were_made_from(
    moment: datetime, zone: ZoneInfo, span: timedelta, begins: timedelta | None
) -> None:
    """Who changes the hour alone need not write the day again, nor is asked what the form itself has written."""
    starts_at = moment + begins if begins else None
    until = (starts_at or moment) + span
    words = opened_with(Terms("gpu", 8, until, starts_at, "FastML"), zone).until
    match when.read(words, moment, zone):
        case when.Deadline(at):
            assert starts_at is None
            assert timedelta() <= until - at.astimezone(UTC) < MINUTE
        case when.Interval(start, end):
            assert starts_at is not None
            assert timedelta() <= start.astimezone(UTC) - starts_at < MINUTE
            assert timedelta() <= until - end.astimezone(UTC) < MINUTE
        case other:
            raise AssertionError(words, other)


@pytest.mark.parametrize(
    ("start", "until", "words"),
    [
        (None, "2026-11-27 18:00-05:00", "until Fri 27 Nov 2026 18:00"),
        (
            "2028-03-11 11:00-05:00",
            "2028-03-12 12:00-04:00",
            "from Sat 11 Mar 2028 11:00 am until Sun 12 Mar 2028 12:00 pm",
        ),
        (None, "2026-11-28 00:00-05:00", "until Fri 27 Nov 2026 24:00"),
        (None, "2026-11-01 01:30-05:00", "until Sun 1 Nov 2026 01:30 EST (UTC-5)"),
    ],
)
def test_am_and_pm_midnight_and_the_hour_that_comes_twice_are_written_out(
    start: str | None, until: str, words: str
) -> None:
    """Only where an hour could be two, so that the words stay short."""
    starts_at = datetime.fromisoformat(start) if start else None
    terms = Terms("gpu", 2, datetime.fromisoformat(until), starts_at, "")
    assert opened_with(terms, SITE_ZONE).until == words


def test_a_time_that_is_over_while_the_form_is_open_is_refused_under_its_field(counter: Counter) -> None:
    """A form that was left open over lunch asks for nothing that has ended."""
    form = opened_with(Terms("gpu", 2, MOMENT + timedelta(hours=1), None, ""), SITE_ZONE)
    found = reads_to(form, counter, MOMENT + timedelta(hours=2))
    assert isinstance(found, WrongFields)
    assert isinstance(found.until, BadTime)


def sent(counter: Counter, form: Fill) -> Any:
    """Send a form that is in order, and return what is answered."""
    found = read(form, REQUESTER, counter.desk)
    assert isinstance(found, Filled), found
    return counter.do(found)


def test_a_changed_wish_is_previewed_anew(counter: Counter) -> None:
    """Count, time and purpose as filled in; nothing is asked for before it is signed off."""
    counter.say("lend 2 gpu nodes to k8s for 3 days for a demo")
    answer = sent(counter, Fill("3", "gpu", "for 2 days", "a longer demo"))
    assert isinstance(answer, Preview)
    assert (answer.choice.wished, answer.purpose) == (3, "a longer demo")
    assert counter.loans() == 0
    assert isinstance(counter.do(SignOff(answer.draft)), Requested)


def test_a_purpose_in_the_form_is_never_read_as_a_time(counter: Counter) -> None:
    """The fields are apart, so nothing is guessed: "for 2 hours of testing" is what it is for."""
    answer = sent(counter, Fill("2", "gpu", "for 2 days", "for 2 hours of testing until Friday"))
    assert isinstance(answer, Preview)
    assert answer.purpose == "for 2 hours of testing until Friday"
    assert answer.until - counter.now > timedelta(days=1)


def test_a_two_way_time_in_the_form_is_asked_back(counter: Counter) -> None:
    """A form is no reason to guess a deadline."""
    assert isinstance(sent(counter, Fill("2", "gpu", "until tomorrow at 5")), WhichTime)


@pytest.mark.parametrize(
    ("fields", "wrong_count", "wrong_time"),
    [
        (("plenty", "gpu", "for 3 days"), NotANumber, None),
        (("2.5", "gpu", "for 3 days"), NotANumber, None),
        (("\u00b2", "gpu", "for 3 days"), NotANumber, None),
        (("9" * 40, "gpu", "for 3 days"), NotANumber, None),
        (("0", "gpu", "for 3 days"), NoNodes, None),
        (("-3", "gpu", "for 3 days"), NoNodes, None),
        (("1,000,000", "gpu", "for 3 days"), TooMany, None),
        (("2", "gpu", "until the cows come home"), None, BadTime),
        (("2", "gpu", "until 1 January 2020"), None, BadTime),
        (("2", "gpu", "for 300 days"), None, TooLong),
        (("none", "gpu", "whenever"), NotANumber, BadTime),
    ],
)
def test_each_error_stands_under_its_field(
    counter: Counter, fields: tuple[str, str, str], wrong_count: type | None, wrong_time: type | None
) -> None:
    """Whoever filled in a form mends it there."""
    found = read(Fill(*fields), REQUESTER, counter.desk)
    assert isinstance(found, WrongFields)
    assert (type(found.count), type(found.until)) == (wrong_count or type(None), wrong_time or type(None))


def test_a_form_in_order_has_no_errors(counter: Counter) -> None:
    """A class that is gone is answered in words: its field is a choice, and there is nothing to mend in it."""
    assert isinstance(read(Fill("2", "gpu", "for 3 days"), REQUESTER, counter.desk), Filled)
    assert isinstance(read(Fill("+2", "gpu", "from tomorrow 8am until tomorrow 6pm"), REQUESTER, counter.desk), Filled)
    assert isinstance(sent(counter, Fill("2", "tpu", "for 3 days")), UnknownClass)


def test_a_preview_is_changed_by_its_asker_alone(counter: Counter) -> None:
    """Nobody reads another's wish through a forwarded button."""
    preview = counter.say("lend 2 gpu nodes to k8s for 3 days")
    assert isinstance(preview, Preview)
    assert isinstance(counter.do(Settle(preview.draft)), Preview)
    assert drafts.terms(preview.draft, APPROVER, counter.desk) == StaleDraft(theirs=False)
    assert drafts.terms("99", REQUESTER, counter.desk) == StaleDraft(strange=True)


def seconds(at: datetime) -> str:
    return str(int(at.timestamp()))


LATER = MOMENT.replace(second=0) + timedelta(hours=5)
PICKED, ENDS = seconds(LATER), seconds(LATER + timedelta(hours=3))


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        (Fill("2", "gpu", "", ends=ENDS), when.Deadline(LATER + timedelta(hours=3))),
        (Fill("2", "gpu", "", starts=PICKED, ends=ENDS), when.Interval(LATER, LATER + timedelta(hours=3))),
        (Fill("2", "gpu", "for 3 hours", starts=PICKED), when.Interval(LATER, LATER + timedelta(hours=3))),
        (Fill("2", "gpu", "", quick="for 3 hours", starts=PICKED), when.Interval(LATER, LATER + timedelta(hours=3))),
        (Fill("two", "gpu", "", quick="none", ends=ENDS), when.Deadline(LATER + timedelta(hours=3))),
    ],
)
def test_a_time_is_written_chosen_or_picked(counter: Counter, form: Fill, wanted: when.Answer) -> None:
    """Whoever would rather not write a time picks it; a picked start is where the words count from."""
    found = reads_to(form, counter)
    assert isinstance(found, Filled), found
    assert (found.count, found.time) == (2, wanted)


@pytest.mark.parametrize(
    ("form", "says"),
    [
        (Fill("2", "gpu", "for 3 hours", ends=ENDS), "given twice"),
        (Fill("2", "gpu", "for 3 hours", quick="for 2 hours"), "given twice"),
        (Fill("2", "gpu", "from tomorrow 9am until tomorrow 5pm", starts=PICKED), "given twice"),
        (Fill("2", "gpu", "", starts=PICKED), "When does it end?"),
        (Fill("2", "gpu", "", starts=ENDS, ends=PICKED), "before it starts"),
        (Fill("2", "gpu", "", ends=seconds(MOMENT - MINUTE)), "already past"),
    ],
)
def test_a_time_that_is_given_twice_or_not_is_said_under_its_field(counter: Counter, form: Fill, says: str) -> None:
    """Nothing that was filled in is dropped in silence."""
    found = reads_to(form, counter)
    assert isinstance(found, WrongFields)
    assert isinstance(found.until, BadTime)
    assert says in found.until.sentence


def test_a_picker_that_nobody_moved_changes_nothing(counter: Counter) -> None:
    """Slack sends back what the picker was opened with: the words that were changed are what counts."""
    until = MOMENT + timedelta(hours=5)
    form = opened_with(Terms("gpu", 2, until, None, ""), SITE_ZONE)
    same = reads_to(replace(form, ends=seconds(until)), counter)
    assert isinstance(same, Filled)
    assert same.time == when.Deadline(until)
    changed = reads_to(replace(form, until="for 2 hours", ends=seconds(until)), counter)
    assert isinstance(changed, Filled)
    assert isinstance(changed.time, when.Duration)
    moved = reads_to(replace(form, ends=ENDS), counter)
    assert isinstance(moved, Filled)
    assert moved.time == when.Deadline(LATER + timedelta(hours=3))


@settings(max_examples=60, deadline=None)
@given(moments, st.sampled_from(ZONES))
def test_every_quick_choice_has_one_reading_later_than_now(moment: datetime, zone: ZoneInfo) -> None:
    """A choice that is asked about is no quick one."""
    for label, words in quick(moment, zone.key):
        assert isinstance(when.read(words, moment, zone), when.Deadline | when.Duration), (label, words)
