"""Loans that race for the last nodes above the floor: on a Slurm of values, many times, and once on the whole site."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread

from conversion import orders
from conversion.crew import Crew
from conversion.worker import Worker
from loans.facts import Decided, WaveFailed
from loans.lifecycle import Approve
from loans.loan import Loan, NodeState, State
from tests.conversion.rig import Rig, rigged
from tests.races.__main__ import told
from tests.races.race import race
from tests.stories.bad_days import PATIENCE_S, assert_invariants, happened

_GONE = {"DRAIN", "DOWN", "RESERVED"}


def test_twenty_races_end_with_every_floor_kept_and_every_loan_at_rest() -> None:
    """However jobs, staff, lost answers and other loans come in between: `python -m tests.races` tells of 300."""
    outcomes = [race(seed) for seed in range(1, 21)]
    assert sum(outcome.killed for outcome in outcomes) == 0
    assert sum(outcome.took for outcome in outcomes) > 50, told(outcomes)
    assert sum(outcome.states[State.LENT] for outcome in outcomes) > 10, told(outcomes)


def test_of_eight_loans_that_are_approved_at_once_the_floor_lets_go_what_it_can_spare() -> None:
    """24 nodes, a floor of 9, 32 nodes asked for: 15 go, 9 stay at every moment, and who gets none is told why."""
    with rigged(_with_floor_of_nine, gpu_nodes=24, cpu_nodes=0, busy=0.0, speed=900.0) as rig:
        loans = [signed_past_the_book(rig, 4) for _ in range(8)]
        with watching(rig) as fewest:
            tick_with_a_crew(rig, loans)
        assert fewest == [9]
        lent = [part.node for loan in loans for part in rig.parts(loan) if part.state is NodeState.LENT]
        assert len(lent) == len(set(lent)) == 15
        assert_invariants(rig)
        for loan in loans:
            if rig.loan(loan).state is State.FAILED:
                assert {told.fact.why for told in happened(rig, loan) if isinstance(told.fact, WaveFailed)} == {
                    "the floor of 9 keeps the last 9 idle gpu nodes in Slurm (for 30 min)"
                }


def signed_past_the_book(rig: Rig, count: int) -> int:
    """Sign a loan as if there were no book: the floor has to hold by itself."""
    now = rig.ground.now()
    with rig.core.store.write() as tx:
        loan = tx.loans.add(Loan("U0REQUEST1", "gpu", count, now + timedelta(days=9), now, now + timedelta(hours=8)))
        orders.record(tx, loan, Approve("U0APPROVE1"), now, Decided(approved=True, note="", on=loan.text))
    return loan.id


def tick_with_a_crew(rig: Rig, loans: list[int]) -> None:
    """Work with real threads until every loan is lent or has failed."""
    crew = Crew(16)
    worker, deadline = Worker(rig.ground, crew), time.monotonic() + PATIENCE_S
    try:
        while not {rig.loan(loan).state for loan in loans} <= {State.LENT, State.FAILED}:
            assert time.monotonic() < deadline, [rig.loan(loan).state for loan in loans]
            rig.lease.take()
            worker.tick()
    finally:
        assert crew.close(timedelta(seconds=PATIENCE_S))


@contextmanager
def watching(rig: Rig) -> Iterator[list[int]]:
    """Count, again and again, the nodes that users can use, as the site sees them. Yields the fewest, in a list."""
    fewest, is_over = [len(rig.room())], Event()

    def count() -> None:
        while not is_over.wait(0.005):
            states = [set(node["slurm"]["state"].split("+")) for node in rig.room().values()]
            fewest[0] = min(fewest[0], sum(not state & _GONE for state in states))

    watcher = Thread(target=count)
    watcher.start()
    try:
        yield fewest
    finally:
        is_over.set()
        watcher.join()


def _with_floor_of_nine(toml: str) -> str:
    return re.sub(r"(?m)^floor = \d+", "floor = 9", toml)
