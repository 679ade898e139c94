"""Which words after the class are the time, and which the purpose."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.tail import time_and_purpose
from loans import when

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


WORDS = ["until", "for", "by", "from", "Friday", "tomorrow", "3 days", "6pm", "FastML", "31 February", "yesterday", '"']


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join))
def test_no_word_is_counted_as_both(tail: str) -> None:
    """Whatever is said, time and purpose are parts of it that do not overlap."""
    phrase, purpose, _ = time_and_purpose(tail, NOW, UTC)
    assert phrase in tail
    assert purpose in tail
    assert len(phrase) + len(purpose) <= len(tail)
