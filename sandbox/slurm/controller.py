"""slurmctld: node records and jobs, and every rule by which they change.

It decides what 22.05.8 was measured to do, the awkward parts included. It refuses to know how a node boots: slurmd's
registrations and silences are told to it. The reservations are in reservations.py, placement is in scheduler.py.
"""

import itertools
import random
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from sandbox.agenda import Agenda, Entry

from .records import (
    ENDED,
    INVALID_JOB,
    INVALID_NODE_NAME,
    INVALID_NODE_STATE,
    Job,
    JobState,
    NodeRecord,
    Reservation,
    SlurmError,
)
from .versions import DEFAULT, VERSIONS, Version

_LAG_S: Final = (10.0, 18.0)
_DOWN_AFTER: Final = timedelta(seconds=24)
_EPILOG_S: Final = (2.0, 6.0)
_MIN_JOB_AGE: Final = timedelta(seconds=300)
_PASS_AFTER: Final = timedelta(milliseconds=500)
_FIRST_JOB: Final = 48201


class Controller:
    """The batch side of the site. Not thread-safe: it lives on the site's one event loop.

    cluster      ClusterName
    slurm_user   SlurmUser: whose name stands under what slurmctld writes itself
    version      which Slurm it is, and in what that differs from others
    settings     what else slurm.conf says, over what `scontrol show config` prints without it
    """

    def __init__(
        self,
        agenda: Agenda,
        seed: int,
        return_to_service: int,
        off_by: timedelta = timedelta(),
        version: Version = VERSIONS[DEFAULT],
    ) -> None:
        self.agenda = agenda
        self.return_to_service = return_to_service
        self.cluster = "sandbox"
        self.slurm_user = "slurm"
        self.version = version
        self.settings: dict[str, str] = {}
        self.started = agenda.now
        self.nodes: dict[str, NodeRecord] = {}
        self.jobs: dict[int, Job] = {}
        self.reservations: dict[str, Reservation] = {}
        self.jobs_killed = 0
        self.off_by = off_by
        self.place: Callable[[], None] = lambda: None
        self._dice = random.Random(f"{seed}/slurmctld")
        self._ids = itertools.count(_FIRST_JOB)
        self._silences: dict[str, list[Entry]] = {}
        self._pass_due = False

    @property
    def now(self) -> datetime:
        """Return the time as slurmctld's clock has it; `off_by` is how far somebody has set it off the site's."""
        return self.agenda.now + self.off_by

    def site_time(self, moment: datetime) -> datetime:
        """Return when a moment of slurmctld's clock comes in the site's time, for the agenda."""
        return moment - self.off_by

    def node(self, name: str) -> NodeRecord:
        """Return a node's record; SlurmError when there is none of that name."""
        try:
            return self.nodes[name]
        except KeyError:
            raise SlurmError(INVALID_NODE_NAME) from None

    # What an administrator does to nodes

    def update(self, name: str, state: str | None, reason: str | None, by: str) -> None:
        """Apply one `scontrol update NodeName=` to one node; SlurmError says why not."""
        record = self.node(name)
        if state in {"RESUME", "UNDRAIN"}:
            self._resume(record) if state == "RESUME" else self._undrain(record)
        elif state == "DRAIN":
            record.drain = True
        elif state == "DOWN":
            self._down(record)
        elif state is not None:
            raise SlurmError(INVALID_NODE_STATE)
        if reason is not None:
            record.set_reason(reason, by, self.now) if reason else record.clear_reason()
        self.schedule_soon()

    def _resume(self, record: NodeRecord) -> None:
        if record.base != "DOWN" and not record.drain:
            raise SlurmError(self.version.nothing_to_resume)
        record.base, record.drain = "IDLE", False
        if not self.version.keeps_reason:
            record.clear_reason()
        if not record.alive:
            self._silences.setdefault(record.name, []).append(
                self.agenda.after(_DOWN_AFTER, lambda: self._give_up(record))
            )

    def _undrain(self, record: NodeRecord) -> None:
        record.drain = False
        if record.base != "DOWN":
            record.clear_reason()

    def _down(self, record: NodeRecord) -> None:
        record.base = "DOWN"
        record.completing.clear()
        for job in tuple(record.running.values()):
            self._kill(job)

    # What slurmd does

    def registered(self, name: str, booted: datetime, started: datetime) -> None:
        """Slurmd has registered: ReturnToService decides what becomes of a node that is DOWN.

        booted    in the site's time
        started   slurmd, by the node's own clock
        """
        record = self.node(name)
        self._forget_silence(name)
        # As slurmctld does: its own time, less the uptime that slurmd tells it.
        booted = self.now - (self.agenda.now - booted)
        rebooted = record.booted is not None and booted > record.booted
        record.alive, record.not_responding = True, False
        record.booted, record.slurmd_started = booted, started
        if record.base == "DOWN":
            self._maybe_return_to_service(record)
        elif rebooted and self.return_to_service != 2:  # noqa: PLR2004 - Slurm's own number
            self._down_by_slurm(record, "Node unexpectedly rebooted")
        self.schedule_soon()

    def silent(self, name: str) -> None:
        """Slurmd has gone; slurmctld finds out later, and gives the node up later still."""
        record = self.node(name)
        record.alive = False
        lag = timedelta(seconds=self._dice.uniform(*_LAG_S))
        self._forget_silence(name)
        self._silences[name] = [
            self.agenda.after(lag, lambda: self._not_responding(record)),
            self.agenda.after(lag + _DOWN_AFTER, lambda: self._give_up(record)),
        ]

    def _maybe_return_to_service(self, record: NodeRecord) -> None:
        by_slurm = record.reason == "Not responding"
        if self.return_to_service == 2 or (self.return_to_service == 1 and by_slurm):  # noqa: PLR2004 - Slurm's own number
            record.base = "IDLE"
            if not record.drain:
                record.clear_reason()

    def _not_responding(self, record: NodeRecord) -> None:
        record.not_responding = True

    def _give_up(self, record: NodeRecord) -> None:
        record.not_responding = True
        if record.base != "DOWN":
            self._down_by_slurm(record, "Not responding")

    def _down_by_slurm(self, record: NodeRecord, why: str) -> None:
        self._down(record)
        if record.reason is None:
            record.set_reason(why, self.slurm_user, self.now)
        elif self.version.appends and f" : {why}" not in record.reason:
            record.set_reason(f"{record.reason} : {why}", self.slurm_user, self.now)

    def _forget_silence(self, name: str) -> None:
        for entry in self._silences.pop(name, []):
            entry.cancel()

    # Jobs

    def submit(
        self,
        *,
        user: str,
        name: str,
        partition: str,
        length: timedelta,
        limit: timedelta,
        count: int = 1,
        cpus: int = 1,
        gpus: int = 0,
        wanted: Iterable[str] = (),
    ) -> Job:
        """Queue a job; `wanted` names the very nodes it must have."""
        job = Job(
            id=next(self._ids),
            user=user,
            name=name,
            partition=partition,
            count=count,
            cpus=cpus,
            gpus=gpus,
            limit=limit,
            length=length,
            submitted=self.now,
            wanted=tuple(wanted),
        )
        self.jobs[job.id] = job
        self.schedule_soon()
        return job

    def start(self, job: Job, nodes: tuple[str, ...], ran_for: timedelta = timedelta()) -> None:
        """Put a job on its nodes; `ran_for` lets it have started before."""
        job.state, job.why, job.nodes, job.started = JobState.RUNNING, "None", nodes, self.now - ran_for
        job.flag = None
        for name in nodes:
            self.nodes[name].running[job.id] = job
        started = job.started
        self.agenda.at(self.site_time(started + min(job.length, job.limit)), lambda: self._ran_out(job, started))

    def cancel(self, job_id: int) -> None:
        """End a job as scancel does; SlurmError for one that is not there."""
        job = self.jobs.get(job_id)
        if job is None or job.state in ENDED:
            raise SlurmError(INVALID_JOB)
        if job.state is JobState.PENDING:
            self._end(job, JobState.CANCELLED)
        else:
            self._complete(job, JobState.CANCELLED)

    def _ran_out(self, job: Job, started: datetime) -> None:
        if job.state is JobState.RUNNING and job.started == started:
            self._complete(job, JobState.COMPLETED)

    def _complete(self, job: Job, last: JobState) -> None:
        job.state, job.ended = JobState.COMPLETING, self.now
        self._leave_nodes(job)
        for name in job.nodes:
            self.nodes[name].completing.add(job.id)
        epilog = timedelta(seconds=self._dice.uniform(*_EPILOG_S))
        self.agenda.after(epilog, lambda: self._epilog_done(job, last))

    def _epilog_done(self, job: Job, last: JobState) -> None:
        for name in job.nodes:
            self.nodes[name].completing.discard(job.id)
        self._end(job, last)

    def _kill(self, job: Job) -> None:
        """Take a running job's node away: it ends on all its nodes, and starts again later if it may."""
        self.jobs_killed += 1
        self._leave_nodes(job)
        if job.requeue:
            job.state, job.why, job.nodes, job.started = JobState.PENDING, "BeginTime", (), None
            job.restarts += 1
        else:
            job.ended = self.now
            self._end(job, JobState.NODE_FAIL)

    def _leave_nodes(self, job: Job) -> None:
        for name in job.nodes:
            record = self.nodes[name]
            record.running.pop(job.id, None)
            record.last_busy = self.now

    def _end(self, job: Job, last: JobState) -> None:
        job.state, job.why = last, "None"
        job.ended = job.ended or self.now
        self.agenda.after(_MIN_JOB_AGE, lambda: self._purge(job))
        self.schedule_soon()

    def _purge(self, job: Job) -> None:
        self.jobs.pop(job.id, None)

    # The scheduler's turn

    def schedule_soon(self) -> None:
        """Have the scheduler look once, shortly, however many changes ask for it."""
        if not self._pass_due:
            self._pass_due = True
            self.agenda.after(_PASS_AFTER, self._pass)

    def schedule_now(self) -> None:
        """Have the scheduler look at once."""
        self.place()

    def _pass(self) -> None:
        self._pass_due = False
        self.place()

    def pending(self) -> list[Job]:
        """Return the queue, oldest first."""
        return [job for job in self.jobs.values() if job.state is JobState.PENDING]

    def by_partition(self) -> Mapping[str, list[NodeRecord]]:
        """Return the nodes of each partition."""
        found: dict[str, list[NodeRecord]] = {}
        for record in self.nodes.values():
            found.setdefault(record.partition, []).append(record)
        return found
