"""The form: what a preview holds is shown in words that mean the same, and each error stands under its field."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.fill import Fill, errors, filled
from commands.lend import Settle, SignOff, drafted
from commands.replies import BadTime, NotANumber, Preview, Requested, StaleDraft, UnknownClass, WhichTime, WrongFields
from loans import when
from loans.policy import NoNodes, TooLong, TooMany
from loans.terms import Terms
from tests.commands.counter import APPROVER, REQUESTER, Counter

ZONE = ZoneInfo("America/Indiana/Indianapolis")
NOW = datetime(2026, 11, 24, 15, 12, 5, tzinfo=ZONE)
MINUTE = timedelta(minutes=1)
ahead = st.timedeltas(min_value=timedelta(minutes=10), max_value=timedelta(days=300))


@settings(max_examples=50, deadline=None)
@given(ahead, st.none() | ahead)
def test_the_words_of_a_prefilled_form_mean_what_the_preview_meant(span: timedelta, begins: timedelta | None) -> None:
    """Who changes the count alone keeps the deadline; of an hour that the clock shows twice a question is asked."""
    starts_at = NOW + begins if begins else None
    until = (starts_at or NOW) + span
    shown = filled(Terms("gpu", 8, until, starts_at, "FastML"), ZONE)
    match when.read(shown.until, NOW, ZONE):
        case when.Deadline(at):
            assert timedelta() <= until - at < MINUTE
        case when.Interval(start, end):
            assert starts_at is not None
            assert timedelta() <= start - starts_at < MINUTE
            assert timedelta() <= until - end < MINUTE
        case when.Ask(readings):
            assert any(abs(reading.at - until) < MINUTE for reading in readings)
        case other:
            raise AssertionError(other)


def test_a_changed_wish_is_previewed_anew(counter: Counter) -> None:
    """Count, time and purpose as filled in; nothing is asked for before it is signed off."""
    counter.say("lend 2 gpu nodes to k8s for 3 days for a demo")
    answer = counter.do(Fill("3", "gpu", "for 2 days", "a longer demo"))
    assert isinstance(answer, Preview)
    assert (answer.choice.wished, answer.purpose) == (3, "a longer demo")
    assert counter.loans() == 0
    assert isinstance(counter.do(SignOff(answer.draft)), Requested)


def test_a_purpose_in_the_form_is_never_read_as_a_time(counter: Counter) -> None:
    """The fields are apart, so nothing is guessed: "for 2 hours of testing" is what it is for."""
    answer = counter.do(Fill("2", "gpu", "for 2 days", "for 2 hours of testing until Friday"))
    assert isinstance(answer, Preview)
    assert answer.purpose == "for 2 hours of testing until Friday"
    assert answer.until - counter.now > timedelta(days=1)


def test_a_two_way_time_in_the_form_is_asked_back(counter: Counter) -> None:
    """A form is no reason to guess a deadline."""
    assert isinstance(counter.do(Fill("2", "gpu", "until tomorrow at 5")), WhichTime | WrongFields)


@pytest.mark.parametrize(
    ("fields", "wrong_count", "wrong_time"),
    [
        (("eight", "gpu", "for 3 days"), NotANumber, None),
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
    """Whoever filled in a form mends it there; what comes past the form is refused all the same."""
    found = errors(Fill(*fields), REQUESTER, counter.desk)
    assert isinstance(found, WrongFields)
    assert (type(found.count), type(found.until)) == (wrong_count or type(None), wrong_time or type(None))
    assert counter.do(Fill(*fields)) == found


def test_a_form_in_order_has_no_errors(counter: Counter) -> None:
    """A class that is gone is answered in words: its field is a choice, and there is nothing to mend in it."""
    assert errors(Fill("2", "gpu", "for 3 days"), REQUESTER, counter.desk) is None
    assert errors(Fill("+2", "gpu", "from tomorrow 8am until tomorrow 6pm"), REQUESTER, counter.desk) is None
    assert isinstance(counter.do(Fill("2", "tpu", "for 3 days")), UnknownClass)


def test_a_preview_is_changed_by_its_asker_alone(counter: Counter) -> None:
    """Nobody reads another's wish through a forwarded button."""
    preview = counter.say("lend 2 gpu nodes to k8s for 3 days")
    assert isinstance(preview, Preview)
    assert isinstance(counter.do(Settle(preview.draft)), Preview)
    assert drafted(preview.draft, APPROVER, counter.desk) == StaleDraft(theirs=False)
    assert drafted(99, REQUESTER, counter.desk) == StaleDraft()
