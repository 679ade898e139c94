"""What the state of its nodes means for a loan. Pure: a loan and its parts in, the next event or wave out."""

from collections.abc import Sequence
from dataclasses import dataclass

from loans.facts import WhyReturn
from loans.lifecycle import Arrive, Event, Home, Jam, Return, Unwound
from loans.loan import NODE_COMING, NODE_MOVING, TAKING_MOVING, Loan, NodeLoan, NodeState, State, Taking, TakingState


@dataclass(frozen=True)
class NewWave:
    """Take so many more nodes, for those that failed."""

    wave: int
    count: int


def next_for(loan: Loan, parts: Sequence[NodeLoan], takings: Sequence[Taking], waves: int) -> Event | NewWave | None:
    """Return what follows for a loan from where its nodes stand; None while something still moves.

    waves   how often nodes may be taken for one loan
    """
    states = {part.state for part in parts}
    if any(t.state in TAKING_MOVING for t in takings):
        return None
    match loan.state:
        case State.LENDING:
            return _replacement(loan, parts, takings, waves) or _lending(states)
        case State.LENT if not states & (NODE_MOVING | {NodeState.LENT}):
            return Return(WhyReturn.ALL_GIVEN_BACK)
        case State.RETURNING if not states & (NODE_MOVING | {NodeState.LENT}):
            return Jam() if NodeState.STUCK in states else Home()
        case _:
            return None


def _replacement(loan: Loan, parts: Sequence[NodeLoan], takings: Sequence[Taking], waves: int) -> NewWave | None:
    missing = loan.count - sum(not part.has_failed for part in parts)
    last = max(takings, key=lambda t: t.wave)
    if missing <= 0 or last.state is TakingState.FAILED or last.wave >= waves:
        return None
    return NewWave(last.wave + 1, missing)


def _lending(states: set[NodeState]) -> Event | None:
    if states & NODE_COMING:
        return None
    if NodeState.LENT in states:
        return Arrive()
    if states & NODE_MOVING:
        return None
    if NodeState.STUCK in states:
        return Jam()
    return Return(WhyReturn.ALL_GIVEN_BACK) if NodeState.HOME in states else Unwound()
