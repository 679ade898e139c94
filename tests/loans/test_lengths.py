"""Lengths of time in words."""

from datetime import timedelta

import pytest

from loans.lengths import about, exact, length, took


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=30), "30 s"),
        (timedelta(minutes=45), "45 min"),
        (timedelta(hours=5), "5 h"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=3, hours=13, minutes=59), "3 days 13 h"),
        (timedelta(days=2, minutes=5), "2 days"),
    ],
)
def test_a_length_is_its_two_largest_units(span: timedelta, words: str) -> None:
    """Enough to tell three days from thirteen, and no more."""
    assert length(span) == words


@pytest.mark.parametrize(("seconds", "said"), [(5, "0:05"), (70, "1:10"), (3730, "1:02:10"), (-3, "0:00")])
def test_steps_take_minutes_and_seconds(seconds: int, said: str) -> None:
    """Steps are compared, so they are written alike."""
    assert took(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "about 1 min"), (61, "about 2 min"), (99 * 60, "about 99 min"), (100 * 60, "about 1 h 40 min")],
)
def test_a_guess_is_rounded_up(seconds: int, said: str) -> None:
    """Whoever waits is not told of less than it takes."""
    assert about(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(), "0 s"),
        (timedelta(milliseconds=250), "0.25 s"),
        (timedelta(seconds=90), "90 s"),
        (timedelta(minutes=30), "30 min"),
        (timedelta(hours=24), "1 d"),
        (timedelta(days=14), "14 d"),
    ],
)
def test_what_was_set_is_said_without_rounding(span: timedelta, said: str) -> None:
    """A patience of 90 s that is told as 1 min sends people to look for what is wrong with the clock."""
    assert exact(span) == said
