"""What was found out there, and what older lendbots kept in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from loans.facts.base import Fact
from loans.nodes import NodeName
from loans.runbook import StepName


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
