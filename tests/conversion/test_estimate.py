"""How long a conversion takes: medians over past runs of the same class, and silence until there are any."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from conversion.estimate import Estimate, estimate
from loans.facts import StepFailed, StepFinished, StepStarted, Told
from loans.nodes import NodeName
from loans.readers.usual import PAST_RUNS
from loans.runbook import PlanName, StepName
from tests.conversion.shelf import Shelf, a_store
from tests.store.values import MINUTE, NOW, a_loan


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with a_store(tmp_path) as store:
        yield Shelf(store)


def ran(shelf: Shelf, node: str, plan: PlanName = PlanName.LEND, **minutes: float) -> None:
    """Write a run of a node of loan #1: so many minutes a step."""
    with shelf.store.write() as tx:
        for step, took in minutes.items():
            fact = StepFinished(plan, StepName(step), took=took * MINUTE)
            tx.facts.tell(Told(fact, NOW, loan_id=1, node=NodeName(node)))


def estimated(shelf: Shelf, node_class: str = "gpu") -> Estimate:
    with shelf.store.read() as tx:
        return estimate(tx, node_class)


def test_there_is_no_estimate_before_there_is_a_past(shelf: Shelf) -> None:
    """No number is better than an invented one."""
    assert estimated(shelf) == Estimate(None, None, {})


def test_the_median_counts_so_that_one_bad_night_does_not(shelf: Shelf) -> None:
    """What people are told is what usually happens."""
    shelf.put(a_loan())
    for number, took in enumerate((2, 3, 90)):
        ran(shelf, f"gpu{number:03}", Puppet=took, usable=1)
    ran(shelf, "gpu000", PlanName.RETURN, settle=5)
    found = estimated(shelf)
    assert found.steps == {"Puppet": 3 * MINUTE, "usable": MINUTE, "settle": 5 * MINUTE}
    assert (found.lend, found.back) == (4 * MINUTE, 5 * MINUTE)


def test_half_a_run_promises_nothing(shelf: Shelf) -> None:
    """In the first loan of a class nobody reads "about 1 min left" while Puppet has only begun."""
    shelf.put(a_loan())
    ran(shelf, "gpu001", role=1, Puppet=2)
    found = estimated(shelf)
    assert (found.lend, found.back) == (None, None)
    assert found.steps["Puppet"] == 2 * MINUTE


def test_a_run_that_never_finished_teaches_nothing(shelf: Shelf) -> None:
    """A failed step has no length."""
    shelf.put(a_loan())
    with shelf.store.write() as tx:
        for kind in (StepStarted, StepFailed):
            tx.facts.tell(Told(kind(PlanName.LEND, StepName.PUPPET), NOW, loan_id=1, node=NodeName("gpu001")))
    assert estimated(shelf) == Estimate(None, None, {})


def test_each_class_has_a_past_of_its_own(shelf: Shelf) -> None:
    """A cpu node says nothing about how long GPUs take."""
    shelf.put(a_loan(node_class="cpu"))
    ran(shelf, "cpu001", usable=1)
    assert estimated(shelf).lend is None
    assert estimated(shelf, "cpu").lend == MINUTE


def test_only_the_latest_runs_count(shelf: Shelf) -> None:
    """A new image shows within days."""
    shelf.put(a_loan())
    for number in range(PAST_RUNS):
        ran(shelf, f"old{number:03}", usable=9)
    for number in range(PAST_RUNS):
        ran(shelf, f"gpu{number:03}", usable=2)
    assert estimated(shelf).lend == timedelta(minutes=2)
