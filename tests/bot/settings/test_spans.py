"""Lengths of time in a settings file."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.settings.spans import span
from loans.lengths import exact


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("30 s", timedelta(seconds=30)),
        ("30s", timedelta(seconds=30)),
        ("0.25 s", timedelta(milliseconds=250)),
        ("5 min", timedelta(minutes=5)),
        ("5 m", timedelta(minutes=5)),
        (" 8  H ", timedelta(hours=8)),
        ("1 h 30 min", timedelta(minutes=90)),
        ("14 d", timedelta(days=14)),
        ("2 w", timedelta(weeks=2)),
    ],
)
def test_a_length_is_read_as_people_write_it(text: str, length: timedelta) -> None:
    """With or without spaces, small or large letters, in parts."""
    assert span(text) == length


@pytest.mark.parametrize(
    "text", ["", " ", "5", 5, None, "five min", "5 y", "-5 min", "5 min ago", "min", "1 h x", [], "9" * 400 + " d"]
)
def test_what_is_no_length_is_refused_with_an_example(text: object) -> None:
    """A bare number means minutes to one person and seconds to another."""
    with pytest.raises(ValueError, match='"30 s"'):
        span(text)


@settings(deadline=None)
@given(st.integers(0, 10**8))
def test_what_is_written_is_read_back(seconds: int) -> None:
    """The settings table in the docs can be copied."""
    length = timedelta(seconds=seconds)
    assert span(exact(length)) == length


@pytest.mark.parametrize("length", [timedelta(milliseconds=250), timedelta(seconds=1.5)])
def test_parts_of_a_second_are_not_lost(length: timedelta) -> None:
    """0.25 s is not written as 0 s."""
    assert span(exact(length)) == length
