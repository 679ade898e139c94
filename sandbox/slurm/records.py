"""What slurmctld keeps: node, job and reservation records, and the names of their states."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

PACKAGE: Final = "slurm-wlm"


class SlurmError(Exception):
    """A refusal, in the text that slurm_strerror has for it."""


INVALID_NODE_NAME: Final = "Invalid node name specified"
INVALID_NODE_STATE: Final = "Invalid node state specified"
INVALID_USER: Final = "Invalid user id"
INVALID_JOB: Final = "Invalid job id specified"
INVALID_PARTITION: Final = "Invalid partition name specified"
NODES_BUSY: Final = "Requested nodes are busy"
RESERVATION_INVALID: Final = "Requested reservation is invalid"
RESERVATION_DUPLICATE: Final = "Duplicate reservation name"
INVALID_TIME: Final = "Requested time specification is invalid"


class JobState(StrEnum):
    """A job's state: the name; `compact` is squeue's two letters."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETING = "COMPLETING"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    NODE_FAIL = "NODE_FAIL"

    @property
    def compact(self) -> str:
        return {"PENDING": "PD", "RUNNING": "R", "COMPLETING": "CG", "COMPLETED": "CD", "CANCELLED": "CA"}.get(
            self, "NF"
        )


class JobFlag(StrEnum):
    """What a job may be while it runs; its word is printed in the state's place."""

    CONFIGURING = "CONFIGURING"
    SIGNALING = "SIGNALING"
    STOPPED = "STOPPED"

    @property
    def compact(self) -> str:
        return {"CONFIGURING": "CF", "SIGNALING": "SI"}.get(self, "ST")


ENDED: Final = frozenset({JobState.COMPLETED, JobState.CANCELLED, JobState.NODE_FAIL})


@dataclass
class Job:
    """A batch job. cpus and gpus are per node; `length` is how long it really runs, `limit` what it asked for."""

    id: int
    user: str
    name: str
    partition: str
    count: int
    cpus: int
    gpus: int
    limit: timedelta
    length: timedelta
    submitted: datetime
    wanted: tuple[str, ...] = ()
    requeue: bool = True
    state: JobState = JobState.PENDING
    flag: JobFlag | None = None
    why: str = "Priority"
    nodes: tuple[str, ...] = ()
    started: datetime | None = None
    ended: datetime | None = None
    restarts: int = 0

    @property
    def shown(self) -> JobState | JobFlag:
        """Return what is printed as its state."""
        return self.flag if self.flag is not None and self.state is JobState.RUNNING else self.state

    @property
    def ends_at(self) -> datetime | None:
        """Return when Slurm expects the end: the limit while it runs, the truth afterwards."""
        return self.ended or (self.started + self.limit if self.started else None)


@dataclass
class Reservation:
    """Nodes set aside; `specified` when the names were given rather than picked."""

    name: str
    start: datetime
    end: datetime
    nodes: tuple[str, ...]
    partition: str | None
    users: tuple[str, ...]
    accounts: tuple[str, ...]
    flags: frozenset[str]
    specified: bool

    def is_active(self, now: datetime) -> bool:
        return self.start <= now < self.end

    def overlaps(self, start: datetime, end: datetime) -> bool:
        return self.start < end and start < self.end


@dataclass
class NodeRecord:
    """A node as slurmctld sees it.

    base       IDLE or DOWN; ALLOCATED and MIXED follow from the jobs on it
    alive      slurmd answers now, which slurmctld learns late: see not_responding
    shown      the flags of reservations, which are shown seconds late
    """

    name: str
    address: str
    partition: str
    cpus: int
    memory_mb: int
    gres: str | None
    gpus: int
    base: str = "IDLE"
    drain: bool = False
    not_responding: bool = False
    alive: bool = True
    reason: str | None = None
    reason_by: str = ""
    reason_at: datetime | None = None
    booted: datetime | None = None
    slurmd_started: datetime | None = None
    last_busy: datetime | None = None
    running: dict[int, Job] = field(default_factory=dict)
    completing: set[int] = field(default_factory=set)
    shown: frozenset[str] = frozenset()

    @property
    def cpus_used(self) -> int:
        return sum(job.cpus for job in self.running.values())

    @property
    def gpus_used(self) -> int:
        return sum(job.gpus for job in self.running.values())

    @property
    def is_schedulable(self) -> bool:
        return self.base == "IDLE" and not self.drain and not self.not_responding

    @property
    def state(self) -> str:
        """Return the state as `scontrol show node` prints it: base and flags, joined by plus signs."""
        flags = [
            name
            for name, is_set in (
                ("COMPLETING", bool(self.completing)),
                ("DRAIN", self.drain),
                ("MAINTENANCE", "MAINTENANCE" in self.shown),
                ("RESERVED", "RESERVED" in self.shown),
                ("NOT_RESPONDING", self.not_responding),
            )
            if is_set
        ]
        return "+".join([self._base_with_jobs(), *flags])

    def _base_with_jobs(self) -> str:
        if self.base != "IDLE" or not self.running:
            return self.base
        return "ALLOCATED" if self.cpus_used >= self.cpus else "MIXED"

    def set_reason(self, reason: str, by: str, now: datetime) -> None:
        self.reason, self.reason_by, self.reason_at = reason, by, now

    def clear_reason(self) -> None:
        self.reason, self.reason_by, self.reason_at = None, "", None
