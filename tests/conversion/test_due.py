"""What the clock does, over our own tables: deadlines, reminders, requests that nobody decided."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from conversion.due import lapse_due, remind_due, return_due
from loans.facts import ExtensionLapsed, Lapsed, Reminded, ReturnOrdered, WhyLapsed, WhyReturn
from loans.lifecycle import Withdraw, advance
from loans.loan import Extension, NodeState, State
from store.db import Store, Tx
from tests.conversion.shelf import GPU, Shelf, a_store
from tests.store.values import HOUR, MINUTE, NOW, a_loan, a_node

UNTIL = NOW + 72 * HOUR


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with a_store(tmp_path) as store:
        yield Shelf(store)


def test_a_loan_goes_home_at_its_deadline_and_not_before(shelf: Shelf) -> None:
    """The promise to Slurm's users is kept to the minute, and so is the one to the workshop."""
    shelf.put(a_loan(state=State.LENT), a_node(1, state=NodeState.LENT), a_node(1, "gpu002", state=NodeState.HOME))
    shelf.at = UNTIL - timedelta(seconds=1)
    assert return_due(shelf.ground) == 0
    shelf.at = UNTIL
    assert return_due(shelf.ground) == 1
    assert (shelf.loan().state, shelf.loan().return_why) == (State.RETURNING, WhyReturn.DEADLINE)
    assert [part.state for part in shelf.parts()] == [NodeState.RETURNING, NodeState.HOME]
    assert shelf.told() == [("lendbot", ReturnOrdered(WhyReturn.DEADLINE))]
    assert return_due(shelf.ground) == 0


def test_a_clock_that_stood_still_is_late_and_loses_nothing(shelf: Shelf) -> None:
    """A weekend without lendbot costs the weekend: on Monday everything that was due happens."""
    shelf.put(a_loan(state=State.LENT), a_node(1, state=NodeState.LENT))
    shelf.put(a_loan(state=State.LENDING), a_node(2, "gpu002", state=NodeState.LENDING))
    shelf.put(a_loan())
    shelf.at = UNTIL + 60 * HOUR
    assert return_due(shelf.ground) == 2
    assert lapse_due(shelf.ground) == 1
    assert [shelf.loan(i).state for i in (1, 2, 3)] == [State.RETURNING, State.RETURNING, State.LAPSED]


@pytest.mark.parametrize("state", sorted(set(State) - {State.LENT, State.LENDING}))
def test_only_what_holds_nodes_is_ordered_home(shelf: Shelf, state: State) -> None:
    """A deadline moves nothing that is on its way, stuck or over already."""
    shelf.put(a_loan(state=state))
    shelf.at = UNTIL + HOUR
    assert return_due(shelf.ground) == 0


def test_a_request_that_nobody_decided_lapses_and_its_asker_hears(shelf: Shelf) -> None:
    """Nobody waits for an answer that never comes."""
    shelf.put(a_loan())
    shelf.at = NOW + 8 * HOUR - MINUTE
    assert lapse_due(shelf.ground) == 0
    shelf.at = NOW + 8 * HOUR
    assert lapse_due(shelf.ground) == 1
    assert (shelf.loan().state, shelf.loan().ended_at) == (State.LAPSED, shelf.at)
    assert [letter.kind for letter in shelf.letters(Lapsed)] == ["requester", "thread"]


def test_a_request_lapses_at_its_deadline_at_the_latest(shelf: Shelf) -> None:
    """A signature after the last hour would lend nothing."""
    shelf.put(a_loan(until=NOW + HOUR))
    shelf.at = NOW + HOUR
    assert lapse_due(shelf.ground) == 1


def test_an_extension_that_nobody_decided_lapses_and_the_deadline_stays(shelf: Shelf) -> None:
    """Silence is no yes."""
    extension = Extension(UNTIL + 24 * HOUR, "U0REQUESTER", NOW, NOW + 8 * HOUR)
    shelf.put(a_loan(state=State.LENT, extension=extension))
    shelf.at = NOW + 8 * HOUR
    assert lapse_due(shelf.ground) == 1
    assert (shelf.loan().state, shelf.loan().until, shelf.loan().extension) == (State.LENT, UNTIL, None)
    [_, thread] = shelf.letters(ExtensionLapsed)
    assert shelf.fact(thread) == ExtensionLapsed(extension.until, WhyLapsed.NOBODY_DECIDED)
    assert lapse_due(shelf.ground) == 0


def test_reminders_come_once_each(shelf: Shelf) -> None:
    """A day and an hour before: two reminders, however often the clock ticks."""
    shelf.put(a_loan(state=State.LENT))
    told = []
    for minutes in range(0, 72 * 60 + 30, 30):
        shelf.at = NOW + minutes * MINUTE
        if remind_due(shelf.ground):
            told.append(UNTIL - shelf.at)
    assert told == [24 * HOUR, HOUR]
    assert {letter.kind for letter in shelf.letters(Reminded)} == {"requester", "thread"}


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (30 * MINUTE, []),
        (HOUR + MINUTE, []),
        (3 * HOUR, [HOUR]),
        (24 * HOUR + MINUTE, [HOUR]),
        (25 * HOUR, [24 * HOUR, HOUR]),
    ],
)
def test_nobody_is_reminded_a_minute_after_lent(shelf: Shelf, left: timedelta, told: list[timedelta]) -> None:
    """The message that said "ready" has just said until when; what comes right behind it is noise."""
    shelf.put(a_loan(state=State.LENT, until=NOW + left, lent_at=NOW))
    heard = []
    while shelf.at < NOW + left:
        if remind_due(shelf.ground):
            heard.append(NOW + left - shelf.at)
        shelf.at += MINUTE
    assert heard == told


def test_a_later_deadline_has_reminders_of_its_own(shelf: Shelf) -> None:
    """Who extended is reminded again."""
    loan = shelf.put(a_loan(state=State.LENT))
    shelf.at = UNTIL - 30 * MINUTE
    assert remind_due(shelf.ground) == 1
    with shelf.store.write() as tx:
        tx.loans.save(replace(loan, until=UNTIL + 12 * HOUR))
    assert remind_due(shelf.ground) == 1


def test_a_class_without_reminders_is_silent(shelf: Shelf) -> None:
    """A site may have none."""
    shelf.classes = {"gpu": replace(GPU, rules=replace(GPU.rules, reminders=()))}
    shelf.put(a_loan(state=State.LENT, until=NOW + HOUR))
    assert remind_due(shelf.ground) == 0


def test_a_loan_from_the_command_line_sends_nobody_a_message(shelf: Shelf) -> None:
    """cli:root has no inbox."""
    shelf.put(a_loan(state=State.LENT, requester="cli:root", until=NOW + HOUR))
    assert remind_due(shelf.ground) == 1
    assert [letter.kind for letter in shelf.letters(Reminded)] == ["thread"]


class Beaten:
    """The real store; between the sweep's read and its first write, somebody else is faster."""

    def __init__(self, store: Store, first: Callable[[Tx], object]) -> None:
        self._store = store
        self._first = [first]
        self.read = store.read

    @contextmanager
    def write(self) -> Iterator[Tx]:
        while self._first:
            with self._store.write() as tx:
                self._first.pop()(tx)
        with self._store.write() as tx:
            yield tx


def test_somebody_who_is_first_is_not_overruled(shelf: Shelf) -> None:
    """A request that is withdrawn while the clock looks stays withdrawn, and the others still lapse."""
    withdrawn, _ = shelf.put(a_loan()), shelf.put(a_loan())
    shelf.at = NOW + 9 * HOUR
    taken_back = advance(withdrawn, Withdraw("U0REQUESTER"), shelf.at)
    store: Any = Beaten(shelf.store, lambda tx: tx.loans.save(taken_back))
    assert lapse_due(replace(shelf.ground, store=store)) == 1
    assert [shelf.loan(i).state for i in (1, 2)] == [State.WITHDRAWN, State.LAPSED]
