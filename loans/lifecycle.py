"""Every rule about what may happen to a loan, and to a node of it, as two tables.

advance() and move() are the only ways from one state to the next. They do not ask who may (policy.py) nor look at
the world (conversion/).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from loans.facts import WhyReturn
from loans.loan import ENDED, Decision, Extension, Loan, NodeLoan, NodeState, State
from loans.runbook import StepName


@dataclass(frozen=True)
class Approve:
    """An approver signs the request."""

    by: str


@dataclass(frozen=True)
class Decline:
    """An approver says no."""

    by: str
    why: str = ""


@dataclass(frozen=True)
class Withdraw:
    """The requester takes it back before anything has changed."""

    by: str


@dataclass(frozen=True)
class Lapse:
    """Nobody decided in time, or the deadline passed before it could start."""


@dataclass(frozen=True)
class Start:
    """The worker begins."""


@dataclass(frozen=True)
class Arrive:
    """Every node that could come has come."""


@dataclass(frozen=True)
class Unwound:
    """Not one node could be lent, and all are back."""


@dataclass(frozen=True)
class Return:
    """The nodes are to come home: the deadline (by is None), or somebody's word."""

    why: WhyReturn
    by: str | None = None


@dataclass(frozen=True)
class Home:
    """The last node is home."""


@dataclass(frozen=True)
class Jam:
    """Nothing moves any more and at least one node needs a person."""


@dataclass(frozen=True)
class AskExtension:
    """Somebody asks for a later deadline."""

    by: str
    until: datetime
    lapses_at: datetime


@dataclass(frozen=True)
class ApproveExtension:
    """An approver grants it."""

    by: str


@dataclass(frozen=True)
class DropExtension:
    """It was declined (by whom), or lapsed (by is None)."""

    by: str | None = None
    why: str = ""


Event = (
    Approve
    | Decline
    | Withdraw
    | Lapse
    | Start
    | Arrive
    | Unwound
    | Return
    | Home
    | Jam
    | AskExtension
    | ApproveExtension
    | DropExtension
)

_EXTEND: Final[tuple[type[Event], ...]] = (AskExtension, ApproveExtension, DropExtension)


def _with_extension(state: State, ways: Mapping[type[Event], State]) -> Mapping[type[Event], State]:
    return {**ways, **dict.fromkeys(_EXTEND, state)}


TRANSITIONS: Final[Mapping[State, Mapping[type[Event], State]]] = {
    State.REQUESTED: {
        Approve: State.APPROVED,
        Decline: State.DECLINED,
        Withdraw: State.WITHDRAWN,
        Lapse: State.LAPSED,
    },
    State.APPROVED: {Start: State.LENDING, Withdraw: State.WITHDRAWN, Lapse: State.LAPSED},
    State.LENDING: _with_extension(
        State.LENDING,
        {Arrive: State.LENT, Unwound: State.FAILED, Return: State.RETURNING, Jam: State.STUCK},
    ),
    State.LENT: _with_extension(State.LENT, {Return: State.RETURNING}),
    State.RETURNING: {Home: State.RETURNED, Jam: State.STUCK},
    State.STUCK: {Return: State.RETURNING},
    **{state: {} for state in ENDED},
}


class NotAllowed(Exception):  # noqa: N818 - it is a finding about a loan, and reads as one
    """The event does not fit where the loan stands. Carries both, for the sentence that a person reads."""

    def __init__(self, loan: Loan, event: Event) -> None:
        super().__init__(f"loan #{loan.id} is {loan.state}: no {type(event).__name__} from there")
        self.loan = loan
        self.event = event


def may_happen(loan: Loan, event: type[Event]) -> bool:
    """Return True when the event fits where the loan stands."""
    if event in (ApproveExtension, DropExtension) and loan.extension is None:
        return False
    return event in TRANSITIONS[loan.state]


def advance(loan: Loan, event: Event, now: datetime) -> Loan:
    """Return the loan after an event.

    raises   NotAllowed when the table has no such way
    """
    if not may_happen(loan, type(event)):
        raise NotAllowed(loan, event)
    state = TRANSITIONS[loan.state][type(event)]
    moved = replace(_marked(loan, event, now), state=state)
    # Where nobody may decide on it any more, a later deadline is not asked for any more either.
    kept = moved if AskExtension in TRANSITIONS[state] else replace(moved, extension=None)
    return replace(kept, ended_at=now) if state in ENDED else kept


def _marked(loan: Loan, event: Event, now: datetime) -> Loan:
    """Write down what the event says beyond the new state."""
    match event:
        case Approve(by):
            return replace(loan, decision=Decision(by, now, approved=True))
        case Decline(by, why):
            return replace(loan, decision=Decision(by, now, approved=False, note=why))
        case Withdraw(by):
            return replace(loan, returned_by=by)
        case Start():
            return replace(loan, started_at=now)
        case Arrive():
            return replace(loan, lent_at=now)
        case Return(why, by):
            return replace(loan, return_why=why, returned_by=by)
        case AskExtension(by, until, lapses_at):
            return replace(loan, extension=Extension(until, by, now, lapses_at))
        case ApproveExtension() if loan.extension is not None:
            return replace(loan, until=loan.extension.until, extension=None)
        case DropExtension():
            return replace(loan, extension=None)
        case _:
            return loan


@dataclass(frozen=True)
class Taken:
    """The node has left Slurm: DOWN+DRAIN with our mark."""


@dataclass(frozen=True)
class Arrived:
    """The node is Ready in Kubernetes and its DaemonSet pods are."""


@dataclass(frozen=True)
class Broke:
    """A step failed for good on the way out."""

    why: str


@dataclass(frozen=True)
class GiveBack:
    """The node is to come home, beginning at a step when a person says so."""

    from_step: StepName | None = None


@dataclass(frozen=True)
class CameHome:
    """The node is IDLE in Slurm again."""


@dataclass(frozen=True)
class GotStuck:
    """A step failed for good on the way home."""

    why: str


NodeEvent = Taken | Arrived | Broke | GiveBack | CameHome | GotStuck

NODE_TRANSITIONS: Final[Mapping[NodeState, Mapping[type[NodeEvent], NodeState]]] = {
    NodeState.TAKING: {
        Taken: NodeState.LENDING,
        Broke: NodeState.UNWINDING,
        GiveBack: NodeState.RETURNING,
    },
    NodeState.LENDING: {
        Arrived: NodeState.LENT,
        Broke: NodeState.UNWINDING,
        GiveBack: NodeState.RETURNING,
    },
    NodeState.LENT: {GiveBack: NodeState.RETURNING},
    NodeState.UNWINDING: {CameHome: NodeState.UNWOUND, GotStuck: NodeState.STUCK},
    NodeState.RETURNING: {CameHome: NodeState.HOME, GotStuck: NodeState.STUCK},
    NodeState.STUCK: {GiveBack: NodeState.RETURNING},
    NodeState.UNWOUND: {},
    NodeState.HOME: {},
}
NODE_RETURNABLE: Final = frozenset(state for state, ways in NODE_TRANSITIONS.items() if GiveBack in ways)
"""The states from which a person or the deadline sends a node home; the others are on their way, or there."""


class NodeNotAllowed(Exception):  # noqa: N818 - as NotAllowed
    """The event does not fit where the node stands."""

    def __init__(self, node: NodeLoan, event: NodeEvent) -> None:
        super().__init__(f"{node.node} of loan #{node.loan_id} is {node.state}: no {type(event).__name__} from there")
        self.node = node
        self.event = event


def move(node: NodeLoan, event: NodeEvent, now: datetime) -> NodeLoan:
    """Return the node's part after an event; a new plan begins with an empty step and is looked at at once.

    raises   NodeNotAllowed when the table has no such way
    """
    state = NODE_TRANSITIONS[node.state].get(type(event))
    if state is None:
        raise NodeNotAllowed(node, event)
    moved = replace(node, state=state, since=now, look_at=now, step=None, note="", blocked=False, ask_at=None)
    match event:
        case Arrived():
            return replace(moved, lent_at=now)
        case CameHome():
            return replace(moved, left_at=now)
        case Broke(why):
            return replace(moved, note=why, run=node.run + 1)
        case GotStuck(why):
            return replace(moved, step=node.step, note=why)
        case GiveBack(from_step):
            return replace(moved, run=node.run + 1, begin_at_step=from_step, forced_by=None)
        case Taken():
            return moved
