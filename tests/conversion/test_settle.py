"""What the state of its nodes means for a loan, as a table, and for any mixture of nodes."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversion.settle import NewWave, next_for
from loans.facts import WhyReturn
from loans.lifecycle import Arrive, Event, Home, Jam, Return, Unwound, may_happen
from loans.loan import HOLDING, NODE_MOVING, NodeLoan, NodeState, State, Taking, TakingState
from tests.store.values import NOW, a_loan, a_node, a_taking

T, L, K, U, B, R, H, X = (
    NodeState.TAKING,
    NodeState.LENDING,
    NodeState.LENT,
    NodeState.UNWINDING,
    NodeState.UNWOUND,
    NodeState.RETURNING,
    NodeState.HOME,
    NodeState.STUCK,
)


def nodes(*states: NodeState) -> list[NodeLoan]:
    return [a_node(12, f"gpu{i:03}", state=state) for i, state in enumerate(states)]


def waves(*states: TakingState) -> list[Taking]:
    return [a_taking(12, wave, state=state) for wave, state in enumerate(states, 1)]


DONE, OPEN, FAILED, ABANDONING = TakingState.DONE, TakingState.OPEN, TakingState.FAILED, TakingState.ABANDONING
EVERY_NODE_HOME = Return(WhyReturn.ALL_GIVEN_BACK)


@pytest.mark.parametrize(
    ("state", "parts", "takings", "follows"),
    [
        (State.LENDING, (), (OPEN,), None),
        (State.LENDING, (T, T), (OPEN,), None),
        (State.LENDING, (K, L), (DONE,), None),
        (State.LENDING, (K, K), (DONE,), Arrive()),
        (State.LENDING, (K, U), (DONE,), NewWave(2, 1)),
        (State.LENDING, (U, B), (DONE,), NewWave(2, 2)),
        (State.LENDING, (K, B), (DONE, OPEN), None),
        (State.LENDING, (K, B), (DONE, FAILED), Arrive()),
        (State.LENDING, (K, U), (DONE, FAILED), Arrive()),
        (State.LENDING, (B, B), (DONE, FAILED), Unwound()),
        (State.LENDING, (B, U), (DONE, FAILED), None),
        (State.LENDING, (B, X), (DONE, FAILED), Jam()),
        (State.LENDING, (), (FAILED,), Unwound()),
        (State.LENDING, (), (ABANDONING,), None),
        (State.LENDING, (K, B, B, B), (DONE, DONE, DONE, DONE), Arrive()),
        (State.LENT, (K, K), (DONE,), None),
        (State.LENT, (K, H), (DONE,), None),
        (State.LENT, (K, U), (DONE, FAILED), None),
        (State.LENT, (H, R), (DONE,), None),
        (State.LENT, (H, H), (DONE,), EVERY_NODE_HOME),
        (State.LENT, (H, X), (DONE,), EVERY_NODE_HOME),
        (State.RETURNING, (R, H), (DONE,), None),
        (State.RETURNING, (U, H), (DONE,), None),
        (State.RETURNING, (H, H), (DONE,), Home()),
        (State.RETURNING, (H, B), (DONE,), Home()),
        (State.RETURNING, (), (FAILED,), Home()),
        (State.RETURNING, (), (ABANDONING,), None),
        (State.RETURNING, (H, X), (DONE,), Jam()),
        (State.RETURNING, (R, X), (DONE,), None),
        (State.STUCK, (H, X), (DONE,), None),
        (State.APPROVED, (), (), None),
        (State.RETURNED, (H, H), (DONE,), None),
    ],
)
def test_what_follows_from_where_the_nodes_stand(
    state: State, parts: Sequence[NodeState], takings: Sequence[TakingState], follows: Event | NewWave | None
) -> None:
    """A loan says lent, short, stuck or returned exactly when its nodes are."""
    found = next_for(a_loan(id=12, state=state), nodes(*parts), waves(*takings), waves=4)
    assert found == follows


def test_a_loan_takes_nodes_only_so_often() -> None:
    """A broken image does not walk through the whole partition."""
    loan, parts = a_loan(id=12, state=State.LENDING), nodes(B, B)
    assert next_for(loan, parts, waves(DONE, DONE), waves=3) == NewWave(3, 2)
    assert next_for(loan, parts, waves(DONE, DONE, DONE), waves=3) == Unwound()


def test_no_node_is_taken_in_place_of_one_that_was_lent_and_stuck_on_its_way_home() -> None:
    """Whoever gives a node back early has said how many they need: the cluster gets no other for it."""
    loan = a_loan(id=12, state=State.LENDING)
    never_lent, coming = nodes(X, L)
    came_home_badly = replace(never_lent, lent_at=NOW)
    assert next_for(loan, [never_lent, coming], waves(DONE), waves=4) == NewWave(2, 1)
    assert next_for(loan, [came_home_badly, coming], waves(DONE), waves=4) is None


@settings(deadline=None)
@given(
    st.sampled_from(sorted(HOLDING)),
    st.lists(st.sampled_from(NodeState), max_size=6),
    st.lists(st.sampled_from(TakingState), min_size=1, max_size=4),
)
def test_a_loan_never_comes_to_rest_while_a_node_moves_or_is_stuck(
    state: State, parts: list[NodeState], takings: list[TakingState]
) -> None:
    """No loan calls itself returned while one of its nodes is not home, and what follows always fits its state."""
    loan = a_loan(id=12, state=state)
    match next_for(loan, nodes(*parts), waves(*takings), waves=4):
        case Home() | Unwound():
            assert set(parts) <= {B, H}
            assert not {OPEN, ABANDONING} & set(takings)
        case Jam():
            assert X in parts
            assert not NODE_MOVING & set(parts)
        case Arrive():
            assert K in parts
            assert not {T, L} & set(parts)
        case NewWave(wave, count):
            assert (wave, state) == (len(takings) + 1, State.LENDING)
            assert 0 < count <= loan.count
        case None:
            return
        case event:
            assert may_happen(loan, type(event))
