"""Jobs that come again and again, by a clock that nobody sets."""

import threading
from datetime import timedelta

from bot.process.schedule import Schedule
from store.errors import StoreUnavailable
from tests.bot.house import eventually

SOON = timedelta(milliseconds=10)
PATIENCE = timedelta(seconds=20)


def test_a_job_runs_again_and_again_and_never_twice_at_once() -> None:
    """Two ticks side by side would take the same nodes for one loan."""
    runs, inside, most = [0], [0], [0]

    def job() -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        threading.Event().wait(0.03)
        inside[0] -= 1
        runs[0] += 1

    schedule = Schedule()
    schedule.every(SOON, "job", job)
    schedule.start()
    eventually("five runs", lambda: runs[0] >= 5)
    assert schedule.close(PATIENCE)
    after = runs[0]
    assert most == [1]
    assert inside == [0], "closing waits for the run that is under way"
    assert runs[0] == after


def test_a_job_may_begin_with_the_start() -> None:
    """What a start has to compare is not left for the first minute."""
    runs = [0, 0]

    def count(which: int) -> None:
        runs[which] += 1

    schedule = Schedule()
    schedule.every(timedelta(hours=1), "at once", lambda: count(0), at_once=True)
    schedule.every(timedelta(hours=1), "in an hour", lambda: count(1))
    schedule.start()
    eventually("the first run", lambda: runs[0] == 1)
    assert schedule.close(PATIENCE)
    assert runs == [1, 0]


def test_a_job_that_fails_runs_again_and_is_seen_to_be_silent() -> None:
    """One bad minute of the store must not end the deadlines for good, and /healthz must say that they stand still."""
    tries = [0]

    def fails() -> None:
        tries[0] += 1
        raise StoreUnavailable("sqlite:///x", "it is away") if tries[0] % 2 else ValueError("a bug")

    schedule = Schedule()
    schedule.every(SOON, "fails", fails)
    schedule.every(SOON, "works", lambda: None)
    schedule.start()
    eventually("four tries", lambda: tries[0] >= 4)
    silent = schedule.silent_for()
    assert schedule.close(PATIENCE)
    assert silent["fails"] > silent["works"]


def test_a_job_that_waits_does_not_hold_up_another() -> None:
    """Slack that hangs must not keep the nodes waiting."""
    hangs, others = threading.Event(), [0]

    def count() -> None:
        others[0] += 1

    schedule = Schedule()
    schedule.every(SOON, "hangs", hangs.wait)
    schedule.every(SOON, "counts", count)
    schedule.start()
    eventually("the other goes on", lambda: others[0] >= 5)
    hangs.set()
    assert schedule.close(PATIENCE)


def test_a_job_that_hangs_does_not_hold_up_the_end_for_ever() -> None:
    """A service manager kills what does not end; what is left undone is for the next start."""
    hangs, began = threading.Event(), threading.Event()

    def hang() -> None:
        began.set()
        hangs.wait()

    schedule = Schedule()
    schedule.every(SOON, "hangs", hang)
    schedule.start()
    eventually("it hangs", began.is_set)
    assert not schedule.close(SOON)
    hangs.set()
