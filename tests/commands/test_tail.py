"""Which words after the class are the time, and which the purpose."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.tail import time_and_purpose
from loans import when
from loans.lengths import length

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)  # a Tuesday


@pytest.mark.parametrize(
    ("tail", "phrase", "purpose"),
    [
        ("until Friday", "until Friday", ""),
        ("until Friday 6pm for FastML workshop, 25 seats", "until Friday 6pm", "FastML workshop, 25 seats"),
        ("for 3 days", "for 3 days", ""),
        ("for 3 days for FastML", "for 3 days", "FastML"),
        ("for FastML until Friday", "until Friday", "FastML"),
        ("for FastML for 3 days", "for 3 days", "FastML"),
        ('until Friday for "the workshop"', "until Friday", "the workshop"),
        ("until Friday for \u201cthe workshop\u201d", "until Friday", "the workshop"),
        ("from tomorrow 8am until Friday 6pm for tests for students", "from tomorrow 8am until Friday 6pm", None),
        ("until Friday FOR demo", "until Friday", "demo"),
        ("for a talk by the dean until Friday", "until Friday", "a talk by the dean"),
    ],
)
def test_the_time_and_the_purpose_are_told_apart(tail: str, phrase: str, purpose: str | None) -> None:
    """ "for" begins both a length and a purpose."""
    found_phrase, found_purpose, found = time_and_purpose(tail, NOW, UTC)
    assert found_phrase == phrase
    assert found_purpose == (purpose if purpose is not None else "tests for students")
    assert not isinstance(found, when.Refused)


@pytest.mark.parametrize(
    ("tail", "phrase"),
    [
        ("until 20 November 2026 for FastML", "until 20 November 2026"),
        ("for FastML until 31 February", "until 31 February"),
        ("until whenever", "until whenever"),
        ("", ""),
    ],
)
def test_what_is_no_time_is_refused_by_the_words_that_were_meant_as_one(tail: str, phrase: str) -> None:
    """The purpose is not blamed for the time."""
    found_phrase, _, found = time_and_purpose(tail, NOW, UTC)
    assert isinstance(found, when.Refused)
    assert found_phrase == phrase


def told(tail: str, now: datetime = NOW) -> tuple[str, str]:
    """Return what the time means, by its wall clocks, and the purpose."""
    _, purpose, found = time_and_purpose(tail, now, UTC)
    match found:
        case when.Deadline(at):
            return f"{at:%a %H:%M}", purpose
        case when.Duration(span):
            return length(span), purpose
        case when.Interval(start, end):
            return f"{start:%a %H:%M}-{end:%a %H:%M}", purpose
        case when.Ask(readings):
            spans = (f"{one.start:%a %H:%M}-" if one.start else "" for one in readings)
            return "ask " + ", ".join(
                f"{span}{one.at:%a %H:%M}" for span, one in zip(spans, readings, strict=True)
            ), purpose
        case when.Refused():
            return "refused", purpose


@pytest.mark.parametrize(
    ("tail", "meant", "purpose"),
    [
        ("for tomorrow until 5pm", "Wed 17:00", ""),
        ("for tomorrow's workshop until 5pm", "Wed 17:00", "tomorrow's workshop"),
        ("until 5pm for tomorrow's workshop", "Wed 17:00", "tomorrow's workshop"),
        ("for lab on Thursday from 2pm to 4pm", "Thu 14:00-Thu 16:00", "lab"),
        ("from 2pm to 4pm for the lab on Thursday", "Thu 14:00-Thu 16:00", "the lab on Thursday"),
        ("for 2 hours on Thursday at 2pm", "Thu 14:00-Thu 16:00", ""),
        ("for lab Thursday 2pm for 2 hours", "Thu 14:00-Thu 16:00", "lab"),
        ("until noon Eastern for a demo on 2026-12-01", "Tue 17:00", "a demo on 2026-12-01"),
        ("until Friday for the Friday workshop", "Fri 23:59", "the Friday workshop"),
    ],
)
def test_time_words_that_have_one_reading_together_are_combined(tail: str, meant: str, purpose: str) -> None:
    """ "For tomorrow until 5pm" is tomorrow at five, and never five today with a purpose called tomorrow."""
    assert told(tail) == (meant, purpose)


@pytest.mark.parametrize(
    ("tail", "meant"),
    [
        ("until 6pm for 3 days", "ask Fri 10:00, Fri 18:00, Tue 18:00-Fri 18:00"),
        ("for 3 days until 6pm", "ask Fri 10:00, Fri 18:00, Tue 18:00-Fri 18:00"),
        ("tomorrow until 5pm", "ask Wed 17:00, Wed 00:00-Wed 17:00"),
        ("until Friday for a 3 day workshop", "ask Fri 10:00, Fri 23:59"),
        ("for 3 days for Monday's class", "ask Fri 10:00, Mon 00:00-Thu 00:00"),
        ("until Friday for next week's class", "ask Fri 23:59, Fri 23:59"),
        ("for 2 hours for the 3 hour lab", "ask Tue 12:00, Tue 13:00"),
        ("untill friday for monday's lab", "ask Fri 23:59"),
        ("until 5pm for the 2pm lab", "ask Tue 17:00, Tue 14:00-Tue 17:00"),
        ("until Friday for the 8 am lecture", "ask Fri 08:00, Fri 23:59, Wed 08:00-Fri 23:59"),
        ("for the Thursday lab until Friday", "ask Fri 23:59, Thu 00:00-Fri 23:59"),
    ],
)
def test_time_words_that_can_be_meant_together_in_several_ways_are_asked(tail: str, meant: str) -> None:
    """A deadline out of half of the words ends somebody's work too early, or keeps nodes for days."""
    assert told(tail)[0] == meant


@pytest.mark.parametrize(
    ("tail", "meant"),
    [
        ("Monday", "ask Mon 23:59, Mon 00:00-Mon 23:59"),
        ("for Monday", "ask Mon 23:59, Mon 00:00-Mon 23:59"),
        ("for FastML on Monday", "ask Mon 23:59, Mon 00:00-Mon 23:59"),
        ("today", "ask Tue 23:59"),
        ("Friday 6pm", "ask Fri 18:00"),
        ("until Monday", "Mon 23:59"),
        ("by Monday", "refused"),
        ("Monday to Wednesday", "Mon 00:00-Wed 23:59"),
    ],
)
def test_a_day_that_is_only_named_may_be_the_last_or_the_only_one(tail: str, meant: str) -> None:
    """ "Nodes Monday" is until Monday to one, and on Monday to another."""
    assert told(tail)[0] == meant


@pytest.mark.parametrize(
    "tail", ["for 2 hours on Thursday", "Thursday for 2 hours", "for the lab on Thursday for 2 hours"]
)
def test_hours_of_a_day_without_a_beginning_are_asked_for_it(tail: str) -> None:
    """Nobody means midnight."""
    _, _, found = time_and_purpose(tail, NOW, UTC)
    assert isinstance(found, when.Refused)
    assert "At what time" in found.sentence


@pytest.mark.parametrize(
    ("tail", "meant", "purpose"),
    [
        ("until Friday, FastML workshop", "Fri 23:59", "FastML workshop"),
        ("until Friday (FastML workshop)", "Fri 23:59", "FastML workshop"),
        ("until Friday - FastML", "Fri 23:59", "FastML"),
        ("until Friday because the lab needs them", "Fri 23:59", "the lab needs them"),
        ("until Friday to run tests", "Fri 23:59", "to run tests"),
        ("until Friday to k8s for FastML", "Fri 23:59", "FastML"),
        ("until Friday for 8 students", "Fri 23:59", "8 students"),
        ("until Friday FastML workshop", "ask Fri 23:59", "FastML workshop"),
        ("until tomorrow for <@U123> and students", "Wed 23:59", "<@U123> and students"),
    ],
)
def test_a_purpose_is_introduced_in_many_ways_and_asked_when_by_nothing(tail: str, meant: str, purpose: str) -> None:
    """Nobody has to say "for"; words that follow a time unannounced could still belong to it."""
    assert told(tail) == (meant, purpose)


@pytest.mark.parametrize(
    "tail",
    [
        "until Friday or so",
        "from Monday to whenever",
        "until the day before Friday",
        "until Monday morning",
        "for 12 students",
    ],
)
def test_a_time_is_never_cut_out_of_words_that_change_it(tail: str) -> None:
    """ "Friday or so" is no Friday."""
    assert told(tail)[0] == "refused"


WORDS = ["until", "for", "by", "from", "Friday", "tomorrow", "3 days", "6pm", "FastML", "31 February", "yesterday", '"']


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join))
def test_no_word_is_counted_as_both(tail: str) -> None:
    """Whatever is said, time and purpose are parts of it that do not overlap."""
    phrase, purpose, _ = time_and_purpose(tail, NOW, UTC)
    assert phrase in tail
    assert all(part in tail for part in purpose.split(", "))
    assert phrase == tail or len(phrase) + len(purpose.replace(", ", "")) <= len(tail)
