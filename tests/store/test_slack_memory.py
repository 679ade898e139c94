"""What Slack's events leave behind, and who does what only one may do."""

import pytest

from loans.loan import Loan
from store.db import Store
from store.drafts import Draft
from store.posts import Post, PostKind
from tests.store.values import HOUR, MINUTE, NOW, a_loan


@pytest.fixture
def loan(store: Store) -> Loan:
    with store.write() as tx:
        return tx.loans.add(a_loan())


def test_a_key_is_new_once(store: Store) -> None:
    """The same envelope twice has one effect, across restarts too."""
    with store.write() as tx:
        assert tx.seen.first("event:Ev1", NOW)
        assert not tx.seen.first("event:Ev1", NOW)
    with store.write() as tx:
        assert not tx.seen.first("event:Ev1", NOW + HOUR)
        assert tx.seen.first("event:Ev2", NOW)


def test_old_keys_are_forgotten(store: Store) -> None:
    """The store does not keep every event of a year; a young key stays."""
    with store.write() as tx:
        tx.seen.first("old", NOW - HOUR)
        tx.seen.first("young", NOW)
        assert tx.seen.forget(NOW) == 1
        assert not tx.seen.first("young", NOW)
        assert tx.seen.first("old", NOW)


def test_a_loans_message_is_found_where_it_was_last_posted(store: Store, loan: Loan) -> None:
    """The card is edited in place, and lives on in the new place when it was posted anew."""
    with store.write() as tx:
        assert tx.posts.get(loan.id, PostKind.CARD) is None
        tx.posts.put(loan.id, PostKind.CARD, "C0OLD", "1.1")
        tx.posts.put(loan.id, PostKind.QUESTION, "C0OPS", "3.3")
        tx.posts.put(loan.id, PostKind.CARD, "C0NEW", "2.2")
    with store.read() as tx:
        assert tx.posts.get(loan.id, PostKind.CARD) == Post(loan.id, PostKind.CARD, "C0NEW", "2.2")


def test_a_draft_is_found_by_its_number(store: Store) -> None:
    """The button on a preview means the wish that stood above it."""
    what = {"count": 8, "class": "gpu", "until": "2026-11-27T23:59:00-05:00"}
    with store.write() as tx:
        number = tx.drafts.put("U0REQUESTER", what, NOW)
    with store.read() as tx:
        assert tx.drafts.get(number) == Draft("U0REQUESTER", what, NOW)
        assert tx.drafts.get(number + 1) is None


def test_a_drafts_number_is_never_given_again(store: Store) -> None:
    """An old button must not confirm somebody's new wish."""
    with store.write() as tx:
        old = tx.drafts.put("U0A", {}, NOW - HOUR)
        assert tx.drafts.forget(NOW) == 1
        new = tx.drafts.put("U0B", {}, NOW)
        assert tx.drafts.get(old) is None
    assert new > old


def test_a_lease_has_one_holder_until_it_runs_out(store: Store) -> None:
    """Two processes do not both run the worker; when one dies the other takes over."""
    end = NOW + MINUTE
    with store.write() as tx:
        assert tx.leases.take("worker", "one", NOW, end)
        assert not tx.leases.take("worker", "two", NOW, end)
        assert not tx.leases.take("worker", "two", end - MINUTE / 60, end)
        assert tx.leases.holder("worker") == "one"
        assert tx.leases.take("worker", "two", end, end + MINUTE)
        assert tx.leases.holder("worker") == "two"
        assert not tx.leases.take("worker", "one", end, end + MINUTE)


def test_a_holder_renews_its_lease(store: Store) -> None:
    """Whoever is at work stays at work."""
    with store.write() as tx:
        tx.leases.take("worker", "one", NOW, NOW + MINUTE)
        assert tx.leases.take("worker", "one", NOW, NOW + HOUR)
        assert not tx.leases.take("worker", "two", NOW + MINUTE, NOW + HOUR)


def test_a_released_lease_is_free_at_once(store: Store) -> None:
    """A restart does not wait for the old lease to run out; and nobody gives up another's."""
    with store.write() as tx:
        tx.leases.take("worker", "one", NOW, NOW + HOUR)
        tx.leases.release("worker", "two")
        assert tx.leases.holder("worker") == "one"
        tx.leases.release("worker", "one")
        assert tx.leases.holder("worker") is None
        assert tx.leases.take("worker", "two", NOW, NOW + HOUR)
