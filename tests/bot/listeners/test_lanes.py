"""Whose turn it is: a lane per person, orders before questions, and room that has an end."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from bot.listeners.lanes import PER_PERSON, QUESTIONS_OF_ONE, Lanes
from tests.bot.house import eventually

GOODBYE = timedelta(seconds=10)


class Hall:
    """Lanes, and work that waits until a test lets it go."""

    def __init__(self, lanes: Lanes) -> None:
        self.lanes = lanes
        self.begun: list[str] = []
        self.doors: dict[str, threading.Event] = {}

    def put(self, person: str, name: str, *, is_order: bool = False) -> None:
        door = self.doors[name] = threading.Event()

        def work() -> None:
            self.begun.append(name)
            door.wait(30)

        self.lanes.put(person, work, is_order=is_order)

    def let_go(self, *names: str) -> None:
        for name in names or list(self.doors):
            self.doors[name].set()

    def has_begun(self, name: str) -> None:
        eventually(f"{name} to begin", lambda: name in self.begun)


@pytest.fixture
def hall() -> Iterator[Hall]:
    yield from _hall(lambda: Lanes(threads=4, for_questions=3))


@pytest.fixture
def narrow_hall() -> Iterator[Hall]:
    yield from _hall(lambda: Lanes(threads=1, for_questions=1))


def _hall(lanes: Callable[[], Lanes]) -> Iterator[Hall]:
    found = Hall(lanes())
    yield found
    found.let_go()
    assert found.lanes.close(GOODBYE)


def test_questions_that_hang_leave_a_thread_for_whoever_decides(hall: Hall) -> None:
    """Slurm hangs under four people's `free`, and an approval is acted on all the same."""
    for n in range(4):
        hall.put(f"U{n}", f"free {n}")
    for n in range(3):
        hall.has_begun(f"free {n}")
    hall.put("UAPPROVER", "approve", is_order=True)
    hall.has_begun("approve")
    assert "free 3" not in hall.begun
    hall.let_go("free 0")
    hall.has_begun("free 3")


def test_an_order_goes_before_the_questions_of_its_own_person(hall: Hall) -> None:
    """Nobody waits for their own `free` when they give a node back."""
    for n in range(QUESTIONS_OF_ONE + 2):
        hall.put("U1", f"free {n}")
    hall.has_begun("free 1")
    hall.put("U1", "give back", is_order=True)
    hall.has_begun("give back")
    hall.let_go("free 0", "free 1")
    hall.put("U2", "status")
    hall.has_begun("status")
    assert "free 2" not in hall.begun, "a question waits for the order before it, to tell what it did"
    hall.let_go("give back")
    hall.has_begun("free 2")


def test_the_orders_of_one_person_run_in_their_order_one_at_a_time(hall: Hall) -> None:
    """Approve, then decline what else waits: never the other way round."""
    for n in range(5):
        hall.put("U1", f"order {n}", is_order=True)
    for n in range(5):
        hall.has_begun(f"order {n}")
        assert len(hall.begun) == n + 1
        hall.let_go(f"order {n}")


def test_people_take_turns(narrow_hall: Hall) -> None:
    """One person's flood costs another one turn, not fifty."""
    for n in range(20):
        narrow_hall.put("UFLOOD", f"flood {n}")
    narrow_hall.has_begun("flood 0")
    narrow_hall.put("UOTHER", "status")
    narrow_hall.let_go(*(f"flood {n}" for n in range(20)))
    narrow_hall.has_begun("status")
    assert narrow_hall.begun.index("status") <= 2


def test_room_has_an_end_for_each_and_not_for_another(hall: Hall) -> None:
    """A flood is refused at the door, and whoever comes behind it is let in."""
    taken = 0
    while hall.lanes.has_room("UFLOOD"):
        hall.put("UFLOOD", f"flood {taken}")
        taken += 1
        assert taken <= PER_PERSON + QUESTIONS_OF_ONE
    assert taken >= PER_PERSON
    assert hall.lanes.has_room("UOTHER")
    hall.let_go()
    eventually("room again", lambda: hall.lanes.has_room("UFLOOD"))


def test_what_is_not_begun_at_the_end_is_not_begun() -> None:
    """A service manager waits 30 s: what waits is in the inbox, and done after the next start."""
    hall = Hall(Lanes(threads=1, for_questions=1))
    hall.put("U1", "hangs")
    hall.has_begun("hangs")
    hall.put("U1", "give back", is_order=True)
    assert not hall.lanes.close(timedelta(seconds=0.05)), "a far side hangs: only the end of the process ends that"
    hall.let_go()
    assert hall.lanes.close(GOODBYE)
    assert hall.begun == ["hangs"]


def test_work_that_fails_costs_no_thread(narrow_hall: Hall) -> None:
    """The desk is open after our own bug, too."""

    def fails() -> None:
        raise LookupError("ours")

    narrow_hall.lanes.put("U1", fails, is_order=True)
    narrow_hall.put("U1", "after", is_order=True)
    narrow_hall.has_begun("after")
