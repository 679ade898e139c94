"""The loan and its parts, as values.

Loan is the promise between people. NodeLoan is one node's part in it. Taking is one wave of nodes that leave Slurm
together. What may happen to them is in lifecycle.py.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from loans.boots import Boot
from loans.facts import WhyReturn
from loans.made_with import MadeWith
from loans.marks import Mark
from loans.nodes import NodeName
from loans.runbook import StepName


class State(StrEnum):
    """Where a loan stands. The states that end in -ing move; the others are at rest."""

    REQUESTED = "requested"
    """Asked for; an approver has to decide before it lapses."""
    APPROVED = "approved"
    """Signed; it starts at the worker's next tick, or at starts_at."""
    LENDING = "lending"
    """Nodes are on their way to Kubernetes."""
    LENT = "lent"
    """Every node that could come is in Kubernetes, until the deadline."""
    RETURNING = "returning"
    """Nodes are on their way home."""
    STUCK = "stuck"
    """At least one node needs a person; all others have arrived somewhere."""
    DECLINED = "declined"
    """An approver said no; nothing has changed anywhere."""
    WITHDRAWN = "withdrawn"
    """Taken back before it began; nothing has changed anywhere."""
    LAPSED = "lapsed"
    """Nobody decided in time."""
    FAILED = "failed"
    """Approved, but not one node could be lent; all are back."""
    RETURNED = "returned"
    """All nodes are home."""


MOVING: Final = frozenset({State.LENDING, State.RETURNING})
ENDED: Final = frozenset({State.DECLINED, State.WITHDRAWN, State.LAPSED, State.FAILED, State.RETURNED})
OPEN: Final = frozenset(State) - ENDED
"""What "open" means to people: something may still become of it."""
HOLDING: Final = frozenset({State.LENDING, State.LENT, State.RETURNING, State.STUCK})
"""The states in which a loan may have nodes."""
UNTIL_DEADLINE: Final = frozenset({State.LENDING, State.LENT})
"""The states that the deadline ends: it is still ahead, and may be extended."""


class NodeState(StrEnum):
    """Where one node of a loan stands."""

    TAKING = "taking"
    """Reserved and draining in Slurm; nothing on the node has changed."""
    LENDING = "lending"
    """Out of Slurm, and on its way into Kubernetes."""
    LENT = "lent"
    """Ready in Kubernetes, and its DaemonSet pods are."""
    UNWINDING = "unwinding"
    """It failed on the way out and goes back to Slurm."""
    UNWOUND = "unwound"
    """It is back in Slurm without having been lent."""
    RETURNING = "returning"
    """On its way out of Kubernetes, through a power cycle, into Slurm."""
    HOME = "home"
    """IDLE in Slurm, and still so a while later."""
    STUCK = "stuck"
    """Out of both worlds; a person has to look."""


NODE_COMING: Final = frozenset({NodeState.TAKING, NodeState.LENDING})
"""On the way into Kubernetes."""
NODE_GOING_HOME: Final = frozenset({NodeState.UNWINDING, NodeState.RETURNING})
"""On the way into Slurm, lent before or not: what blocks them there may be forced or waited for."""
NODE_MOVING: Final = NODE_COMING | NODE_GOING_HOME
NODE_GONE: Final = frozenset({NodeState.UNWOUND, NodeState.HOME})
"""The states in which the loan has no more claim on the node."""
NODE_GAVE_UP: Final = frozenset({NodeState.UNWINDING, NodeState.UNWOUND})
"""It failed on the way out; another may be taken in its place."""
NODE_KEPT_OUT: Final = frozenset({NodeState.LENDING, NodeState.LENT})
"""Our DRAIN has to hold all the while; one that goes home is given to Slurm by its own plan, which looks for jobs."""


@dataclass(frozen=True)
class Decision:
    """Who decided, when, and why if they said so."""

    by: str
    at: datetime
    approved: bool
    note: str = ""


@dataclass(frozen=True)
class Extension:
    """A later deadline that was asked for and awaits its decision."""

    until: datetime
    asked_by: str
    asked_at: datetime
    lapses_at: datetime


AWAITS_REQUEST: Final = "request"


def awaits_deadline(until: datetime) -> str:
    """Return how a button names a later deadline: epoch seconds."""
    return str(int(until.timestamp()))


@dataclass(frozen=True)
class Loan:
    """The promise: requester, purpose, nodes, until.

    id          0 until it is saved; then the number that people say
    requester   a Slack user id, or `cli:<account>` for whoever asked on the command line
    channel     where it was asked, to answer there; None from the command line
    starts_at   None means as soon as it is approved
    store       the name of the store that keeps it; empty on loans that are older than such names
    version     counts saves; a save with a stale one is refused
    ended_at    when it came to one of ENDED
    made_with   what its nodes were taken with; None before it begins, and on loans that are older than this
    """

    requester: str
    node_class: str
    count: int
    until: datetime
    asked_at: datetime
    lapses_at: datetime
    purpose: str = ""
    channel: str | None = None
    starts_at: datetime | None = None
    id: int = 0
    store: str = ""
    state: State = State.REQUESTED
    version: int = 0
    decision: Decision | None = None
    extension: Extension | None = None
    started_at: datetime | None = None
    lent_at: datetime | None = None
    return_why: WhyReturn | None = None
    returned_by: str | None = None
    ended_at: datetime | None = None
    made_with: MadeWith | None = None

    def __post_init__(self) -> None:
        """Refuse naive instants: they would mean another hour to another reader."""
        for moment in (self.until, self.asked_at, self.lapses_at, self.starts_at):
            if moment is not None and moment.tzinfo is None:
                raise ValueError(f"a loan knows no naive time: {moment!r}")

    @property
    def awaits(self) -> str:
        """Return what waits for a decision: AWAITS_REQUEST, a later deadline as awaits_deadline() names it, or nothing.

        A button carries it, so that nobody signs what they have not read.
        """
        if self.state is State.REQUESTED:
            return AWAITS_REQUEST
        return awaits_deadline(self.extension.until) if self.extension else ""

    @property
    def text(self) -> str:
        """Return what is decided on, in plain words and to the second: a decision keeps it."""
        begins = f" from {self.starts_at.isoformat()}" if self.starts_at else ""
        why = f" for {self.purpose}" if self.purpose else ""
        what = f"{self.count} {self.node_class} nodes{begins} until {self.until.isoformat()}{why}"
        return f"{what}, asked by {self.requester} (version {self.version})"

    @property
    def mark(self) -> Mark:
        """Return the mark on all that it holds."""
        return Mark(self.id, self.store)

    @property
    def length(self) -> timedelta:
        """Return how long the nodes are away at most."""
        return self.until - (self.starts_at or self.asked_at)


@dataclass(frozen=True)
class NodeLoan:
    """One node's part in a loan.

    run         counts the plans that the node was sent through, so that a second return has a journal of its own
    step, note  the step at work and what it waits for, in words for the card
    since       when that step began
    waited      how long its present try has been waited for, by a clock that nobody sets: patience is measured by it
    boot        which boot the node was on when lendbot last changed it or cut its power
    look_at     when the worker looks next; a waiting node costs no thread
    blocked     True when it waits for something that only a person or another tenant can change
    ask_at      when people are asked what to do about the blockade; moved by "give it 1 h more"
    forced_by   who said that what blocks may be removed
    """

    loan_id: int
    node: NodeName
    wave: int
    since: datetime
    look_at: datetime
    state: NodeState = NodeState.TAKING
    run: int = 1
    version: int = 0
    step: StepName | None = None
    note: str = ""
    blocked: bool = False
    ask_at: datetime | None = None
    forced_by: str | None = None
    begin_at_step: StepName | None = None
    lent_at: datetime | None = None
    left_at: datetime | None = None
    waited: timedelta = timedelta()
    boot: Boot = field(default_factory=Boot)

    @property
    def has_failed(self) -> bool:
        """Return True when it did not come into Kubernetes, and will not: one that stuck before it was lent counts."""
        return self.state in NODE_GAVE_UP or (self.state is NodeState.STUCK and self.lent_at is None)


class TakingState(StrEnum):
    """Where one wave of taking stands."""

    OPEN = "open"
    ABANDONING = "abandoning"
    """It is over without success, and its reservation has still to go."""
    DONE = "done"
    FAILED = "failed"


TAKING_MOVING: Final = frozenset({TakingState.OPEN, TakingState.ABANDONING})


@dataclass(frozen=True)
class Taking:
    """One wave of nodes that leave Slurm together; waves count from 1, and a replaced node brings another.

    nodes    what Slurm has been asked for, or is about to be, without a certain answer yet: no other loan may have it.
             Once they are reserved they are NodeLoans instead
    waited   how long the present try of its step has been waited for, as NodeLoan's
    """

    loan_id: int
    wave: int
    count: int
    look_at: datetime
    nodes: tuple[NodeName, ...] = ()
    state: TakingState = TakingState.OPEN
    step: StepName | None = None
    note: str = ""
    version: int = 0
    waited: timedelta = timedelta()
