"""Loans, kept."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from loans.facts import WhyReturn
from loans.lifecycle import Approve, advance
from loans.loan import Decision, Extension, Loan, State
from loans.made_with import MadeWith
from loans.nodes import Taint
from store.columns import NaiveTime
from store.db import Store
from store.errors import NoSuchLoan, Stale
from tests.store.values import HOUR, NOW, a_loan

FULL = a_loan(
    purpose="FastML workshop, 25 seats — ü, 日本, 🚀",
    channel="C0HPC",
    starts_at=NOW + HOUR,
    state=State.LENT,
    decision=Decision("U0APPROVER", NOW, approved=True, note="fine"),
    extension=Extension(NOW + 90 * HOUR, "U0REQUESTER", NOW + HOUR, NOW + 9 * HOUR),
    started_at=NOW + HOUR,
    lent_at=NOW + 2 * HOUR,
    return_why=WhyReturn.DEADLINE,
    returned_by="U0APPROVER",
    ended_at=NOW + 3 * HOUR,
    made_with=MadeWith(
        slurm_cluster="anvil",
        kube_cluster="6f0c1b9e",
        partition="gpu",
        kube_name="{node}.example",
        role="cloud_compute",
        role_file="/etc/puppet-role",
        run_dir="/run/lendbot",
        power="bmc",
        labels={"lendbot/class": "gpu"},
        taints=(Taint("lendbot/lent", "gpu"),),
        gres={"gpu": 4},
        prepare=(("nvidia-smi", "-mig", "0"),),
    ),
)


def keep(store: Store, loan: Loan) -> Loan:
    with store.write() as tx:
        return tx.loans.add(loan)


@pytest.mark.parametrize("loan", [a_loan(), FULL, replace(FULL, decision=Decision("U0", NOW, approved=False))])
def test_a_loan_comes_back_as_it_was_kept(store: Store, loan: Loan) -> None:
    """Nothing that people agreed on is lost or changed by being remembered."""
    kept = keep(store, loan)
    with store.read() as tx:
        assert kept == replace(loan, id=kept.id, version=1, store=tx.identity.name())
        assert tx.loans.get(kept.id) == kept


def test_every_field_of_a_loan_is_tried_above() -> None:
    """A field that is added to Loan and forgotten by the store fails here, not in a year."""
    plain = Loan("", "", 0, NOW - HOUR, NOW - HOUR, NOW - HOUR)
    untried = [name for name, value in vars(FULL).items() if value == vars(plain)[name]]
    assert untried == ["id", "store", "version"]


def test_a_loan_without_optional_words_does_not_gain_any(store: Store) -> None:
    """An undecided loan must not look decided by nobody."""
    with store.read() as tx, pytest.raises(NoSuchLoan, match="there is no loan #4711"):
        tx.loans.get(4711)
    loan = keep(store, a_loan())
    assert (loan.decision, loan.extension) == (None, None)


def test_an_instant_means_the_same_moment_after_it_was_kept(store: Store) -> None:
    """A deadline that was said in another zone ends at that moment, not an hour off."""
    elsewhere = timezone(timedelta(hours=-5))
    kept = keep(store, a_loan(until=(NOW + HOUR).astimezone(elsewhere)))
    with store.read() as tx:
        until = tx.loans.get(kept.id).until
    assert until == NOW + HOUR
    assert until.utcoffset() == timedelta(0)


def test_a_naive_instant_is_refused(store: Store) -> None:
    """A time without a zone would be another hour for another reader."""
    loan = a_loan(started_at=NOW.replace(tzinfo=None))
    with pytest.raises(NaiveTime, match="naive"):
        keep(store, loan)
    with store.read() as tx:
        assert tx.loans.recent(9) == ()


def test_a_save_counts_the_version_on(store: Store) -> None:
    """Who reads a loan after a save can save it in turn."""
    loan = keep(store, a_loan())
    with store.write() as tx:
        saved = tx.loans.save(advance(loan, Approve("U0APPROVER"), NOW))
        again = tx.loans.save(replace(saved, purpose="changed"))
    assert (saved.version, again.version) == (2, 3)
    with store.read() as tx:
        assert tx.loans.get(loan.id) == again


def test_a_save_of_what_somebody_else_changed_is_refused(store: Store) -> None:
    """Two people press Approve: one wins, the other hears of it, and neither decision is written over."""
    loan = keep(store, a_loan())
    with store.write() as tx:
        won = tx.loans.save(advance(loan, Approve("U0FIRST"), NOW))
    with pytest.raises(Stale, match=f"loan #{loan.id} was changed by somebody else"), store.write() as tx:
        tx.loans.save(advance(loan, Approve("U0SECOND"), NOW))
    with store.read() as tx:
        assert tx.loans.get(loan.id) == won


def test_a_loan_that_was_never_kept_cannot_be_saved(store: Store) -> None:
    """A wrong number is said to be wrong, not stale."""
    with pytest.raises(NoSuchLoan), store.write() as tx:
        tx.loans.save(a_loan(id=99, version=1))


def test_loans_are_found_by_their_state(store: Store) -> None:
    """The worker sees every loan that is to be moved, and no other."""
    asked, lent, ended = (keep(store, a_loan(state=s)) for s in (State.REQUESTED, State.LENT, State.RETURNED))
    with store.read() as tx:
        assert tx.loans.in_states({State.REQUESTED, State.LENT}) == (asked, lent)
        assert tx.loans.in_states([State.RETURNED]) == (ended,)
        assert tx.loans.in_states([]) == ()


def test_recent_loans_are_the_newest_first(store: Store) -> None:
    """`loans` shows what people talk about now."""
    first, second, third = (keep(store, a_loan(requester=who)) for who in ("U0A", "U0B", "U0A"))
    with store.read() as tx:
        assert tx.loans.recent(2) == (third, second)
        assert tx.loans.recent(9, requester="U0A") == (third, first)
