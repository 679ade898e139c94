"""The journal and the audit, kept."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from loans.journal import Entry, EntryKind
from loans.loan import Loan
from loans.nodes import NodeName
from store.audit import Audit
from store.db import Store
from tests.store.values import MINUTE, NOW, a_loan

STARTED, DID, FINISHED, FAILED = EntryKind


@pytest.fixture
def loan(store: Store) -> Loan:
    with store.write() as tx:
        return tx.loans.add(a_loan())


def line(loan: Loan, step: str, kind: EntryKind, at: datetime = NOW, **changes: object) -> Entry:
    return replace(Entry(loan.id, "gpu001", 1, "lend", step, kind, at), **changes)  # type: ignore[arg-type]


def write(store: Store, *entries: Entry) -> None:
    for entry in entries:
        with store.write() as tx:
            tx.journal.write(entry)


def test_the_journal_is_read_in_the_order_in_which_it_was_written(store: Store, loan: Loan) -> None:
    """A restart goes on from the last line, also when two lines bear the same time or a clock went back."""
    written = (
        line(loan, "puppet", STARTED),
        line(loan, "puppet", DID),
        line(loan, "puppet", FAILED, NOW - MINUTE, detail="exit 4: Could not find class ::cloud_compute"),
        line(loan, "puppet", STARTED),
    )
    write(store, *written)
    with store.read() as tx:
        assert tx.journal.of(loan.id) == written


def test_the_journal_is_read_by_subject_and_run(store: Store, loan: Loan) -> None:
    """A second return has a journal of its own, and one node's lines never count for another."""
    first = line(loan, "evict", FINISHED, plan="return")
    again, wave, other = replace(first, run=2), replace(first, subject="take.1"), replace(first, subject="gpu002")
    write(store, first, again, wave, other)
    with store.read() as tx:
        assert tx.journal.of(loan.id, "gpu001") == (first, again)
        assert tx.journal.of(loan.id, "gpu001", 2) == (again,)
        assert tx.journal.of(loan.id, "take.1", run=1) == (wave,)
        assert tx.journal.of(4711) == ()


def test_rubbish_from_a_node_is_kept_as_well_as_can_be(store: Store, loan: Loan) -> None:
    """A node that answers rubbish must not keep the journal from saying that it failed."""
    write(store, line(loan, "puppet", FAILED, detail="a\0b\udcffc ü 🚀"))
    with store.read() as tx:
        assert tx.journal.of(loan.id)[0].detail == "a\ufffdb\ufffdc ü 🚀"


def test_spans_say_how_long_each_step_took_newest_first(store: Store, loan: Loan) -> None:
    """The estimate on the card comes from what really happened lately, retries included."""
    for run, minutes in enumerate((1, 2, 3), start=1):
        begin, end = NOW + run * MINUTE, NOW + run * MINUTE + minutes * MINUTE
        write(
            store,
            line(loan, "puppet", STARTED, begin, run=run),
            line(loan, "puppet", FAILED, begin, run=run),
            line(loan, "puppet", STARTED, begin + timedelta(seconds=1), run=run),
            line(loan, "puppet", FINISHED, end, run=run),
        )
    with store.read() as tx:
        assert tx.journal.spans("gpu", "lend", 9) == {"puppet": (3 * MINUTE, 2 * MINUTE, MINUTE)}
        assert tx.journal.spans("gpu", "lend", 2) == {"puppet": (3 * MINUTE, 2 * MINUTE)}


def test_spans_are_of_one_class_and_one_plan(store: Store, loan: Loan) -> None:
    """What a big-memory node needs to boot says nothing about a GPU node."""
    with store.write() as tx:
        other = tx.loans.add(a_loan(node_class="bigmem"))
    for owner, plan, step in ((loan, "return", "evict"), (other, "lend", "puppet"), (loan, "lend", "join")):
        write(store, line(owner, step, STARTED, plan=plan), line(owner, step, FINISHED, NOW + MINUTE, plan=plan))
    write(store, line(loan, "ready", STARTED), line(loan, "unstarted", FINISHED))
    with store.read() as tx:
        assert tx.journal.spans("gpu", "lend", 9) == {"join": (MINUTE,)}
        assert tx.journal.spans("cpu", "lend", 9) == {}


def test_the_audit_tells_a_loan_and_a_node_their_history(store: Store, loan: Loan) -> None:
    """Months later it can be said who allowed what, and what was done to a node."""
    gpu1 = NodeName("gpu001")
    approved = Audit(NOW, "U0APPROVER", "approve", loan.id, detail="fine")
    took = Audit(NOW, "lendbot", "take", loan.id, gpu1)
    looked = Audit(NOW, "cli:root", "doctor")
    with store.write() as tx:
        for row in (approved, took, looked):
            tx.audit.write(row)
    with store.read() as tx:
        assert tx.audit.of(loan.id) == (approved, took)
        assert tx.audit.of_node(gpu1) == (took,)
        assert tx.audit.recent(2) == (looked, took)
