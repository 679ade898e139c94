"""One worker per store: who has the lease, who waits for it, and what a crash costs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.process.lease import RENEW_EVERY, TTL, Lease
from store.db import Store
from store.leases import Held
from tests.conversion.shelf import a_store
from tests.store.values import NOW

NAME = "worker"
BEAT_S = RENEW_EVERY.total_seconds()
TTL_S = TTL.total_seconds()


@dataclass
class House:
    """A store, and a machine whose uptime the test turns, and whose clock shows what the test says."""

    store: Store
    seconds: float = 1000.0
    clock_is_off: timedelta = timedelta()

    def uptime(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds) + self.clock_is_off

    def wall(self, span: timedelta) -> timedelta:
        return span

    def lease(self) -> Lease:
        return Lease(NAME, self.store, self)

    @property
    def held(self) -> Held | None:
        with self.store.read() as tx:
            return tx.leases.get(NAME)

    def wait(self, seconds: float, *leases: Lease) -> None:
        """Let time pass, with a look of each of these every few seconds."""
        until = self.seconds + seconds
        while self.seconds < until:
            self.seconds = min(until, self.seconds + BEAT_S)
            for lease in leases:
                lease.take()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with a_store(tmp_path) as store:
        yield House(store)


def test_the_first_has_it_and_keeps_it_by_renewing(house: House) -> None:
    """A worker that lives goes on working, and nobody who waits takes it from its hands."""
    mine, other = house.lease(), house.lease()
    assert not mine.held
    assert mine.take()
    house.wait(10 * TTL_S, mine, other)
    assert mine.held
    assert not other.held
    assert house.held is not None
    assert (house.held.holder, house.held.epoch) == (mine.holder, 1)


def test_a_silent_holder_is_waited_for_until_its_time_is_up(house: House) -> None:
    """Two processes never convert one node; one that dies is waited for by seconds, on this host as on another."""
    silent, mine = house.lease(), house.lease()
    silent.take()
    mine.take()
    house.wait(TTL_S - 0.1, mine)
    assert not mine.held
    house.wait(BEAT_S, mine)
    assert mine.held
    assert house.held is not None
    assert house.held.epoch == 2, "each change of the holder counts"


def test_one_that_wakes_after_another_took_over_knows(house: House) -> None:
    """A process that was stopped for a minute does not go on as if nothing had been, whatever it believes."""
    stopped, mine = house.lease(), house.lease()
    stopped.take()
    mine.take()
    house.wait(TTL_S + BEAT_S, mine)
    assert not stopped.held, "its own clock says so, before anybody is asked"
    assert not stopped.take()
    assert mine.held


def test_one_that_slept_while_nobody_else_was_there_goes_on(house: House) -> None:
    """A machine that was suspended over night has its own lease back at the next beat, and nobody else's epoch."""
    mine = house.lease()
    mine.take()
    house.seconds += 100 * TTL_S
    assert not mine.held
    assert mine.take()
    assert house.held is not None
    assert house.held.epoch == 1


def test_two_who_wait_do_not_both_take_over(house: House) -> None:
    """The second successor finds the first one's beat, and begins to wait anew."""
    silent, one, two = house.lease(), house.lease(), house.lease()
    for each in (silent, one, two):
        each.take()
    house.wait(TTL_S + BEAT_S, one, two)
    assert (one.held, two.held) == (True, False)


@pytest.mark.parametrize("jump", [timedelta(hours=2), -timedelta(hours=2)], ids=["forward", "backward"])
def test_a_clock_that_jumps_neither_ends_a_lease_nor_keeps_one(house: House, jump: timedelta) -> None:
    """Two hours forward, and nobody is dead; two hours back, and the dead are waited for by seconds all the same."""
    holder, mine = house.lease(), house.lease()
    house.wait(BEAT_S, holder, mine)
    house.clock_is_off = jump
    house.wait(3 * TTL_S, holder, mine)
    assert holder.held
    house.wait(TTL_S + BEAT_S, mine)
    assert mine.held


def test_a_released_lease_is_free_at_once_and_anothers_is_left_alone(house: House) -> None:
    """A stop for an upgrade costs no wait; its epoch is over all the same."""
    mine, other = house.lease(), house.lease()
    mine.take()
    mine.release()
    assert not mine.held
    assert other.take()
    mine.release()
    assert house.held is not None
    assert (house.held.holder, house.held.epoch) == (other.holder, 2)


def test_every_process_has_an_id_of_its_own(house: House) -> None:
    """In containers everybody is pid 1 on a host of the same name: only chance tells two processes apart."""
    assert len({house.lease().holder for _ in range(100)}) == 100


def test_a_store_that_does_not_answer_is_no_lease(house: House, tmp_path: Path) -> None:
    """Nobody works on a belief: without the store there is no worker, and no crash either."""
    mine = house.lease()
    assert mine.take()
    house.store.close()
    (tmp_path / "lendbot.db").write_bytes(b"this is no database" * 100)
    for name in ("lendbot.db-wal", "lendbot.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    assert not mine.take()
    assert not mine.held
