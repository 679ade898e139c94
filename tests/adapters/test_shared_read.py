"""One read for many who wait."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from adapters.shared_read import SharedRead
from tests.patience import PATIENCE_S

LONG = timedelta(hours=1)
NONE = timedelta(0)
Eventually = Callable[[Callable[[], bool]], None]


class Source:
    """Something to read: it counts, and it can be held."""

    def __init__(self) -> None:
        self.begun = 0
        self.at_once = 0
        self.most_at_once = 0
        self.open = threading.Event()
        self.open.set()
        self.broken = False
        self._lock = threading.Lock()

    def read(self) -> int:
        with self._lock:
            self.begun += 1
            number = self.begun
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        assert self.open.wait(PATIENCE_S)
        with self._lock:
            self.at_once -= 1
        if self.broken:
            raise OSError(f"read {number} failed")
        return number


def test_a_young_answer_serves_everybody() -> None:
    """Two hundred nodes that wait ask Slurm once a second, not two hundred times."""
    source = Source()
    shared = SharedRead(source.read, LONG)
    assert [shared.get() for _ in range(200)] == [1] * 200


def test_an_old_answer_serves_nobody() -> None:
    """What was so a while ago is asked again."""
    source = Source()
    shared = SharedRead(source.read, NONE)
    assert [shared.get() for _ in range(3)] == [1, 2, 3]


def test_who_insists_on_a_read_from_now_on_gets_one_and_the_others_go_on_sharing() -> None:
    """What is asked right before the power is cut is not a second old; and two hundred others need no read for it."""
    source = Source()
    shared = SharedRead(source.read, LONG)
    assert shared.get() == 1
    assert shared.get(since=time.monotonic()) == 2
    assert shared.get() == 2
    assert source.begun == 2


def test_a_write_makes_the_next_read_begin_anew() -> None:
    """After our own write nobody sees the world from before it."""
    source = Source()
    shared = SharedRead(source.read, LONG)
    assert shared.get() == 1
    shared.forget()
    assert shared.get() == 2
    assert shared.get() == 2


def test_those_who_come_together_share_one_read(eventually: Eventually) -> None:
    """A slow Slurm is asked once, however many wait for it."""
    source = Source()
    source.open.clear()
    shared = SharedRead(source.read, LONG)
    with ThreadPoolExecutor(50) as pool:
        waiting = [pool.submit(shared.get) for _ in range(50)]
        eventually(lambda: source.begun == 1)
        source.open.set()
        assert {each.result(PATIENCE_S) for each in waiting} == {1}


def test_a_read_under_way_at_the_time_of_a_write_does_not_count(eventually: Eventually) -> None:
    """A read that began before the write may have seen the world before it."""
    source = Source()
    source.open.clear()
    shared = SharedRead(source.read, LONG)
    with ThreadPoolExecutor(3) as pool:
        before = pool.submit(shared.get)
        eventually(lambda: source.begun == 1)
        shared.forget()
        after = pool.submit(shared.get)
        source.open.set()
        assert before.result(PATIENCE_S) == 1
        assert after.result(PATIENCE_S) == 2


def test_however_much_is_written_one_read_is_under_way_at_a_time() -> None:
    """Many who write and read do not flood Slurm with reads side by side."""
    source = Source()
    shared = SharedRead(source.read, LONG)

    def write_and_read(_: int) -> int:
        shared.forget()
        return shared.get()

    with ThreadPoolExecutor(32) as pool:
        assert len(list(pool.map(write_and_read, range(400)))) == 400
    assert source.most_at_once == 1


def test_a_failure_reaches_all_who_waited_and_nobody_after(eventually: Eventually) -> None:
    """A failed read is an error, not an answer to keep."""
    source = Source()
    source.open.clear()
    source.broken = True
    shared = SharedRead(source.read, LONG)
    with ThreadPoolExecutor(5) as pool:
        waiting = [pool.submit(shared.get) for _ in range(5)]
        eventually(lambda: source.begun == 1)
        source.open.set()
        for each in waiting:
            with pytest.raises(OSError, match="failed"):
                each.result(PATIENCE_S)
    source.broken = False
    assert shared.get() == source.begun
