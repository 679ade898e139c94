"""Our own store is locked by somebody else, for longer than we wait, in the middle of every step of a loan."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from conversion.plans import LEND, RETURN, TAKE
from loans.facts import StepStarted
from loans.loan import State
from store.errors import StoreUnavailable
from tests.conversion.rig import Rig
from tests.stories.bad_days import Ambush, assert_store_is_true, bad_site, go_on, heal
from tests.stories.store_lock import Lock, impatient, lock_on

STEPS = {step.name for plan in (TAKE, LEND, RETURN) for step in plan}


@pytest.fixture(scope="module")
def whole_site() -> Iterator[Rig]:
    with bad_site(impatient) as found:
        yield found


@pytest.fixture
def lock(rig: Rig) -> Iterator[Lock]:
    with lock_on(rig.site.paths / "lendbot.db") as found:
        yield found
    heal(rig)


def test_a_store_that_is_locked_in_the_middle_of_each_step_costs_time_and_nothing_else(rig: Rig, lock: Lock) -> None:
    """What was done on a node while nothing could be written down is found again by asking the node."""
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")
    ambush: Any = Ambush(rig.core.store, loan.id, STEPS, lambda _: lock.take())
    ground = rig.with_store(ambush)

    def tick_until(*states: str) -> None:
        while rig.loan(loan.id).state not in states:
            with suppress(StoreUnavailable):  # the schedule's jobs take it for a warning, and run again
                go_on(rig, loan.id, lambda: lock.is_held or rig.loan(loan.id).state in states, ground)
            assert rig.ask(f"status #{loan.id}").loan.id == loan.id, "whoever only reads waits for nobody"
            lock.leave()

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
