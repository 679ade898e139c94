"""What each open loan has of its class: every state of it, and any order of what may happen to a class's loans."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from loans.book import Book, Pool, Promise
from loans.fits import kept_until_home, latest_deadline, next_time, room_for, room_to_extend
from loans.loan import NODE_GONE, Loan, NodeLoan, NodeState, State
from loans.nodes import NodeName
from loans.promised import Term, Turnaround, promises
from loans.terms import Terms
from tests.store.values import HOUR, MINUTE, NOW, a_loan, a_node

TOOK = Turnaround(out=10 * MINUTE, back=15 * MINUTE)
UNTIL = NOW + 10 * HOUR


def term(loan: Loan) -> Term:
    return Term(loan.id, loan.node_class, loan.count, loan.until, loan.starts_at, loan.state)


def has(state: State, *nodes: str, now: datetime = NOW, **loan: Any) -> list[tuple[int, datetime, datetime | None]]:
    """Return (count, starts, ends) of each promise of a loan with nodes in these states, its count being 4."""
    of = a_loan(id=7, count=4, state=state, until=UNTIL, **loan)
    parts = [a_node(7, f"gpu{n:03}", **_part(node)) for n, node in enumerate(nodes)]
    return [(each.count, each.starts, each.ends) for each in promises(term(of), parts, TOOK, now)]


def _part(said: str) -> dict[str, Any]:
    """Read "stuck", "stuck lent", "returning blocked"."""
    state, *more = said.split()
    return {"state": NodeState(state), "lent_at": NOW if "lent" in more else None, "blocked": "blocked" in more}


def test_a_loan_of_a_later_date_has_its_nodes_from_before_it_begins_until_they_are_home() -> None:
    """The nodes leave Slurm before the workshop and are away after it: both are nobody else's time."""
    assert has(State.APPROVED, starts_at=NOW + HOUR) == [(4, NOW + 50 * MINUTE, UNTIL + 15 * MINUTE)]
    assert has(State.APPROVED) == [(4, NOW, UNTIL + 15 * MINUTE)]
    assert has(State.APPROVED, starts_at=NOW - HOUR) == [(4, NOW, UNTIL + 15 * MINUTE)]


HOME = UNTIL + 15 * MINUTE
SOON = NOW + 15 * MINUTE


@pytest.mark.parametrize(
    ("state", "nodes", "expected"),
    [
        (State.LENDING, (), [(4, HOME)]),
        (State.LENDING, ("taking", "lending", "lent"), [(4, HOME)]),
        (State.LENDING, ("lent", "lent", "lent", "unwinding"), [(4, HOME), (1, SOON)]),
        (State.LENDING, ("lent", "lent", "lent", "stuck"), [(4, HOME), (1, None)]),
        (State.LENDING, ("lent", "lent", "lent", "unwound", "lending"), [(4, HOME)]),
        (State.LENDING, ("lent", "lent", "home", "returning"), [(2, HOME), (1, SOON)]),
        (State.LENT, ("lent", "lent", "unwound"), [(2, HOME)]),
        (State.LENT, ("lent", "lent", "home"), [(2, HOME)]),
        (State.LENT, ("lent", "returning", "returning blocked", "stuck lent"), [(1, HOME), (1, SOON), (2, None)]),
        (State.RETURNING, ("returning", "home"), [(1, SOON)]),
        (State.STUCK, ("stuck lent", "home"), [(1, None)]),
        (State.RETURNING, ("home",), []),
    ],
)
def test_a_loan_that_has_nodes_has_those_and_what_it_still_looks_for(
    state: State, nodes: tuple[str, ...], expected: list[tuple[int, datetime | None]]
) -> None:
    """Given back is given back, failed is replaced, and who needs a person is away until one has looked."""
    assert [(count, ends) for count, _, ends in has(state, *nodes)] == expected


def test_a_loan_that_is_late_is_not_taken_for_home() -> None:
    """Past its deadline a lent node is away for as long as the way home takes, from now on."""
    late = UNTIL + 5 * HOUR
    assert has(State.LENT, "lent", now=late) == [(1, late, late + 15 * MINUTE)]


class Site(RuleBasedStateMachine):
    """A class of ten nodes, floor two, on which people do what people do. Every yes goes by the book."""

    NODES = tuple(NodeName(f"gpu{n:03}") for n in range(10))
    FLOOR = 2

    @initialize()
    def open_(self) -> None:
        self.now = NOW
        self.loans: dict[int, Loan] = {}
        self.parts: dict[int, list[NodeLoan]] = {}

    @property
    def book(self) -> Book:
        found: list[Promise] = []
        for loan in self.loans.values():
            if loan.state not in (State.REQUESTED, State.RETURNED):
                found += promises(term(loan), self.parts[loan.id], TOOK, self.now)
        return Book({"gpu": Pool("gpu", self.FLOOR, frozenset(self.NODES), self.now)}, tuple(found))

    def some(self, *states: State) -> list[int]:
        return [loan.id for loan in self.loans.values() if loan.state in states]

    @rule(count=st.integers(1, 8), begins=st.integers(0, 3), lasts=st.integers(1, 3), at_once=st.booleans())
    def request(self, count: int, begins: int, lasts: int, *, at_once: bool) -> None:
        starts_at = self.now + begins * HOUR if begins else None
        until = self.now + (begins + lasts) * HOUR
        number = len(self.loans) + 1
        self.loans[number] = a_loan(id=number, count=count, starts_at=starts_at, until=until, asked_at=self.now)
        self.parts[number] = []
        if at_once:
            self._decide(self.loans[number])

    @precondition(lambda self: self.some(State.REQUESTED))
    @rule(pick=st.data())
    def approve(self, pick: Any) -> None:
        self._decide(self.loans[pick.draw(st.sampled_from(self.some(State.REQUESTED)))])

    def _decide(self, loan: Loan) -> None:
        terms = Terms("gpu", loan.count, loan.until, loan.starts_at)
        book = self.book
        if loan.until > self.now and room_for(book, terms, TOOK, self.now).count >= loan.count:
            self.loans[loan.id] = replace(loan, state=State.APPROVED)
            self._go_on(self.loans[loan.id])
        elif loan.until > self.now and (later := next_time(book, terms, TOOK, self.now)):
            assert room_for(book, later, TOOK, self.now).count >= loan.count, "what is offered can be had"

    @rule(minutes=st.integers(1, 200))
    def time_passes(self, minutes: int) -> None:
        """Loans begin, end and come home, each at its own minute."""
        end = self.now + timedelta(minutes=minutes)
        while self.now < end:
            ahead = [at for loan in self.loans.values() for at in self._moments(loan) if self.now < at <= end]
            ahead += [at for at in self._homecomings() if self.now < at <= end]
            self.now = min(ahead, default=end)
            self._come_home()
            for loan in list(self.loans.values()):
                self._go_on(loan)

    @staticmethod
    def _moments(loan: Loan) -> list[datetime]:
        return [at for at in (loan.starts_at, loan.until) if at]

    def _homecomings(self) -> list[datetime]:
        parts = [part for parts in self.parts.values() for part in parts]
        return [part.since + TOOK.back for part in parts if part.state is NodeState.RETURNING]

    def _come_home(self) -> None:
        """Bring home each node that has been on its way for as long as that takes, whoever sent it."""
        for loan, parts in self.parts.items():
            is_home = [p.state is NodeState.RETURNING and p.since + TOOK.back <= self.now for p in parts]
            self.parts[loan] = [
                replace(part, state=NodeState.HOME) if so else part for part, so in zip(parts, is_home, strict=True)
            ]

    def _go_on(self, loan: Loan) -> None:
        if loan.state is State.APPROVED and loan.until <= self.now:
            self.loans[loan.id] = replace(loan, state=State.RETURNED)
        elif loan.state is State.APPROVED and (loan.starts_at or self.now) <= self.now:
            self._begin(loan)
        elif loan.state is State.LENT and loan.until <= self.now:
            self.loans[loan.id] = replace(loan, state=State.RETURNING)
            self._move(loan.id, NodeState.LENT, NodeState.RETURNING)

    def _begin(self, loan: Loan) -> None:
        held = {part.node for parts in self.parts.values() for part in parts if part.state not in NODE_GONE}
        free = [node for node in self.NODES if node not in held][: max(0, len(self.NODES) - len(held) - self.FLOOR)]
        self.loans[loan.id] = replace(loan, state=State.LENT)
        self.parts[loan.id] = [self._lent(loan.id, node) for node in free[: loan.count]]

    def _lent(self, loan: int, node: NodeName) -> NodeLoan:
        return a_node(loan, node, state=NodeState.LENT, lent_at=self.now)

    def _move(self, loan: int, come_from: NodeState, to: NodeState, count: int = 99) -> None:
        moving = [part for part in self.parts[loan] if part.state is come_from][:count]
        self.parts[loan] = [
            replace(part, state=to, since=self.now) if part in moving else part for part in self.parts[loan]
        ]

    @precondition(lambda self: self.some(State.LENT))
    @rule(pick=st.data(), hours=st.integers(1, 4))
    def extend(self, pick: Any, hours: int) -> None:
        loan = self.loans[pick.draw(st.sampled_from(self.some(State.LENT)))]
        book, until = self.book, loan.until + hours * HOUR
        count = kept_until_home(book, loan, TOOK, self.now)
        if room_to_extend(book, loan, until, TOOK, self.now).count >= count:
            self.loans[loan.id] = replace(loan, until=until)
        elif latest := latest_deadline(book, loan, count, TOOK, self.now):
            assert room_to_extend(book, loan, latest, TOOK, self.now).count >= count, "what is offered can be had"

    @precondition(lambda self: self.some(State.LENT))
    @rule(pick=st.data(), count=st.integers(1, 8))
    def give_back(self, pick: Any, count: int) -> None:
        self._move(pick.draw(st.sampled_from(self.some(State.LENT))), NodeState.LENT, NodeState.RETURNING, count)

    @precondition(lambda self: self.some(State.LENT, State.RETURNING))
    @rule(pick=st.data())
    def fail(self, pick: Any) -> None:
        """A node gets stuck: what has been promised stands, and nothing new is promised of it."""
        self._move(
            pick.draw(st.sampled_from(self.some(State.LENT, State.RETURNING))), NodeState.RETURNING, NodeState.STUCK, 1
        )

    @precondition(lambda self: self.some(State.REQUESTED, State.APPROVED))
    @rule(pick=st.data())
    def cancel(self, pick: Any) -> None:
        number = pick.draw(st.sampled_from(self.some(State.REQUESTED, State.APPROVED)))
        self.loans[number] = replace(self.loans[number], state=State.RETURNED)

    @invariant()
    def nobody_is_promised_what_is_not_there(self) -> None:
        """At every moment at which anything begins: the nodes that are promised, lost and kept by the floor."""
        promised = [each for each in self.book.promises if each.ends is not None]
        lost = sum(each.count for each in self.book.promises if each.ends is None)
        for at in {each.starts for each in promised}:
            count = sum(each.count for each in promised if each.starts <= at and each.ends and at < each.ends)
            assert count <= len(self.NODES) - self.FLOOR, f"{count} promised at {at}"
            assert count + lost <= len(self.NODES) - self.FLOOR or lost, f"{count} promised at {at}, {lost} lost"


Site.TestCase.settings = settings(max_examples=50, stateful_step_count=40, deadline=None)
TestNoSequenceEverPromisesMoreThanThereIs = Site.TestCase
