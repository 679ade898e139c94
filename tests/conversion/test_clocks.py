"""How far apart two clocks are, and what is measured by neither."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from conversion.clocks import ahead, apart, said
from conversion.waits import Waits
from tests.store.values import HOUR, NOW

SECOND = timedelta(seconds=1)


def times(*moments: datetime) -> Callable[[], datetime]:
    left: Iterator[datetime] = iter(moments)
    return lambda: next(left)


@pytest.mark.parametrize(
    ("took", "said_at", "by"),
    [
        pytest.param(SECOND, timedelta(), timedelta(), id="in time"),
        pytest.param(SECOND, SECOND, timedelta(), id="in time, at the end of a slow answer"),
        pytest.param(40 * SECOND, 30 * SECOND, timedelta(), id="a slow network is no wrong clock"),
        pytest.param(SECOND, -SECOND, timedelta(), id="whole seconds are cut off"),
        pytest.param(SECOND, 2 * HOUR, 2 * HOUR - SECOND, id="ahead, at least by so much"),
        pytest.param(SECOND, -2 * HOUR, -2 * HOUR + SECOND, id="behind, at least by so much"),
    ],
)
def test_a_clock_is_off_by_what_no_slow_answer_can_explain(took: timedelta, said_at: timedelta, by: timedelta) -> None:
    """On-call is not woken for a busy API server."""
    assert ahead(lambda: NOW + said_at, times(NOW, NOW + took)) == by


def test_a_side_without_a_clock_of_its_own_is_not_off() -> None:
    """SQLite lives by this host's clock."""
    assert ahead(lambda: None, times(NOW, NOW)) is None


def test_it_is_said_who_is_ahead_of_whom() -> None:
    """Whoever reads it at night has to know which clock to look at."""
    assert apart("Slurm", 2 * HOUR) == "Slurm's clock is 2 h ahead of lendbot's"
    assert apart("gpu007", -90 * SECOND) == "gpu007's clock is 1 min behind lendbot's"
    assert said(26 * HOUR) == "1 day 2 h forward"
    assert said(-HOUR) == "1 h back"


def test_waiting_is_measured_by_what_passes_in_this_process() -> None:
    """A lendbot that was away for a night has not waited for a night: the node has its patience left."""
    at = [timedelta(hours=50)]
    waits = Waits(lambda: at[0])
    assert waits.lap((1, "gpu001")) == timedelta()
    at[0] += 5 * SECOND
    assert waits.lap((1, "gpu001")) == 5 * SECOND
    assert waits.lap((1, "gpu002")) == timedelta()
    waits.forget((1, "gpu001"))
    at[0] += HOUR
    assert waits.lap((1, "gpu001")) == timedelta()
