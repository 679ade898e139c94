"""What a node looks like from each world, and what may be concluded from it.

Decides when a node is free, drained, lent or schedulable. Knows nothing of how the answers were got; a state that it
has no word for is never taken for a safe one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum
from typing import Final, NewType

from loans.marks import Mark
from loans.reasons import DEFAULT_SLURM_USER, authors_words

NodeName = NewType("NodeName", str)


@dataclass(frozen=True)
class SlurmNode:
    """One node as Slurm reports it.

    base        Slurm's base state in capitals: IDLE, ALLOCATED, MIXED, DOWN, UNKNOWN, FUTURE, ERROR
    flags       what stands behind it: DRAIN, NOT_RESPONDING, COMPLETING, RESERVED, MAINTENANCE, POWERED_DOWN ...
    reason      without Slurm's `[user@time]`, which is in reason_by and reason_at
    slurm_user  the account that slurmctld itself writes as (SlurmUser)
    gres        configured generic resources by name, counted: {"gpu": 4}
    boot_time   aware; None when Slurm has never heard from slurmd
    unread      what of it could not be read, or that it was not named; base is UNKNOWN then. Empty for all that is fine
    """

    name: NodeName
    base: str
    flags: frozenset[str] = frozenset()
    partitions: frozenset[str] = frozenset()
    features: frozenset[str] = frozenset()
    gres: Mapping[str, int] = field(default_factory=dict)
    reason: str | None = None
    reason_by: str | None = None
    reason_at: datetime | None = None
    boot_time: datetime | None = None
    slurmd_start: datetime | None = None
    slurm_user: str = DEFAULT_SLURM_USER
    unread: str = ""

    @property
    def state(self) -> str:
        """Return the state as Slurm writes it: `IDLE+DRAIN`."""
        return "+".join([self.base, *sorted(self.flags)])


class FlagMeans(Enum):
    """What a flag behind Slurm's base state tells of the node."""

    KIND = "what kind of node it is, not how it is"
    IN_USE = "Slurm's own: jobs run on it, or will"
    AWAY = "no job may start on it, or nobody knows that one may"


FLAGS: Final[Mapping[str, FlagMeans]] = {
    # How the node came to Slurm. It stays on it for life and is nobody's say.
    "CLOUD": FlagMeans.KIND,
    "DYNAMIC": FlagMeans.KIND,  # 21.08's word for DYNAMIC_FUTURE
    "DYNAMIC_FUTURE": FlagMeans.KIND,  # a FUTURE node that a slurmd has claimed
    "DYNAMIC_NORM": FlagMeans.KIND,  # registered itself with `slurmd -Z`: every node of Slinky and soperator
    # Jobs have it, or get it next.
    "COMPLETING": FlagMeans.IN_USE,  # an epilog runs; the next job follows
    "PLANNED": FlagMeans.IN_USE,  # backfill has put a job there that has not started
    "RESERVED": FlagMeans.IN_USE,  # its reservation's jobs run there; one of ours is known by its name, not by this
    # A person or Slurm keeps jobs away.
    "DRAIN": FlagMeans.AWAY,
    "FAIL": FlagMeans.AWAY,  # "do not allocate new work"
    "MAINTENANCE": FlagMeans.AWAY,  # a reservation with Flags=MAINT, for people who work on the machine
    "BLOCKED": FlagMeans.AWAY,  # a neighbour's job has the whole of its topology block to itself (24.05)
    # slurmd is not there, or was not believed.
    "NOT_RESPONDING": FlagMeans.AWAY,
    "INVALID_REG": FlagMeans.AWAY,  # it registered with less than slurm.conf promises: the sign of a lost GPU
    "EXTERNAL": FlagMeans.AWAY,  # has no slurmd at all (25.05)
    # It reboots, or is about to: jobs start again after that, if it comes back.
    "REBOOT_REQUESTED": FlagMeans.AWAY,
    "REBOOT_ISSUED": FlagMeans.AWAY,
    "REBOOT_CANCELED": FlagMeans.AWAY,
    # Power saving: Slurm would have to boot it first, and ResumeTimeout is when it learns that it cannot.
    "POWER": FlagMeans.AWAY,  # 20.11's word for POWERED_DOWN
    "POWERED_DOWN": FlagMeans.AWAY,
    "POWERING_DOWN": FlagMeans.AWAY,
    "POWERING_UP": FlagMeans.AWAY,
    "POWER_DOWN": FlagMeans.AWAY,
    "POWER_UP": FlagMeans.AWAY,
    "POWER_DRAIN": FlagMeans.AWAY,
    # Cray's counters measure something there; gone since 24.05.
    "PERFCTRS": FlagMeans.AWAY,
    # Words of an update that a node may carry for a moment.
    "RESUME": FlagMeans.AWAY,
    "UNDRAIN": FlagMeans.AWAY,
}
"""Every flag that Slurm prints, 20.11 to 26.05 (node_state_flags in slurm_protocol_defs.c, node_info.c before 21.08).

An allow-list: a flag that is not in this table, as a new Slurm may have, is nobody's leave to take the node, and no
reason to count on it.
"""

_RUNS_JOBS: Final = frozenset({"IDLE", "ALLOCATED", "MIXED"})
_KINDS: Final = frozenset(flag for flag, means in FLAGS.items() if means is FlagMeans.KIND)
_SLURMS_OWN: Final = _KINDS | {flag for flag, means in FLAGS.items() if means is FlagMeans.IN_USE}
_HARMLESS: Final = frozenset(FLAGS) - {"FAIL"}
_NO_JOB_LEFT: Final = frozenset(FLAGS) - {"COMPLETING"}


def is_free(node: SlurmNode) -> bool:
    """Return True for IDLE and nothing else: a flag that does not just describe the node is somebody's say."""
    return node.base == "IDLE" and node.flags <= _KINDS


def is_drained(node: SlurmNode) -> bool:
    """Return True for exactly IDLE+DRAIN; a COMPLETING node still runs an epilog (measured: it was taken as free)."""
    return node.base == "IDLE" and node.flags - _KINDS == {"DRAIN"}


def is_quiet(node: SlurmNode) -> bool:
    """Return True for IDLE+DRAIN, with or without the RESERVED that a reservation of ours puts there."""
    return node.base == "IDLE" and {"DRAIN"} <= node.flags - _KINDS <= {"DRAIN", "RESERVED"}


def is_out_of_slurm(node: SlurmNode) -> bool:
    """Return True when no job can start and a reboot does not change that: DOWN as well as DRAIN."""
    return node.base == "DOWN" and "DRAIN" in node.flags


def is_kept_away(node: SlurmNode) -> bool:
    """Return True when somebody, we or another, keeps jobs away from the node on purpose: DRAIN or DOWN."""
    return node.base == "DOWN" or "DRAIN" in node.flags


def runs_nothing(node: SlurmNode) -> bool:
    """Return True when cutting the power ends no job: DOWN, or idle with DRAIN, so that none can start either.

    Beside DRAIN any flag will do but COMPLETING, and a word that we do not know: it may be the next COMPLETING.
    """
    is_idle = node.base == "IDLE" and "DRAIN" in node.flags and node.flags <= _NO_JOB_LEFT
    return node.base == "DOWN" or is_idle


def has_lost_drain(node: SlurmNode) -> bool:
    """Return True when a node that should carry DRAIN has none, and no person keeps it away in another word.

    DOWN and FAIL are such words, and a word that nobody here knows may be one.

    RESUME on a node without slurmd wipes DRAIN and reason; seconds later it is DOWN, "Not responding", by Slurm itself
    (measured). From there ReturnToService=1 brings it back by itself at its next boot.
    """
    put_there = node.base not in _RUNS_JOBS or not node.flags <= _HARMLESS
    by_slurm = not authors_words(node.reason or "", node.reason_by, node.slurm_user)
    return not node.unread and "DRAIN" not in node.flags and (by_slurm or not put_there)


def may_run_jobs(node: SlurmNode) -> bool:
    """Return True when the node is Slurm's to use: it runs jobs, or one may start there at once.

    This is what the floor counts, so a flag that nobody here knows is a no.
    """
    return node.base in _RUNS_JOBS and node.flags <= _SLURMS_OWN


def is_in_service(node: SlurmNode) -> bool:
    """Return True when nothing is wrong with the node, though a neighbour's job may keep others off it (BLOCKED)."""
    return node.base in _RUNS_JOBS and node.flags <= _SLURMS_OWN | {"BLOCKED"}


@dataclass(frozen=True)
class SlurmJob:
    """One job. ends: when Slurm will end it at the latest, None while it waits or has no limit."""

    id: int
    state: str
    partitions: frozenset[str]
    nodes: tuple[NodeName, ...] = ()
    ends: datetime | None = None
    submitted: datetime | None = None
    reason: str = ""


@dataclass(frozen=True)
class Reservation:
    """A reservation of Slurm's, as it stands. flags: as Slurm writes them, such as MAINT."""

    name: str
    nodes: tuple[NodeName, ...]
    starts: datetime
    ends: datetime
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Taint:
    """A Kubernetes taint; effect is NoSchedule, PreferNoSchedule or NoExecute."""

    key: str
    value: str = ""
    effect: str = "NoSchedule"


STARTING: Final = Taint("lendbot/starting")
"""What the role registers a node with, so that no pod comes before it is usable; the last step out takes it off."""


@dataclass(frozen=True)
class KubeNode:
    """One node as Kubernetes reports it.

    mark         what our annotation says, None when no lendbot has marked it
    finalizers   what has to be done before the object can go
    volumes      attached to it, by the names that the attach-detach controller uses
    allocatable  what pods may have of it, as Kubernetes writes quantities: {"nvidia.com/gpu": "4", "memory": "480Gi"}
    """

    name: NodeName
    uid: str
    ready: bool
    schedulable: bool
    mark: Mark | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    not_ready_why: str = ""
    finalizers: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    allocatable: Mapping[str, str] = field(default_factory=dict)


class PowerState(StrEnum):
    """What a BMC says. UNKNOWN is an answer that is neither, and never counts as off."""

    ON = "on"
    OFF = "off"
    UNKNOWN = "unknown"
