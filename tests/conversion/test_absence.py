"""What is made of a side that is away: one message when it lasts, one when it is over, and no node taken meanwhile."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from conversion.gate import SLURM, through
from conversion.ports import FarSideError, FarSides, Unreachable
from conversion.sides import Sides
from conversion.worker import Worker
from loans.facts import Fact, SideAway, SideBack
from loans.loan import NodeState, State, TakingState
from loans.nodes import NodeName
from store.errors import StoreBroken
from tests.conversion.rig import InlineCrew
from tests.conversion.shelf import Shelf, a_store
from tests.store.values import HOUR, MINUTE, NOW, a_loan, a_node, a_taking


class NoLooks(InlineCrew):
    """A crew that looks at nothing: there is nothing out there."""

    def go(self, key: Any, look: Any) -> None:
        """Leave it."""


@dataclass
class House:
    """A lendbot whose Slurm may be away, and a clock that the test turns."""

    shelf: Shelf
    is_away: bool = False
    sides: Sides = field(init=False)

    def __post_init__(self) -> None:
        """Listen."""
        self.start()

    def start(self) -> None:
        """Begin as a new process does: it knows nothing of any side."""
        me: Any = self
        self.sides = Sides(lambda: self.shelf.at - NOW)
        self.far = through(FarSides(me, me, me, {}), self.sides)

    def nodes(self) -> dict[str, Any]:
        if self.is_away:
            raise Unreachable(SLURM, "connection refused")
        return {}

    def tick(self, times: int = 1) -> None:
        """Ask Slurm, as looks do, and let the worker tick."""
        crew: Any = NoLooks()
        for _ in range(times):
            with suppress(FarSideError):
                self.far.slurm.nodes()
            Worker(replace(self.shelf.ground, sides=self.sides), crew).tick()
            self.shelf.at += timedelta(seconds=30)

    def told(self, kind: type[Fact]) -> list[Any]:
        return self.shelf.happened(kind)

    def away(self) -> list[str]:
        with self.shelf.store.read() as tx:
            return [each.side for each in tx.away.all()]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Six nodes on their way out, of a loan of seven: one has failed and could be replaced."""
    with a_store(tmp_path) as store:
        shelf = Shelf(store)
        note = "paused: Slurm does not answer (connection refused)"
        parts = [a_node(1, f"gpu{n:03}", state=NodeState.LENDING, note=note) for n in range(6)]
        lost = a_node(1, "gpu006", state=NodeState.UNWOUND)
        shelf.put(a_loan(node_class="gpu", count=7, state=State.LENDING, until=shelf.at + 99 * HOUR), *parts, lost)
        with store.write() as tx:
            tx.takings.add(a_taking(1, 1, state=TakingState.DONE))
        yield House(shelf)


def test_a_side_that_cannot_be_noted_holds_no_loan_up_and_is_no_secret(house: House, tmp_path: Path) -> None:
    """A load balancer's odd words once stopped every loan of the site: a write refused costs that write alone."""
    soon = house.shelf.at + MINUTE
    approved = house.shelf.put(a_loan(state=State.APPROVED, starts_at=house.shelf.at, until=soon + HOUR))
    with closing(sqlite3.connect(tmp_path / "lendbot.db")) as store:
        store.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON away_sides BEGIN SELECT RAISE(ABORT, 'not these words'); END"
        )
    house.is_away = True
    house.tick()
    with pytest.raises(StoreBroken, match="not these words"):
        house.tick()
    assert house.shelf.loan(approved.id).state is State.LENDING


def waves(house: House) -> int:
    with house.shelf.store.read() as tx:
        return len(tx.takings.of(1))


def test_nodes_that_wait_are_one_message_that_counts_and_ends(house: House) -> None:
    """On-call's telephone rings once, and says how many nodes wait, of which loans."""
    house.is_away = True
    house.tick(5)
    assert house.told(SideAway) == [], "two and a half minutes may be a restart"
    house.tick(8)
    [fact] = house.told(SideAway)
    assert (fact.side, fact.said, fact.waiting, fact.loans) == (SLURM, "connection refused", 6, (1,))
    assert fact.since == NOW
    [alarm] = house.shelf.alarms()
    assert (alarm.about, alarm.count) == (SLURM, 6)
    with house.shelf.store.write() as tx:
        tx.nodes.save(replace(tx.nodes.get(1, NodeName("gpu000")), note="running Puppet"))
    house.tick(1)
    [alarm] = house.shelf.alarms()
    assert alarm.count == 5, "it counts who waits now"
    house.is_away = False
    house.tick(2)
    assert house.shelf.alarms() == []
    [back] = house.told(SideBack)
    assert (back.side, back.since) == (SLURM, NOW)
    assert house.away() == []


def test_a_blip_is_told_to_nobody(house: House) -> None:
    """A slurmctld that is restarted wakes no one."""
    house.is_away = True
    house.tick(4)
    assert house.away() == [SLURM]
    house.is_away = False
    house.tick(3)
    assert house.away() == []
    assert (house.told(SideAway), house.told(SideBack)) == ([], [])


def test_no_node_is_taken_in_place_of_another_while_a_side_is_away(house: House) -> None:
    """What broke one node would break the next."""
    house.is_away = True
    for _ in range(2):
        with suppress(FarSideError):
            house.far.slurm.nodes()
    house.tick(4)
    assert waves(house) == 1
    house.is_away = False
    house.tick(3)
    assert waves(house) == 2


def test_a_lendbot_that_is_restarted_meanwhile_does_not_call_it_over(house: House) -> None:
    """A new process has asked nobody yet: that is no answer."""
    house.is_away = True
    house.tick(8)
    house.start()
    crew: Any = NoLooks()
    Worker(replace(house.shelf.ground, sides=house.sides), crew).tick()
    assert house.away() == [SLURM]
    house.tick(5)
    assert len(house.told(SideAway)) == 1
    house.shelf.at += MINUTE
    house.is_away = False
    house.tick(2)
    assert len(house.told(SideBack)) == 1
