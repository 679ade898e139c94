"""Who lives, as each process sees it: by its own clock, and by nobody else's word."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.process.living import DEAD_AFTER, Living
from store.db import Store

DEAD_S = DEAD_AFTER.total_seconds()


@dataclass
class Hands:
    """A clock whose hands a test moves: what it shows, and how long it has run."""

    shows: datetime = datetime(2026, 3, 2, 9, tzinfo=UTC)
    runs_s: float = 0.0

    def now(self) -> datetime:
        self.shows += timedelta(microseconds=1)
        return self.shows

    def wall(self, span: timedelta) -> timedelta:
        return span

    def uptime(self) -> float:
        return self.runs_s


@pytest.fixture
def store(tmp_path: Path) -> Store:
    found = Store.open(f"sqlite:///{tmp_path / 'store.db'}")
    found.upgrade()
    return found


def beat(store: Store, one: Living) -> frozenset[str]:
    with store.write() as tx:
        return one.beat(tx)


def test_who_stands_still_is_dead_and_who_beats_is_not(store: Store) -> None:
    """What a crashed lendbot had in hand is taken over within seconds, and not from one that is at work."""
    clock = Hands()
    me, other, crashed = Living("inbox", clock), Living("inbox", Hands()), Living("inbox", Hands())
    for each in (other, crashed):
        beat(store, each)
    assert beat(store, me) == {other.name, crashed.name}
    clock.runs_s = DEAD_S - 1
    beat(store, other)
    assert beat(store, me) == {other.name, crashed.name}
    clock.runs_s = DEAD_S
    assert beat(store, me) == {other.name}
    with store.read() as tx:
        assert set(tx.leases.of_kind("inbox ")) == {me.name, other.name}, "a year of crashes is not kept"


def test_a_clock_that_jumps_kills_nobody_and_keeps_nobody_alive(store: Store) -> None:
    """Two hosts whose clocks are hours apart do not take each other's work."""
    mine, theirs = Hands(), Hands(shows=datetime(2026, 3, 2, 3, tzinfo=UTC))
    me, other = Living("inbox", mine), Living("inbox", theirs)
    beat(store, other)
    assert beat(store, me) == {other.name}
    mine.shows += timedelta(hours=2)
    assert beat(store, me) == {other.name}
    theirs.shows -= timedelta(hours=2)
    mine.runs_s = DEAD_S - 1
    beat(store, other)
    assert beat(store, me) == {other.name}
    mine.runs_s = 3 * DEAD_S
    assert beat(store, me) == frozenset()


def test_who_left_is_not_waited_for(store: Store) -> None:
    """A restart goes on at once with what the last process left."""
    me, other = Living("inbox", Hands()), Living("inbox", Hands())
    beat(store, other)
    with store.write() as tx:
        other.leave(tx)
    assert beat(store, me) == frozenset()


def test_another_kind_is_none_of_ours(store: Store) -> None:
    """The worker's lease is nobody's sign of life here, and is not forgotten."""
    me = Living("inbox", Hands())
    with store.write() as tx:
        tx.leases.take("worker", "someone", datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 2, 1, tzinfo=UTC))
    assert beat(store, me) == frozenset()
    with store.read() as tx:
        assert tx.leases.holder("worker") == "someone"
