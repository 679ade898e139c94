"""What happened, as typed values: one fact for each thing that did.

Whatever is asked about the past (who decided, why it failed, how long it takes, what is set on a node) is answered by
reading facts (loans/readers), and by nothing else. Facts are not the state: where a loan stands is in its row.

A fact says what happened. Who did it, when, in which loan and on which node is said by the envelope, Told. A field may
be added with a default; what changes the meaning of a field counts VERSION on, and store/old_facts.py learns to read
the one before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Final, Generic, TypeVar

from loans.nodes import NodeName
from loans.runbook import PlanName, StepName


@dataclass(frozen=True)
class Actor:
    """Who did it.

    id     a Slack user id, `cli:<account>` for whoever used the command line, or "lendbot" for what it did by itself
    team   the Slack workspace that the id is of; empty for the other two
    """

    id: str
    team: str = ""


LENDBOT: Final = Actor("lendbot")


@dataclass(frozen=True)
class Fact:
    """What all facts share. VERSION: of the shape in which it is written down."""

    VERSION: ClassVar[int] = 1


# What people say about a loan


@dataclass(frozen=True)
class Requested(Fact):
    """Somebody asked for nodes, in these terms."""

    node_class: str
    count: int
    until: datetime
    starts_at: datetime | None = None
    purpose: str = ""


@dataclass(frozen=True)
class Decided(Fact):
    """An approver decided on a request.

    on   the text that was decided on, as it stood then; empty when it was not kept
    """

    approved: bool
    note: str = ""
    on: str = ""


@dataclass(frozen=True)
class Withdrawn(Fact):
    """The request was taken back before anything had changed."""


class WhyLapsed(StrEnum):
    """Why a request, or a later deadline that was asked for, ended by itself."""

    NOBODY_DECIDED = "nobody decided"
    DEADLINE_PASSED = "deadline passed"
    """The (present) deadline came first."""


@dataclass(frozen=True)
class Lapsed(Fact):
    """The request ended by itself."""

    why: WhyLapsed


@dataclass(frozen=True)
class ExtensionAsked(Fact):
    """Somebody asked for a later deadline. lapses_at: None when it was not kept."""

    until: datetime
    lapses_at: datetime | None = None


@dataclass(frozen=True)
class ExtensionDecided(Fact):
    """An approver decided on a later deadline. until, on: the deadline and the text that were decided on."""

    until: datetime
    granted: bool
    note: str = ""
    on: str = ""


@dataclass(frozen=True)
class ExtensionLapsed(Fact):
    """The later deadline ended undecided."""

    until: datetime
    why: WhyLapsed


@dataclass(frozen=True)
class Forced(Fact):
    """Somebody said that what blocks the node's way home may be removed. blocked: what it was, in its side's words."""

    blocked: str


@dataclass(frozen=True)
class WaitGranted(Fact):
    """Somebody gave a blocked node more time before people are asked again."""

    until: datetime


# How a loan goes


@dataclass(frozen=True)
class Began(Fact):
    """The worker began an approved loan."""


@dataclass(frozen=True)
class Arrived(Fact):
    """Every node that could come has come."""

    arrived: int
    asked: int


@dataclass(frozen=True)
class Failed(Fact):
    """Not one node could be lent, and all are back."""


class WhyReturn(StrEnum):
    """Why the nodes of a loan are sent home."""

    DEADLINE = "deadline"
    ASKED = "asked"
    """The requester said so."""
    RECALLED = "recalled"
    """Somebody else who may said so."""
    ALL_GIVEN_BACK = "all given back"
    """One by one, every node was."""
    AGAIN = "again"
    """A person had a stuck node tried once more."""


@dataclass(frozen=True)
class ReturnOrdered(Fact):
    """All nodes of the loan were sent home."""

    why: WhyReturn


@dataclass(frozen=True)
class Jammed(Fact):
    """Nothing moves any more, and at least one node needs a person."""


@dataclass(frozen=True)
class Home(Fact):
    """The last node is home."""


@dataclass(frozen=True)
class Reminded(Fact):
    """People were told that the deadline is near."""

    until: datetime


# How a node goes


@dataclass(frozen=True)
class Taken(Fact):
    """The node has left Slurm: DOWN+DRAIN with our mark."""

    wave: int


@dataclass(frozen=True)
class NodeArrived(Fact):
    """The node is Ready in Kubernetes, and its DaemonSet pods are."""


@dataclass(frozen=True)
class NodeBroke(Fact):
    """The node did not make it. step: at which it broke, None when it never got to one. why: its side's words."""

    step: StepName | None
    why: str


@dataclass(frozen=True)
class WaveFailed(Fact):
    """A wave of taking came to nothing. step: at which; None when it was called off."""

    wave: int
    step: StepName | None
    why: str


@dataclass(frozen=True)
class NodeReplaced(Fact):
    """Another node takes the place of one that broke."""

    by: NodeName


@dataclass(frozen=True)
class NodeSentHome(Fact):
    """Somebody sent this node home by its name. from_step: where its way home begins; None means the beginning."""

    from_step: StepName | None = None


@dataclass(frozen=True)
class Blocked(Fact):
    """People were asked about a node whose way home has been blocked, or slow, for long.

    by_others   True when only a person or another tenant can change it
    """

    step: StepName
    why: str
    by_others: bool = True


@dataclass(frozen=True)
class GotStuck(Fact):
    """A step failed for good on the way home. step: None when it was none of ours."""

    step: StepName | None
    why: str


@dataclass(frozen=True)
class NodeHome(Fact):
    """The node is usable in Slurm again. was_lent: False for one that broke on the way out."""

    was_lent: bool = True


# What the engine did: its journal, from which a restart resumes


@dataclass(frozen=True)
class StepFact(Fact):
    """One line of the engine's journal. Order for one try: started, then did, then finished or failed.

    run    which plan of that node, or of that wave, counted from 1
    wave   of a plan that takes a wave of nodes: which; None for a node's own
    said   for people: the far side's words, never a secret
    """

    plan: PlanName
    step: StepName
    run: int = 1
    wave: int | None = None
    said: str = ""


@dataclass(frozen=True)
class StepStarted(StepFact):
    """The engine is about to change something; it may or may not have happened."""


@dataclass(frozen=True)
class StepDid(StepFact):
    """The change was made, or asked for; the far side has not confirmed it yet."""


@dataclass(frozen=True)
class StepFinished(StepFact):
    """The far side says that it is so. took: since the first try of the run began; None when that was not kept."""

    took: timedelta | None = None


@dataclass(frozen=True)
class StepFailed(StepFact):
    """The try is over without success."""


# What was changed out there, so that it can be undone


class SlurmChange(StrEnum):
    """A change of Slurm's."""

    RESERVED = "reserved"
    UNRESERVED = "unreserved"
    DRAINED = "drained"
    DOWNED = "downed"
    RESUMED = "resumed"


@dataclass(frozen=True)
class SetInSlurm(Fact):
    """lendbot changed the node in Slurm. mark: the reason that it left, or the name of its reservation."""

    change: SlurmChange
    mark: str = ""


class KubeChange(StrEnum):
    """A change of Kubernetes'."""

    MARKED = "marked"
    """Annotation, labels and taints."""
    CORDONED = "cordoned"
    UNCORDONED = "uncordoned"
    OPENED = "opened for pods"
    """The startup taint was taken off."""
    DELETED = "deleted"


@dataclass(frozen=True)
class MarkedInKubernetes(Fact):
    """lendbot changed the Node object. labels: those that it put there; taints: `key=value:effect`, likewise."""

    change: KubeChange
    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[str, ...] = ()


@dataclass(frozen=True)
class PowerOrdered(Fact):
    """lendbot told the BMC to switch the power."""

    on: bool


# What was found


class Wrong(StrEnum):
    """A way in which the world differs from what the store believes."""

    SCHEDULABLE = "schedulable"
    """A node of a loan that Slurm could use again."""
    OPEN = "open"
    """A node on its way home that Kubernetes could use again."""
    ABSENT = "absent"
    UNMARKED = "unmarked"
    NOT_READY = "not ready"
    ORPHAN = "orphan"
    """Our mark on a node that is in no open loan."""
    LOST_CLASS = "lost class"
    """A loan of a class that the settings do not have."""
    STRANGERS = "stranger's"
    """A lent node with the mark of another loan, or of another lendbot."""
    STOPPED = "stopped"
    """A loan that does not go on until somebody puts something right: another cluster answers, a node has vanished."""
    FORGOTTEN = "forgotten"
    """Marks of this store's own, of loans that it does not know: it was restored from a backup."""
    DAEMONSET = "daemonset"
    """A DaemonSet that is ready on no node: nodes are lent without it."""
    RESERVATION = "reservation"
    """A reservation of ours whose loan has ended."""


@dataclass(frozen=True)
class Mismatch(Fact):
    """The world is not as it should be. what: a sentence."""

    about: Wrong
    what: str


@dataclass(frozen=True)
class ClockSet(Fact):
    """Somebody set lendbot's own clock: forward by so much, or back when it is negative."""

    by: timedelta


@dataclass(frozen=True)
class ClockOff(Fact):
    """A far side's clock is ahead of lendbot's by so much, or behind when it is negative. whose: as people call it."""

    whose: str
    by: timedelta


@dataclass(frozen=True)
class BreakerOpened(Fact):
    """Several nodes of a class have failed at one step for one reason; none is taken in their place.

    tried   how many nodes were, in the time that counts
    loans   those of the class that are on their way out
    until   how long they wait for people to decide
    """

    node_class: str
    step: StepName
    reason: str
    failed: tuple[NodeName, ...]
    tried: int
    loans: tuple[int, ...] = ()
    until: datetime | None = None


class WhyClosed(StrEnum):
    """Why nodes of a class are taken again."""

    ARRIVED = "arrived"
    """The next one that was tried has arrived."""
    GO_ON = "go on"
    SENT_HOME = "sent home"


@dataclass(frozen=True)
class BreakerClosed(Fact):
    """Nodes of a class are taken again in place of those that fail."""

    node_class: str
    why: WhyClosed


@dataclass(frozen=True)
class SideAway(Fact):
    """A far side has not answered for a while. side: as people call it; said: why not, in its first words.

    waiting  how many nodes wait for it; lines: of a side with a line to each node, those that are cut
    """

    side: str
    since: datetime
    said: str
    waiting: int = 0
    loans: tuple[int, ...] = ()
    lines: tuple[NodeName, ...] = ()


@dataclass(frozen=True)
class SideBack(Fact):
    """A far side that was told away answers again."""

    side: str
    since: datetime


@dataclass(frozen=True)
class Noted(Fact):
    """Something of which an older lendbot kept only words. what: its word for it."""

    what: str
    said: str = ""


F_co = TypeVar("F_co", bound=Fact, covariant=True)


@dataclass(frozen=True)
class Told(Generic[F_co]):
    """A fact with its who, when and where. id: its number in the chain, which never repeats; 0 until it is written."""

    fact: F_co
    at: datetime
    who: Actor = LENDBOT
    loan_id: int | None = None
    node: NodeName | None = None
    id: int = 0

    def __post_init__(self) -> None:
        """Refuse a naive instant: it would mean another hour to another reader."""
        if self.at.tzinfo is None:
            raise ValueError(f"a fact knows no naive time: {self.at!r}")


KINDS: Final[Mapping[str, type[Fact]]] = {
    "requested": Requested,
    "decided": Decided,
    "withdrawn": Withdrawn,
    "lapsed": Lapsed,
    "extension_asked": ExtensionAsked,
    "extension_decided": ExtensionDecided,
    "extension_lapsed": ExtensionLapsed,
    "forced": Forced,
    "wait_granted": WaitGranted,
    "began": Began,
    "arrived": Arrived,
    "failed": Failed,
    "return_ordered": ReturnOrdered,
    "jammed": Jammed,
    "home": Home,
    "reminded": Reminded,
    "taken": Taken,
    "node_arrived": NodeArrived,
    "node_broke": NodeBroke,
    "wave_failed": WaveFailed,
    "node_replaced": NodeReplaced,
    "node_sent_home": NodeSentHome,
    "blocked": Blocked,
    "got_stuck": GotStuck,
    "node_home": NodeHome,
    "step_started": StepStarted,
    "step_did": StepDid,
    "step_finished": StepFinished,
    "step_failed": StepFailed,
    "set_in_slurm": SetInSlurm,
    "marked_in_kubernetes": MarkedInKubernetes,
    "power_ordered": PowerOrdered,
    "mismatch": Mismatch,
    "clock_set": ClockSet,
    "clock_off": ClockOff,
    "breaker_opened": BreakerOpened,
    "breaker_closed": BreakerClosed,
    "side_away": SideAway,
    "side_back": SideBack,
    "noted": Noted,
}
"""Every fact by the word that stands for it in the store and in exports. A class may be renamed; its word may not."""
