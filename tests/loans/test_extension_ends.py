"""A later deadline that is asked for ends with the states in which somebody may decide on it."""

import pytest

from loans.lifecycle import TRANSITIONS, ApproveExtension, AskExtension, Event, Jam, Return, Unwound, advance
from loans.loan import State
from tests.store.values import HOUR, NOW, a_loan


@pytest.mark.parametrize(
    ("state", "event"),
    [
        (State.LENDING, Jam()),
        (State.LENDING, Unwound()),
        (State.LENDING, Return("why")),
        (State.LENT, Return("why")),
    ],
    ids=lambda of: type(of).__name__ if not isinstance(of, State) else of.value,
)
def test_what_nobody_may_decide_any_more_does_not_wait_for_a_decision(state: State, event: Event) -> None:
    """A button left in a thread signs nothing, and its presser gets an answer instead of our insides."""
    asked = advance(a_loan(state=state), AskExtension("U0REQUESTER", NOW + 96 * HOUR, NOW + 8 * HOUR), NOW)
    after = advance(asked, event, NOW + HOUR)
    assert ApproveExtension not in TRANSITIONS[after.state]
    assert after.extension is None
    assert after.awaits == ""
