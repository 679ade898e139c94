"""How a loan goes, and how its nodes do."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from loans.facts.base import Fact
from loans.nodes import NodeName
from loans.runbook import StepName


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


@dataclass(frozen=True)
class Taken(Fact):
    """The node has left Slurm: DOWN+DRAIN with our mark."""

    wave: int


@dataclass(frozen=True)
class NodeArrived(Fact):
    """The node is Ready in Kubernetes, and its DaemonSet pods are."""


class Trouble(StrEnum):
    """What a far side did that a node failed by it."""

    REFUSES = "refuses"
    """It said that we may not, for longer than a refusal takes to pass."""
    DISTRUSTED = "distrusted"
    """It could not prove who it is, or we could not: host keys, certificates, files of ours."""
    SILENT = "silent"
    """It did not answer, or put us off, for longer than the step's patience."""
    UNCLEAR = "unclear"
    """It answered what lendbot does not understand."""


@dataclass(frozen=True)
class Cause:
    """What nodes that failed have in common, when it is a far side. side: as a whole, never one node's line to it."""

    trouble: Trouble
    side: str


@dataclass(frozen=True)
class NodeBroke(Fact):
    """The node did not make it.

    step    at which it broke, None when it never got to one
    why     for people, in its side's words
    cause   None when it is the node's own, or the step's
    """

    step: StepName | None
    why: str
    cause: Cause | None = None


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
    """A step failed for good on the way home. step: None when it was none of ours; cause: as of a node that broke."""

    step: StepName | None
    why: str
    cause: Cause | None = None


@dataclass(frozen=True)
class NodeHome(Fact):
    """The node is usable in Slurm again. was_lent: False for one that broke on the way out."""

    was_lent: bool = True
