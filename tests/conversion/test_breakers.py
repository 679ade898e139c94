"""What becomes of a class of which several nodes have failed alike: no more are taken, said once, until it is over."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from conversion import breakers
from conversion.news import tell
from conversion.worker import Worker
from loans import facts
from loans.facts import BreakerClosed, BreakerOpened, NodeArrived, NodeBroke, WhyClosed
from loans.loan import NodeState, State, TakingState
from loans.nodes import NodeName
from loans.runbook import StepName
from tests.conversion.rig import InlineCrew
from tests.conversion.shelf import Shelf, a_store
from tests.store.values import HOUR, MINUTE, a_loan, a_node, a_taking


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """Keep a loan of three whose nodes are on their way out."""
    with a_store(tmp_path) as store:
        found = Shelf(store)
        parts = [a_node(1, f"gpu00{number}", state=NodeState.LENDING) for number in (1, 2, 3)]
        found.put(a_loan(node_class="gpu", count=3, state=State.LENDING, until=found.at + 99 * HOUR), *parts)
        with store.write() as tx:
            tx.takings.add(a_taking(1, 1, state=TakingState.DONE))
        yield found


def fail(shelf: Shelf, *numbers: int, why: str = "Puppet failed with 6: no mirror") -> None:
    """Let nodes fail, and have them back in Slurm."""
    for number in numbers:
        with shelf.store.write() as tx:
            loan, node = tx.loans.get(1), NodeName(f"gpu00{number}")
            part = tx.nodes.get(1, node)
            tx.nodes.save(replace(part, state=NodeState.UNWOUND))
            tell(tx, NodeBroke(StepName.PUPPET, why), shelf.at, loan=loan, node=node)
            breakers.judge(tx, shelf.ground, loan)


def arrive(shelf: Shelf, number: int) -> None:
    with shelf.store.write() as tx:
        loan, node = tx.loans.get(1), NodeName(f"gpu00{number}")
        tell(tx, NodeArrived(), shelf.at, loan=loan, node=node)
        breakers.arrived(tx, loan, shelf.at)


def settle(shelf: Shelf) -> int:
    """Have the worker settle the loan; return how many waves it has."""
    crew: Any = _NoLooks()
    Worker(shelf.ground, crew).tick()
    with shelf.store.read() as tx:
        return len(tx.takings.of(1))


class _NoLooks(InlineCrew):
    def go(self, key: Any, look: Any) -> None:
        """Look at nothing: there is nothing out there."""


def test_nodes_that_fail_alike_are_not_replaced_and_on_call_reads_it_once(shelf: Shelf) -> None:
    """Nine nodes of Slurm are not rebooted for a mirror that is down."""
    fail(shelf, 1, 2, 3)
    assert settle(shelf) == 1
    [fact] = shelf.happened(BreakerOpened)
    assert [alarm.cause for alarm in shelf.alarms()] == ["breaker:gpu"]
    assert (fact.reason, fact.failed, fact.tried, fact.loans) == ("Puppet failed with 6", ("gpu001", "gpu002"), 2, (1,))
    assert shelf.loan().state is State.LENDING, "it waits for people"


def test_it_is_over_when_the_next_one_arrives(shelf: Shelf) -> None:
    """The mirror is back: nobody has to press anything."""
    fail(shelf, 1, 2)
    assert settle(shelf) == 1
    arrive(shelf, 3)
    [fact] = shelf.happened(BreakerClosed)
    assert fact.why is WhyClosed.ARRIVED
    assert shelf.alarms() == []
    assert settle(shelf) == 2


def test_what_failed_before_somebody_said_go_on_is_forgiven(shelf: Shelf) -> None:
    """It takes two new failures to stop again."""
    fail(shelf, 1, 2)
    shelf.at += MINUTE
    with shelf.store.write() as tx:
        assert breakers.close(tx, "gpu", WhyClosed.GO_ON, shelf.at) is not None
    shelf.at += MINUTE
    fail(shelf, 3)
    assert len(shelf.happened(BreakerOpened)) == 1
    assert settle(shelf) == 2


def test_while_nobody_decides_a_loan_waits_for_an_hour_and_no_longer(shelf: Shelf) -> None:
    """At night nobody presses: the loan comes to an end of its own, and still takes no more nodes."""
    fail(shelf, 1, 2, 3)
    shelf.at += shelf.ground.pace.breaker_asks - timedelta(seconds=1)
    assert settle(shelf) == 1
    assert shelf.loan().state is State.LENDING
    shelf.at += timedelta(seconds=1)
    assert settle(shelf) == 1
    assert shelf.loan().state is State.FAILED


def test_a_job_that_was_faster_is_no_failure_of_a_node(shelf: Shelf) -> None:
    """Nodes that a wave lost to jobs were never tried."""
    for number in (1, 2, 3):
        with shelf.store.write() as tx:
            loan, node = tx.loans.get(1), NodeName(f"gpu00{number}")
            tell(tx, facts.NodeBroke(StepName.QUIET, "still busy"), shelf.at, loan=loan, node=node)
            breakers.judge(tx, shelf.ground, loan)
    assert not shelf.letters(BreakerOpened)
