"""What a step is: one change made to a node, with a way to ask whether it is so.

Every step may run twice: the engine asks `done` before and after `do`, and a restart begins with `done` again. A step
knows nothing of retries, threads or the journal.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from conversion.memory import NO_MEMORY, Memory
from conversion.pace import Pace
from conversion.ports import FarSides, Power
from loans.boots import Boot
from loans.classes import NodeClass
from loans.facts import StepFact, Told, Wrong
from loans.loan import Loan, NodeLoan, NodeState, Taking
from loans.marks import Mark
from loans.nodes import NodeName
from loans.runbook import StepName
from loans.selection import Choice


@dataclass(frozen=True)
class Done:
    """The far side says that it is so. detail: worth telling, or empty."""

    detail: str = ""


@dataclass(frozen=True)
class NotYet:
    """It is not so yet.

    blocked   only a person or another tenant can change that
    then      what lendbot does about it, said only while it waits
    """

    why: str
    blocked: bool = False
    then: str = ""


Seen = Done | NotYet


class TryIsOver(Exception):  # noqa: N818 - it names what happened to the step
    """The far side says that this try is over: no use in waiting. The text is a sentence for people."""


class Held(Exception):  # noqa: N818 - as TryIsOver
    """What was found concludes nothing, and going on could harm: people have to look. The text is a sentence for them.

    No patience is spent meanwhile, and nothing is undone.
    """


@dataclass(frozen=True)
class NodeWork:
    """All that a step of one node may touch.

    journal     the node's in this loan, every run
    waited      how long the present try of the step has been waited for
    note_boot   writes down which boot the node is on, before something there is changed or its power is cut
    memory      what the loan has set in Slurm
    """

    loan: Loan
    node_class: NodeClass
    part: NodeLoan
    far: FarSides
    pace: Pace
    journal: Sequence[Told[StepFact]]
    now: datetime
    waited: timedelta
    note_boot: Callable[[Boot], None]
    memory: Memory = NO_MEMORY

    @property
    def node(self) -> NodeName:
        """Return the node's name in Slurm, which is also the one that SSH and the BMC know."""
        return self.part.node

    @property
    def kube_name(self) -> str:
        """Return the node's name in Kubernetes."""
        return self.node_class.kube_name_of(self.node)

    @property
    def power(self) -> Power:
        """Return what switches the loan's BMCs; a loan whose settings have lost it stands still (lost_classes.py)."""
        return self.far.powers[self.node_class.power]


@dataclass(frozen=True)
class TakeWork:
    """All that a step of taking may touch.

    parts    every node that this wave has claimed, in name order, given up or not; empty until then
    choose   picks nodes as Slurm stands now, and holds them for the wave in the same transaction
    let_go   ends that hold, when Slurm has said for certain that it did not reserve them
    claim    writes the nodes of the reservation down as this loan's, or says in a sentence why they must not go;
             calling it twice is fine
    drop     gives one node of the wave up, with the reason
    memory   what the loan has set in Slurm
    """

    loan: Loan
    node_class: NodeClass
    taking: Taking
    parts: tuple[NodeLoan, ...]
    far: FarSides
    pace: Pace
    now: datetime
    choose: Callable[[], Choice]
    let_go: Callable[[], None]
    claim: Callable[[Sequence[NodeName]], str]
    drop: Callable[[NodeName, str], None]
    memory: Memory = NO_MEMORY

    @property
    def nodes(self) -> tuple[NodeName, ...]:
        """Return those of this wave that are still wanted, in name order."""
        return tuple(part.node for part in self.parts if part.state is NodeState.TAKING)


W = TypeVar("W", NodeWork, TakeWork)


@dataclass(frozen=True)
class Scene:
    """What is looked at once more right before nodes are changed.

    mark     the loan's
    forced   an approver said that pods which block may be removed
    """

    mark: Mark
    node_class: NodeClass
    far: FarSides
    nodes: tuple[NodeName, ...] = ()
    forced: bool = False

    def of(self, far: FarSides, nodes: Sequence[NodeName]) -> "Scene":
        """Return it with what is asked, and with the nodes that a call names; one that names none means all."""
        return replace(self, far=far, nodes=tuple(nodes) or self.nodes)

    def kube_name(self, node: NodeName) -> str:
        """Return a node's name in Kubernetes."""
        return self.node_class.kube_name_of(node)


@dataclass(frozen=True)
class Ask:
    """What must be so, in the look in which a step acts. says: for the runbook, after "makes sure that"."""

    says: str
    check: Callable[[Scene], Seen]


@dataclass(frozen=True)
class Promise(Generic[W]):
    """What an earlier step made, and every later look holds.

    says     for the runbook, after "holds"
    about    what is wrong when it is lifted
    lifted   what somebody undid, as a sentence; empty when it stands
    restore  makes it so again; it harms nobody
    """

    says: str
    about: Wrong
    lifted: Callable[[W], str]
    restore: Callable[[W], None]


@dataclass(frozen=True)
class Step(Generic[W]):
    """One change.

    name        as the journal and the card say it
    done        asks the far side, or the store; changes nothing in either
    do          changes it, or asks for the change; None when the step only waits. What it returns, if anything, is an
                answer read after the change
    tries       how often `do` (or the wait) may fail before the plan fails
    ask_first   False when `done` could be true for an old reason, so that `do` must run at least once
    repeats     True when every look runs `do` again (eviction: ask each pod until it is gone)
    rewind_to   the step from which a new try begins; None means this one
    endless     True when it waits for people rather than give up; they are asked after pace.ask_after
    late        what to do when patience ends, instead of failing
    stands_until  the last step at which what this one made is still so; None when it stays. Who has a run begin later
                than this one is asked for it up to there
    asks        what the far sides are asked right before a change that can end a job or a pod, or lets new ones come
    keeps       what is looked at first at each look, and put back when somebody lifted it
    """

    name: StepName
    done: Callable[[W], Seen]
    do: Callable[[W], Seen | None] | None = None
    tries: int = 1
    ask_first: bool = True
    repeats: bool = False
    rewind_to: StepName | None = None
    endless: bool = False
    late: Callable[[W], Seen] | None = None
    stands_until: StepName | None = None
    asks: tuple[Ask, ...] = ()
    keeps: tuple[Promise[W], ...] = ()


Plan = tuple[Step[W], ...]


def look_every_of(step: Step[W], pace: Pace) -> timedelta:
    """Return how long to wait between two looks at a step that is not done."""
    return pace.evict_every if step.repeats else pace.look_every
