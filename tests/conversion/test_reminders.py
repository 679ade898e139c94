"""Reminders and later deadlines cross each other: what people read is true when they read it, and comes once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.views.news import news
from bot.views.rendered import Rendered
from commands import grammar
from commands.decide import Approve
from commands.desk import Caller, Desk
from commands.look import one_loan
from commands.replies import ExtensionDecided
from conversion import orders
from conversion.due import remind_due, return_due
from loans import facts
from loans.lifecycle import ApproveExtension, AskExtension, Return, advance
from loans.loan import Loan, NodeState, State
from loans.policy import Person
from store.db import Store, Tx
from store.outbox import Letter
from tests.conversion.shelf import Shelf, a_store
from tests.store.values import HOUR, MINUTE, NOW, a_loan, a_node

UNTIL = NOW + 72 * HOUR
LATER = UNTIL + 48 * HOUR


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with a_store(tmp_path) as store:
        found = Shelf(store)
        found.put(a_loan(state=State.LENT), a_node(1, state=NodeState.LENT))
        yield found


def extend(shelf: Shelf) -> None:
    """Ask for a later deadline, and sign it."""
    with shelf.store.write() as tx:
        asked = advance(tx.loans.get(1), AskExtension("U0REQUESTER", LATER, UNTIL), shelf.at)
        tx.loans.save(advance(asked, ApproveExtension("U0APPROVER"), shelf.at))


class Ahead:
    """The real store; somebody else's change comes in just before the first write."""

    def __init__(self, store: Store, change: Callable[[], None]) -> None:
        self._store = store
        self._changes = [change]

    def read(self) -> Any:
        return self._store.read()

    @contextmanager
    def write(self) -> Iterator[Tx]:
        if self._changes:
            self._changes.pop()()
        with self._store.write() as tx:
            yield tx


def desk(shelf: Shelf) -> Desk:
    ground = shelf.ground
    return Desk(ground.store, ground.far, ground.classes, ground.pace, lambda text: (text,), shelf.at)


def drawn(shelf: Shelf, letter: Letter) -> Rendered:
    """Return a letter as it would be sent now."""
    with shelf.store.read() as tx:
        told = tx.facts.get(letter.fact_id or 0)
        assert told is not None
        return news(told, one_loan(tx, tx.loans.get(1), desk(shelf)), {})


def test_a_deadline_that_is_moved_while_its_reminder_is_due_is_not_told_of(shelf: Shelf) -> None:
    """Nobody is told that a loan ends in an hour which was extended in that second."""
    shelf.at = UNTIL - 30 * MINUTE
    ahead: Any = Ahead(shelf.store, lambda: extend(shelf))
    assert remind_due(replace(shelf.ground, store=ahead)) == 0
    assert shelf.letters(facts.Reminded) == []


def test_a_loan_that_goes_home_while_its_reminder_is_due_is_not_told_of(shelf: Shelf) -> None:
    """Return now, pressed in the second of the reminder, is the last word."""
    shelf.at = UNTIL - 30 * MINUTE

    def go() -> None:
        with shelf.store.write() as tx:
            orders.give_back(tx, tx.loans.get(1), shelf.at, facts.WhyReturn.ASKED, facts.Actor("U0REQUESTER"))

    ahead: Any = Ahead(shelf.store, go)
    assert remind_due(replace(shelf.ground, store=ahead)) == 0
    assert shelf.letters(facts.Reminded) == []


def test_a_reminder_that_waits_for_slack_tells_the_deadline_that_holds_then(shelf: Shelf) -> None:
    """Written before the extension, read after it: two more days, not thirty minutes."""
    shelf.at = UNTIL - 30 * MINUTE
    assert remind_due(shelf.ground) == 1
    [letter, _] = shelf.letters(facts.Reminded)
    assert "30 min" in drawn(shelf, letter).text
    extend(shelf)
    said = drawn(shelf, letter).text
    assert "2 days" in said
    assert "30 min" not in said
    assert str(int(LATER.timestamp())) in said
    assert str(int(UNTIL.timestamp())) not in said


def test_an_extension_just_after_a_reminder_brings_the_reminders_of_the_new_deadline_once_each(shelf: Shelf) -> None:
    """Who extended is not nagged about the old deadline, and not forgotten at the new one."""
    told = []
    shelf.at = UNTIL - 2 * HOUR
    remind_due(shelf.ground)
    while shelf.at < LATER:
        if shelf.at == UNTIL - HOUR + 10 * MINUTE:
            extend(shelf)
        if remind_due(shelf.ground):
            told.append(shelf.at)
        assert return_due(shelf.ground) == 0
        shelf.at += 10 * MINUTE
    assert told == [UNTIL - HOUR, LATER - 24 * HOUR, LATER - HOUR]


def test_who_was_just_granted_a_few_hours_more_is_not_reminded_of_them_at_once(shelf: Shelf) -> None:
    """The answer says until when; the next reminder is the one whose time comes after it."""
    shelf.at = UNTIL - 2 * HOUR
    assert remind_due(shelf.ground) == 1
    with shelf.store.write() as tx:
        tx.loans.save(advance(tx.loans.get(1), AskExtension("U0REQUESTER", UNTIL + 8 * HOUR, UNTIL), shelf.at))
    approver = Caller(Person("U0APPROVER", frozenset({"S0APPROVERS"})))
    assert isinstance(grammar.run(Approve(1), approver, desk(shelf)), ExtensionDecided)
    told = []
    while shelf.at < UNTIL + 8 * HOUR:
        if remind_due(shelf.ground):
            told.append(shelf.at)
        shelf.at += 10 * MINUTE
    assert told == [UNTIL + 7 * HOUR]


def test_the_same_second_brings_deadline_and_signature_and_one_of_them_holds(shelf: Shelf) -> None:
    """Signed first, it stays; due first, it goes home. Never both."""
    shelf.at = UNTIL
    ahead: Any = Ahead(shelf.store, lambda: extend(shelf))
    assert return_due(replace(shelf.ground, store=ahead)) == 0
    assert (shelf.loan().state, shelf.loan().until) == (State.LENT, LATER)
    assert return_due(shelf.ground) == 0
    shelf.at = LATER
    assert return_due(shelf.ground) == 1


@pytest.mark.parametrize("by", [None, "U0REQUESTER"], ids=["the deadline", "a person"])
def test_a_return_ends_what_was_asked_for(shelf: Shelf, by: str | None) -> None:
    """No button is left that could turn nodes round on their way home."""
    with shelf.store.write() as tx:
        asked = tx.loans.save(advance(tx.loans.get(1), AskExtension("U0REQUESTER", LATER, UNTIL), shelf.at))
    assert home(asked, by).awaits == ""


def home(loan: Loan, by: str | None) -> Loan:
    return advance(loan, Return("the deadline has come", by), UNTIL + timedelta(seconds=1))
