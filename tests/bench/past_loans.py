"""What ten thousand past loans cost the tick of today: its reads of what is due, and a save. Over an empty store."""

import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from loans.facts import StepFinished, StepStarted, Told
from loans.loan import HOLDING, Loan, NodeLoan, NodeState, State
from loans.nodes import NodeName
from loans.runbook import PlanName, StepName
from store.db import Store, Tx
from tests.bench.figures import Figure, median, ms, say

_PAST: Final = 10_000
_ROUNDS: Final = 200
_NOW: Final = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
_STEPS: Final = (StepName.PUPPET, StepName.BOOT)


def measure() -> list[Figure]:
    """Take the same rounds on an empty store and on a full one, in turn: what else the machine does falls on both."""
    with tempfile.TemporaryDirectory(prefix="lendbot-bench-") as scratch:
        empty, full = (_store(Path(scratch) / name) for name in ("empty.db", "full.db"))
        say(f"writing {_PAST:,} past loans")
        with full.write() as tx:
            for number in range(_PAST):
                _remember(tx, number)
        say(f"a tick's reads and a save, {_ROUNDS} times on each store")
        rounds = [(_round_s(empty), _round_s(full)) for _ in range(_ROUNDS)]
        empty.close()
        full.close()
    before, then = (median(took) for took in zip(*rounds, strict=True))
    what = f"what is due, and one save, with {_PAST:,} past loans over an empty store"
    return [Figure(what, f"{ms(then)} over {ms(before)}: {then / before:.2f}")]


def _store(file: Path) -> Store:
    """Return a store with one node on its way."""
    store = Store.open(f"sqlite:///{file}")
    store.upgrade()
    with store.write() as tx:
        loan = tx.loans.add(replace(_loan(_NOW + timedelta(days=1)), state=State.LENDING))
        tx.nodes.add(NodeLoan(loan.id, NodeName("gpu900"), 1, _NOW, _NOW, state=NodeState.LENDING))
    return store


def _remember(tx: Tx, number: int) -> None:
    """Write one loan that is over, of one node, with some lines of journal."""
    until = _NOW - timedelta(hours=number + 1)
    loan = tx.loans.add(replace(_loan(until), state=State.RETURNED, ended_at=until))
    node = NodeName(f"gpu{number % 40:03}")
    tx.nodes.add(NodeLoan(loan.id, node, 1, since=until, look_at=until, state=NodeState.HOME))
    for step in _STEPS:
        tx.facts.tell(Told(StepFinished(PlanName.LEND, step), until, loan_id=loan.id, node=node))


def _loan(until: datetime) -> Loan:
    return Loan("U0REQUEST1", "gpu", 1, until, until - timedelta(hours=3), until)


def _round_s(store: Store) -> float:
    """Return how long a tick's reads and a look's write take."""
    began = time.perf_counter()
    with store.read() as tx:
        tx.loans.in_states([State.APPROVED])
        (loan,) = tx.loans.in_states(sorted(HOLDING))
        tx.takings.due(_NOW)
        (part,) = tx.nodes.due(_NOW)
    with store.write() as tx:
        tx.nodes.save(part)
        tx.facts.tell(Told(StepStarted(PlanName.LEND, StepName.PUPPET), _NOW, loan_id=loan.id, node=part.node))
    return time.perf_counter() - began
