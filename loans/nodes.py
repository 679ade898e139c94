"""What a node looks like from each world, and what may be concluded from it.

Decides when a node is free, drained, lent or schedulable. Knows nothing of how the answers were got; a state that it
has no word for is never taken for a safe one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType

NodeName = NewType("NodeName", str)

_MARK: Final = re.compile(r"^lendbot #(\d+)\b")


def mark(loan_id: int) -> str:
    """Return the reason that we leave on what we change: `lendbot #12`."""
    return f"lendbot #{loan_id}"


def marked_by(reason: str | None) -> int | None:
    """Return the id of the loan whose mark a reason carries, or None when the mark is not ours."""
    found = _MARK.match(reason or "")
    return int(found[1]) if found else None


def reservation_name(loan_id: int, wave: int) -> str:
    """Return the name, and so the idempotency key, of the reservation that takes nodes for one wave of a loan."""
    return f"lendbot_{loan_id}_{wave}"


def reserved_by(name: str) -> tuple[int, int] | None:
    """Return (loan id, wave) of a reservation's name, or None when it is not ours."""
    found = re.fullmatch(r"lendbot_(\d+)_(\d+)", name)
    return (int(found[1]), int(found[2])) if found else None


@dataclass(frozen=True)
class SlurmNode:
    """One node as Slurm reports it.

    base        Slurm's base state in capitals: IDLE, ALLOCATED, MIXED, DOWN, UNKNOWN, FUTURE, ERROR
    flags       what stands behind it: DRAIN, NOT_RESPONDING, COMPLETING, RESERVED, MAINTENANCE, POWERED_DOWN ...
    reason      without Slurm's `[user@time]`, which is in reason_by and reason_at
    gres        configured generic resources by name, counted: {"gpu": 4}
    boot_time   aware; None when Slurm has never heard from slurmd
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

    @property
    def state(self) -> str:
        """Return the state as Slurm writes it: `IDLE+DRAIN`."""
        return "+".join([self.base, *sorted(self.flags)])


_RUNS_JOBS: Final = frozenset({"IDLE", "ALLOCATED", "MIXED"})
_KEEPS_JOBS_AWAY: Final = frozenset({"DRAIN", "NOT_RESPONDING", "MAINTENANCE", "POWERED_DOWN", "POWERING_DOWN", "FAIL"})


def is_free(node: SlurmNode) -> bool:
    """Return True for exactly IDLE: a flag of any kind means that somebody else has a say."""
    return node.base == "IDLE" and not node.flags


def is_drained(node: SlurmNode) -> bool:
    """Return True for exactly IDLE+DRAIN; a COMPLETING node still runs an epilog (measured: it was taken as free)."""
    return node.base == "IDLE" and node.flags == {"DRAIN"}


def is_out_of_slurm(node: SlurmNode) -> bool:
    """Return True when no job can start and a reboot does not change that: DOWN as well as DRAIN."""
    return node.base == "DOWN" and "DRAIN" in node.flags


def is_kept_away(node: SlurmNode) -> bool:
    """Return True when somebody, we or another, keeps jobs away from the node on purpose: DRAIN or DOWN."""
    return node.base == "DOWN" or "DRAIN" in node.flags


def runs_nothing(node: SlurmNode) -> bool:
    """Return True when cutting the power ends no job: DOWN, or idle with DRAIN, so that none can start either."""
    return node.base == "DOWN" or (node.base == "IDLE" and "DRAIN" in node.flags and "COMPLETING" not in node.flags)


def has_lost_drain(node: SlurmNode) -> bool:
    """Return True when a node that should carry DRAIN has none, and no person put it where it is.

    RESUME on a node without slurmd wipes DRAIN and reason; seconds later it is DOWN, "Not responding", by Slurm itself
    (measured). From there ReturnToService=1 brings it back by itself at its next boot.
    """
    by_slurm = node.reason is None or node.reason_by == "slurm"
    return "DRAIN" not in node.flags and (may_run_jobs(node) or by_slurm)


def may_run_jobs(node: SlurmNode) -> bool:
    """Return True when Slurm may place a job on the node now."""
    return node.base in _RUNS_JOBS and not node.flags & _KEEPS_JOBS_AWAY


def is_reboot_reason(reason: str | None) -> bool:
    """Return True for the reason that slurmctld itself gives a node whose boot it did not expect."""
    return (reason or "").startswith("Node unexpectedly rebooted")


_BOOT_SLACK: Final = timedelta(seconds=2)
"""Slurm counts whole seconds, and BootTime (now minus uptime) jitters by one between registrations (measured)."""


def is_registered_since(node: SlurmNode, moment: datetime) -> bool:
    """Return True when the node booted and its slurmd registered after a moment: the proof of a reboot."""
    started = (node.boot_time, node.slurmd_start)
    return all(t is not None and t > moment - _BOOT_SLACK for t in started) and "NOT_RESPONDING" not in node.flags


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
    """A reservation of Slurm's, as it stands."""

    name: str
    nodes: tuple[NodeName, ...]
    starts: datetime
    ends: datetime


@dataclass(frozen=True)
class Taint:
    """A Kubernetes taint; effect is NoSchedule, PreferNoSchedule or NoExecute."""

    key: str
    value: str = ""
    effect: str = "NoSchedule"


@dataclass(frozen=True)
class KubeNode:
    """One node as Kubernetes reports it. loan: the id in our annotation, None when it is not ours."""

    name: NodeName
    uid: str
    ready: bool
    schedulable: bool
    created: datetime
    loan: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    not_ready_why: str = ""


class PowerState(StrEnum):
    """What a BMC says. UNKNOWN is an answer that is neither, and never counts as off."""

    ON = "on"
    OFF = "off"
    UNKNOWN = "unknown"
