"""Messages to send, kept beside the change that they tell of."""

from dataclasses import replace

import pytest

from loans.loan import Loan
from store.db import Store
from store.outbox import Backlog, Letter
from tests.store.values import HOUR, MINUTE, NOW, a_loan


@pytest.fixture
def loan(store: Store) -> Loan:
    with store.write() as tx:
        return tx.loans.add(a_loan())


def put(store: Store, *letters: Letter) -> list[Letter]:
    with store.write() as tx:
        return [tx.outbox.put(letter) for letter in letters]


def change(store: Store, loan: Loan) -> None:
    with store.write() as tx:
        tx.outbox.card(loan.id, NOW)


def due(store: Store) -> tuple[Letter, ...]:
    with store.read() as tx:
        return tx.outbox.due(NOW, 99)


def sent(store: Store, letter: Letter) -> bool:
    with store.write() as tx:
        return tx.outbox.sent(letter, NOW)


def test_a_letter_comes_back_as_it_was_put(store: Store, loan: Loan) -> None:
    """What was to be told is told, and of the fact that it was written for."""
    letters = put(store, Letter("thread", loan.id, "C0HPC", NOW, fact_id=7), Letter("dm", None, "U0REQUESTER", NOW))
    assert due(store) == tuple(letters)
    assert [replace(letter, id=0) for letter in letters] == [
        Letter("thread", loan.id, "C0HPC", NOW, fact_id=7, next_try_at=NOW),
        Letter("dm", None, "U0REQUESTER", NOW, next_try_at=NOW),
    ]


def test_letters_are_sent_in_the_order_in_which_they_were_put(store: Store) -> None:
    """A thread reads in the order of what happened; one that is not due yet does not hold up the others."""
    first, later, second = put(
        store,
        Letter("dm", None, "U0A", NOW),
        Letter("dm", None, "U0B", NOW, next_try_at=NOW + HOUR),
        Letter("dm", None, "U0C", NOW - HOUR),
    )
    with store.read() as tx:
        assert tx.outbox.due(NOW, 99) == (first, second)
        assert tx.outbox.due(NOW, 1) == (first,)
        assert tx.outbox.due(NOW + HOUR, 99) == (first, later, second)


def test_what_was_sent_is_not_sent_again(store: Store) -> None:
    """Nobody reads the same reminder twice."""
    [letter] = put(store, Letter("dm", None, "U0A", NOW))
    assert sent(store, letter)
    assert due(store) == ()


def test_what_failed_is_tried_again_when_it_is_due(store: Store) -> None:
    """A message outlives Slack's outage, and each try is counted so that the waits can grow."""
    [letter] = put(store, Letter("dm", None, "U0A", NOW))
    with store.write() as tx:
        tx.outbox.failed(letter, "ratelimited", NOW + MINUTE)
    assert due(store) == ()
    with store.read() as tx:
        assert tx.outbox.due(NOW + MINUTE, 9) == (replace(letter, tries=1, next_try_at=NOW + MINUTE),)


def test_what_can_never_be_sent_is_dropped(store: Store) -> None:
    """A person who has left does not hold up the queue for ever."""
    [letter] = put(store, Letter("dm", None, "U0GONE", NOW))
    with store.write() as tx:
        assert tx.outbox.dropped(letter, NOW, "user_not_found")
    assert due(store) == ()


def test_many_changes_are_one_card(store: Store, loan: Loan) -> None:
    """A loan that changes fifty times in a second is edited once, and other loans' cards are their own."""
    with store.write() as tx:
        other = tx.loans.add(a_loan())
    for _ in range(3):
        change(store, loan)
    change(store, other)
    assert [(card.kind, card.loan_id, card.wanted) for card in due(store)] == [
        ("card", loan.id, 3),
        ("card", other.id, 1),
    ]


def test_a_change_while_the_card_is_being_sent_leads_to_another_send(store: Store, loan: Loan) -> None:
    """The card never stays at an older state than the loan: the last change always shows."""
    change(store, loan)
    [drawn] = due(store)
    change(store, loan)
    assert not sent(store, drawn)
    [again] = due(store)
    assert sent(store, again)
    assert due(store) == ()


def test_a_change_after_the_card_was_sent_makes_a_new_one(store: Store, loan: Loan) -> None:
    """A card is edited for as long as its loan changes."""
    change(store, loan)
    [first] = due(store)
    assert sent(store, first)
    change(store, loan)
    [second] = due(store)
    assert second.id != first.id


def test_a_card_whose_sending_failed_takes_later_changes_along(store: Store, loan: Loan) -> None:
    """After an outage of an hour the card is sent once, as it is then."""
    change(store, loan)
    [card] = due(store)
    with store.write() as tx:
        tx.outbox.failed(card, "no answer", NOW + MINUTE)
    change(store, loan)
    with store.read() as tx:
        [again] = tx.outbox.due(NOW + MINUTE, 9)
    assert (again.id, again.tries, again.wanted) == (card.id, 1, 2)


def test_a_card_that_changed_while_it_was_dropped_is_tried_again(store: Store, loan: Loan) -> None:
    """The bot is invited to the channel at that very moment: the card is not lost."""
    change(store, loan)
    [card] = due(store)
    change(store, loan)
    with store.write() as tx:
        assert not tx.outbox.dropped(card, NOW, "channel_not_found")
    assert len(due(store)) == 1


def test_a_late_word_about_a_sent_card_changes_nothing(store: Store, loan: Loan) -> None:
    """Two publishers for a moment, after a lease ran out: the second one's word is harmless."""
    change(store, loan)
    [card] = due(store)
    assert sent(store, card)
    assert not sent(store, card)
    with store.write() as tx:
        tx.outbox.failed(card, "late", NOW)
    assert due(store) == ()


def test_the_backlog_says_how_much_waits_and_since_when(store: Store, loan: Loan) -> None:
    """On-call sees that Slack hears nothing from us, and for how long."""
    with store.read() as tx:
        assert tx.outbox.backlog() == Backlog(0, None)
    first, _ = put(store, Letter("dm", None, "U0A", NOW - HOUR), Letter("dm", None, "U0B", NOW))
    change(store, loan)
    with store.read() as tx:
        assert tx.outbox.backlog() == Backlog(3, NOW - HOUR)
    sent(store, first)
    with store.read() as tx:
        assert tx.outbox.backlog() == Backlog(2, NOW)


def test_what_was_sent_long_ago_is_forgotten_and_what_waits_is_not(store: Store) -> None:
    """The store does not grow for ever, and forgetting loses no message."""
    old, _ = put(store, Letter("dm", None, "U0A", NOW - HOUR), Letter("dm", None, "U0B", NOW - HOUR))
    sent(store, old)
    with store.write() as tx:
        assert tx.outbox.forget(NOW) == 0
        assert tx.outbox.forget(NOW + MINUTE) == 1
    assert [letter.to for letter in due(store)] == ["U0B"]


def test_a_clock_that_was_set_back_keeps_no_letter_waiting(store: Store) -> None:
    """A card that was put off by a second is not put off by two hours and a second."""
    with store.write() as tx:
        tx.outbox.put(Letter("oncall", None, "", NOW, next_try_at=NOW + 2 * HOUR))
        tx.outbox.try_now(NOW)
    with store.read() as tx:
        assert len(tx.outbox.due(NOW, 9)) == 1
