"""The loan's table: what may follow what, for every state and every event there is, and for any order of them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loans.facts import WhyReturn
from loans.lifecycle import (
    NODE_RETURNABLE,
    NODE_TRANSITIONS,
    TRANSITIONS,
    Approve,
    ApproveExtension,
    Arrive,
    AskExtension,
    Broke,
    CameHome,
    Decline,
    DropExtension,
    Event,
    Home,
    Jam,
    Lapse,
    NotAllowed,
    Return,
    Start,
    Unwound,
    Withdraw,
    advance,
    may_happen,
)
from loans.loan import (
    ENDED,
    HOLDING,
    MOVING,
    NODE_COMING,
    NODE_GOING_HOME,
    NODE_GONE,
    NODE_MOVING,
    OPEN,
    UNTIL_DEADLINE,
    Extension,
    Loan,
    NodeState,
    State,
)
from tests.store.values import HOUR, NOW, a_loan

EVENTS: dict[type, Event] = {
    type(event): event
    for event in (
        Approve("U0APPROVER"),
        Decline("U0APPROVER", "no"),
        Withdraw("U0REQUESTER"),
        Lapse(),
        Start(),
        Arrive(),
        Unwound(),
        Return(WhyReturn.RECALLED, "U0APPROVER"),
        Home(),
        Jam(),
        AskExtension("U0REQUESTER", NOW + 96 * HOUR, NOW + 2 * HOUR),
        ApproveExtension("U0APPROVER"),
        DropExtension("U0APPROVER"),
    )
}
EXTENDED = Extension(NOW + 96 * HOUR, "U0REQUESTER", NOW, NOW + 2 * HOUR)


def loan_in(state: State) -> Loan:
    """A loan of that state, with what its history must have left on it."""
    extension = EXTENDED if state in {State.LENDING, State.LENT} else None
    return a_loan(state=state, extension=extension, ended_at=NOW if state in ENDED else None)


def test_the_tests_know_every_event() -> None:
    """An event that is added later is tried in every state as well."""
    assert set(EVENTS) == set(get_args(Event))


def test_the_table_has_every_state() -> None:
    """No state is forgotten: a loan in it would have neither a way on nor an end."""
    assert set(TRANSITIONS) == set(State)
    assert {state for state, ways in TRANSITIONS.items() if not ways} == ENDED
    assert not MOVING & ENDED
    assert not HOLDING & ENDED
    assert MOVING < HOLDING
    assert HOLDING < OPEN
    assert {state for state, ways in TRANSITIONS.items() if AskExtension in ways} == UNTIL_DEADLINE


def test_each_named_set_of_node_states_is_what_the_table_says() -> None:
    """A state that is added later is not forgotten by whoever asks which nodes come, go home or are gone."""
    ways = {state: set(out) for state, out in NODE_TRANSITIONS.items()}
    assert set(ways) == set(NodeState)
    assert {state for state, out in ways.items() if Broke in out} == NODE_COMING
    assert {state for state, out in ways.items() if CameHome in out} == NODE_GOING_HOME
    assert {state for state, out in ways.items() if not out} == NODE_GONE
    assert set(NodeState) - NODE_MOVING - NODE_GONE == {NodeState.LENT, NodeState.STUCK}
    assert set(NodeState) - NODE_GONE - NODE_GOING_HOME == NODE_RETURNABLE


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("kind", EVENTS)
def test_every_event_in_every_state_is_a_way_of_the_table_or_refused(state: State, kind: type[Event]) -> None:
    """There is no third outcome, so nothing can happen to a loan that the table does not say."""
    loan = loan_in(state)
    if kind in TRANSITIONS[state]:
        assert may_happen(loan, kind)
        assert advance(loan, EVENTS[kind], NOW).state is TRANSITIONS[state][kind]
        return
    assert not may_happen(loan, kind)
    with pytest.raises(NotAllowed) as refused:
        advance(loan, EVENTS[kind], NOW)
    assert (refused.value.loan, refused.value.event) == (loan, EVENTS[kind])


def test_every_state_can_be_reached_and_every_open_one_can_end() -> None:
    """A loan is never in a place without a way out."""
    reached = {State.REQUESTED}
    while more := {to for state in reached for to in TRANSITIONS[state].values()} - reached:
        reached |= more
    assert reached == set(State)
    can_end = set(ENDED)
    while more := {state for state, ways in TRANSITIONS.items() if can_end & set(ways.values())} - can_end:
        can_end |= more
    assert can_end == set(State)


@settings(deadline=None)
@given(st.lists(st.sampled_from(list(EVENTS.values())), max_size=40))
def test_no_sequence_of_events_leaves_the_table_or_moves_what_has_ended(events: list[Event]) -> None:
    """Whatever comes in whatever order: the loan is somewhere, its promise stays, and an end is an end."""
    loan, now = a_loan(), NOW
    for event in events:
        now += timedelta(minutes=1)
        before = loan
        try:
            loan = advance(loan, event, now)
        except NotAllowed:
            assert loan == before
            continue
        assert before.state not in ENDED
        assert loan.state in State
        assert (loan.ended_at is not None) == (loan.state in ENDED)
        assert (loan.requester, loan.count, loan.node_class) == (before.requester, before.count, before.node_class)
        assert loan.until == before.until or isinstance(event, ApproveExtension)
        if loan.state in HOLDING:
            assert loan.decision is not None
            assert loan.decision.approved
        if loan.extension is not None:
            assert loan.state in {State.LENDING, State.LENT}


@settings(deadline=None)
@given(st.lists(st.sampled_from(list(EVENTS.values())), max_size=25))
def test_nobody_is_lent_nodes_without_a_signature(events: list[Event]) -> None:
    """However the events fall, nodes move only after an approver's yes."""
    loan, approved = a_loan(), False
    for event in events:
        if not may_happen(loan, type(event)):
            continue
        approved = approved or isinstance(event, Approve)
        loan = advance(loan, event, NOW)
        assert approved or loan.state not in HOLDING | {State.APPROVED}


def test_what_an_event_says_is_written_down() -> None:
    """Who decided, when and why can be told afterwards."""
    approved = advance(a_loan(), Approve("U0APPROVER"), NOW)
    assert approved.decision is not None
    assert (approved.decision.by, approved.decision.at, approved.decision.approved) == ("U0APPROVER", NOW, True)
    declined = advance(a_loan(), Decline("U0APPROVER", "benchmark"), NOW)
    assert declined.decision is not None
    assert (declined.decision.approved, declined.decision.note, declined.ended_at) == (False, "benchmark", NOW)
    started = advance(approved, Start(), NOW + HOUR)
    lent = advance(started, Arrive(), NOW + 2 * HOUR)
    assert (lent.started_at, lent.lent_at) == (NOW + HOUR, NOW + 2 * HOUR)
    back = advance(lent, Return(WhyReturn.RECALLED, "U0APPROVER"), NOW + 3 * HOUR)
    assert (back.return_why, back.returned_by) == (WhyReturn.RECALLED, "U0APPROVER")


def test_an_extension_changes_the_deadline_only_when_it_is_granted() -> None:
    """Asking is not having: until then the nodes go home when they were promised to."""
    lent = a_loan(state=State.LENT)
    asked = advance(lent, EVENTS[AskExtension], NOW)
    assert (asked.until, asked.extension) == (lent.until, EXTENDED)
    granted = advance(asked, ApproveExtension("U0APPROVER"), NOW)
    assert (granted.until, granted.extension, granted.state) == (EXTENDED.until, None, State.LENT)
    dropped = advance(asked, DropExtension(), NOW)
    assert (dropped.until, dropped.extension) == (lent.until, None)


@pytest.mark.parametrize("event", [ApproveExtension("U0APPROVER"), DropExtension()])
def test_nobody_decides_on_an_extension_that_was_not_asked_for(event: Event) -> None:
    """A stale button moves no deadline."""
    lent = a_loan(state=State.LENT)
    assert not may_happen(lent, type(event))
    with pytest.raises(NotAllowed):
        advance(lent, event, NOW)


def test_a_return_drops_the_extension_that_was_asked_for() -> None:
    """Nodes that go home are not extended by a late click."""
    asked = a_loan(state=State.LENT, extension=EXTENDED)
    assert advance(asked, Return(WhyReturn.RECALLED), NOW).extension is None


@pytest.mark.parametrize("name", ["until", "asked_at", "lapses_at", "starts_at"])
def test_a_naive_instant_is_refused(name: str) -> None:
    """A deadline never means another hour to another reader."""
    naive = datetime(2026, 11, 27, 23, 59)  # noqa: DTZ001 - that is what is refused
    with pytest.raises(ValueError, match="naive"):
        a_loan(**{name: naive})


def test_a_loan_that_starts_later_is_as_long_as_its_nodes_are_away() -> None:
    """A loan from Monday to Friday is not longer because it was asked for today."""
    loan = a_loan(starts_at=NOW + 24 * HOUR, until=NOW + 48 * HOUR)
    assert loan.length == 24 * HOUR
    assert replace(loan, starts_at=None).length == 48 * HOUR
