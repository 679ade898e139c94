"""Our own store is locked by somebody else, or loses a table, in the middle of every step of a loan."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from conversion.plans import LEND, RETURN, TAKE
from loans.facts import StepStarted
from loans.loan import State
from store.errors import StoreUnavailable
from tests.conversion.rig import Rig
from tests.patience import PATIENCE_S
from tests.stories.bad_days import Ambush, assert_store_is_true, bad_site, go_on, heal
from tests.stories.store_lock import Lock, impatient, lock_on

STEPS = {step.name for plan in (TAKE, LEND, RETURN) for step in plan}


@pytest.fixture(scope="module")
def whole_site() -> Iterator[Rig]:
    with bad_site(impatient) as found:
        yield found


class Table:
    """A table of the store that is not there for a while: a restore that goes wrong, and is then done right."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self.is_away = False

    def take_away(self) -> None:
        self._rename("facts", "kept")
        self.is_away = True

    def bring_back(self) -> None:
        if self.is_away:
            self._rename("kept", "facts")
            self.is_away = False

    def _rename(self, old: str, new: str) -> None:
        with closing(sqlite3.connect(self._database, timeout=PATIENCE_S, isolation_level=None)) as store:
            store.execute(f"ALTER TABLE {old} RENAME TO {new}")


@pytest.fixture
def lock(rig: Rig) -> Iterator[Lock]:
    with lock_on(rig.site.paths / "lendbot.db") as found:
        yield found
    heal(rig)


def test_a_store_that_is_locked_in_the_middle_of_each_step_costs_time_and_nothing_else(rig: Rig, lock: Lock) -> None:
    """What was done on a node while nothing could be written down is found again by asking the node."""

    def asked(loan: int) -> None:
        assert rig.ask(f"status #{loan}").loan.id == loan, "whoever only reads waits for nobody"
        lock.leave()

    live_through(rig, lock.take, lambda: lock.is_held, asked)


def test_a_store_without_a_table_in_the_middle_of_each_step_costs_time_and_no_node(rig: Rig) -> None:
    """ "no such table" is the store's trouble: no node is stuck for it, or replaced, and nobody is told of a bug."""
    table = Table(rig.site.paths / "lendbot.db")
    live_through(rig, table.take_away, lambda: table.is_away, lambda _: table.bring_back())


def live_through(rig: Rig, spring: Callable[[], None], is_on: Callable[[], bool], mend: Callable[[int], None]) -> None:
    """Lend a node and bring it home; each step meets the trouble once, and goes on when it is mended."""
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")
    ambush: Any = Ambush(rig.core.store, loan.id, STEPS, lambda _: spring())
    ground = rig.with_store(ambush)

    def tick_until(*states: str) -> None:
        while rig.loan(loan.id).state not in states:
            with suppress(StoreUnavailable):  # the schedule's jobs take it for a warning, and run again
                go_on(rig, loan.id, lambda: is_on() or rig.loan(loan.id).state in states, ground)
            mend(loan.id)

    tick_until(State.LENT)
    rig.ask(f"give back #{loan.id}")
    tick_until(State.RETURNED)
    assert set(ambush.sprung) == STEPS
    assert len(rig.parts(loan.id)) == 1, "no second node was needed"
    assert_store_is_true(rig, loan.id)
    with rig.core.store.read() as tx:
        journal = tx.facts.journal(loan.id)
    began = [(e.node, e.fact.wave, e.fact.step) for e in journal if isinstance(e.fact, StepStarted)]
    assert len(began) == len(set(began)), "no step was begun twice"
