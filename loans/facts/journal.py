"""What the engine did: its journal, from which a restart resumes. And what it changed out there, so as to undo it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from loans.facts.base import Fact
from loans.runbook import PlanName, StepName


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
