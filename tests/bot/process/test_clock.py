"""lendbot's clock: the real time, or a rehearsal's, which begins where it was set and runs as fast as it was told."""

from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError

from bot.process.clock import Clock
from bot.settings.site import ClockSettings
from tests.moment import MOMENT, MOMENTS

SOON = timedelta(minutes=2)
"""How long this file may take, on whatever machine."""


def a_real_moment() -> datetime:
    """Return the real time, as the clock that nobody has set tells it."""
    return Clock(ClockSettings()).now()


@pytest.mark.parametrize("speed", [1.0, 60.0])
@pytest.mark.parametrize("shows", MOMENTS.values(), ids=MOMENTS)
def test_a_set_clock_goes_on_from_where_it_was_set(shows: datetime, speed: float) -> None:
    """A night when clocks change is rehearsed without waiting for it, at any pace."""
    clock = Clock(ClockSettings(speed=speed, origin=a_real_moment(), shows=shows))
    assert clock.is_set
    assert timedelta() <= clock.now() - shows < SOON * speed


def test_a_fast_clock_that_was_not_set_began_with_the_real_time() -> None:
    """Whoever only speeds it up begins on their own day."""
    began = a_real_moment() - timedelta(hours=1)
    clock = Clock(ClockSettings(speed=60.0, origin=began))
    assert not clock.is_set
    assert timedelta(hours=60) <= clock.now() - began < timedelta(hours=60) + SOON * 60


def test_two_processes_with_the_same_settings_agree() -> None:
    """A restart, or the command line beside the service, does not jump in time."""
    settings = ClockSettings(speed=3600.0, origin=a_real_moment(), shows=MOMENT)
    first, second = Clock(settings), Clock(settings)
    before, there, after = first.now(), second.now(), first.now()
    assert before <= there <= after


@pytest.mark.parametrize("of", [{"speed": 60.0}, {"shows": MOMENT}], ids=["fast", "set"])
def test_a_rehearsal_says_when_it_begins(of: dict[str, object]) -> None:
    """From an origin that nobody chose a fast clock would be decades away, without a word."""
    with pytest.raises(ValidationError, match="origin"):
        ClockSettings.model_validate(of)
