"""What Slack's events leave behind, and who does what only one may do."""

import pytest

from loans.loan import Loan
from store.db import Store
from store.drafts import Draft
from store.posts import Post, PostKind
from tests.store.values import HOUR, NOW, a_loan


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


def test_a_key_with_a_far_sides_words_is_a_key(store: Store) -> None:
    """What is told once a day may be a 401's page: NUL and its length keep nothing from being told."""
    page = "mismatch:Kubernetes refuses us: " + "<p>\0Unauthorized" * 5000
    with store.write() as tx:
        assert tx.seen.first(page, NOW)
        assert not tx.seen.first(page, NOW)
        assert tx.seen.first(f"{page}!", NOW), "and another page is another key"


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


def test_a_posting_is_open_from_before_it_is_sent_until_its_end_is_known(store: Store, loan: Loan) -> None:
    """After a crash in between, the message is looked for before another is posted."""
    with store.write() as tx:
        assert not tx.posts.may_be_out(loan.id, PostKind.CARD)
        tx.posts.begin(loan.id, PostKind.CARD, "C0OPS")
    with store.write() as tx:
        assert tx.posts.may_be_out(loan.id, PostKind.CARD)
        assert not tx.posts.may_be_out(loan.id, PostKind.QUESTION)
        assert tx.posts.get(loan.id, PostKind.CARD) is None
        tx.posts.put(loan.id, PostKind.CARD, "C0OPS", "1.1")
        assert not tx.posts.may_be_out(loan.id, PostKind.CARD)
        tx.posts.begin(loan.id, PostKind.CARD, "C0OPS")
        tx.posts.is_not_out(loan.id, PostKind.CARD)
        assert not tx.posts.may_be_out(loan.id, PostKind.CARD)
        found = tx.posts.get(loan.id, PostKind.CARD)
        assert found is not None
        assert found.ts == "1.1"


def test_a_draft_is_found_by_its_key(store: Store) -> None:
    """The button on a preview means the wish that stood above it."""
    what = {"count": 8, "class": "gpu", "until": "2026-11-27T23:59:00-05:00"}
    with store.write() as tx:
        key = tx.drafts.put("U0REQUESTER", what, NOW)
    with store.read() as tx:
        assert tx.drafts.get(key) == Draft("U0REQUESTER", what, NOW)
        store_name, number, word = key.split("-")
        assert store_name == tx.identity.name()
        for other in (f"{store_name}-{number}-{word[::-1]}x", f"{store_name}-{int(number) + 1}-{word}", number, ""):
            assert tx.drafts.get(other) is None
        assert tx.drafts.get(f"zzzz-{number}-{word}") is None
        assert tx.drafts.is_strange(f"zzzz-{number}-{word}")


def test_a_drafts_key_is_never_given_again(store: Store) -> None:
    """An old button must not confirm somebody's new wish."""
    with store.write() as tx:
        old = tx.drafts.put("U0A", {}, NOW - HOUR)
        assert tx.drafts.forget(NOW) == 1
        new = tx.drafts.put("U0B", {}, NOW)
        assert tx.drafts.get(old) is None
    assert int(new.split("-")[1]) > int(old.split("-")[1])
