"""A Slurm of values that keeps the floor's books: it answers the port at once, and says when lendbot broke a promise.

What it does was measured on the real one: a reservation takes job-free nodes or fails whole, its flag shows seconds
later, DRAIN harms nothing, DOWN ends what runs there. An answer may get lost, and a request may be carried out late.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from conversion.ports import Busy, UnexpectedAnswer, Unreachable
from loans.classes import NodeClass
from loans.marks import read_reservation
from loans.nodes import (
    NodeName,
    Reservation,
    SlurmJob,
    SlurmNode,
    is_drained,
    is_out_of_slurm,
    may_run_jobs,
)
from loans.whose import marked_by

_FLAG_SHOWS_AFTER = timedelta(seconds=4)


@dataclass
class ModelSlurm:
    """The port, and what staff and users do beside it.

    pause          where another thread may go first
    loses_answer   asked at each reservation: "" answers, "done" does it and says nothing, "late" does it later
    in_doubt       our reservations after which too few nodes were left: fine only while staff drain nodes as well, and
                   only until the floor is asked again
    broken         what was done although the floor was broken, or empty
    """

    classes: Mapping[str, NodeClass]
    now: Callable[[], datetime]
    pause: Callable[[], None]
    loses_answer: Callable[[], str] = str
    known: dict[NodeName, SlurmNode] = field(default_factory=dict)
    running: dict[int, SlurmJob] = field(default_factory=dict)
    reserved: dict[str, Reservation] = field(default_factory=dict)
    late: list[Callable[[], None]] = field(default_factory=list)
    in_doubt: set[str] = field(default_factory=set)
    broken: str = ""
    lowest: int = 10**6
    killed: int = 0
    let_go: int = 0

    def cluster(self) -> str:
        return "model"

    def nodes(self) -> Mapping[NodeName, SlurmNode]:
        self.pause()
        busy = {node for job in self.running.values() for node in job.nodes}
        flagged = {n for r in self._live() if self.now() - r.starts >= _FLAG_SHOWS_AFTER for n in r.nodes}
        return {name: _shown(node, name in busy, name in flagged) for name, node in self.known.items()}

    def jobs(self) -> Sequence[SlurmJob]:
        self.pause()
        return tuple(self.running.values())

    def reservations(self) -> Mapping[str, Reservation]:
        self.pause()
        return {found.name: found for found in self._live()}

    def fresh(self) -> "ModelSlurm":
        """Return itself: every answer is of its moment."""
        return self

    def reserve(self, name: str, nodes: Sequence[NodeName], span: timedelta) -> None:
        self.pause()
        match self.loses_answer():
            case "late":
                self.late.append(lambda: self._reserve(name, nodes, span))
                raise Unreachable("Slurm", "timed out")
            case "done":
                self._reserve(name, nodes, span)
                raise Unreachable("Slurm", "timed out")
            case _:
                self._reserve(name, nodes, span)
        self.pause()

    def unreserve(self, name: str) -> None:
        self.pause()
        self.reserved.pop(name, None)
        if name in self.in_doubt:
            self.in_doubt.discard(name)
            self.let_go += 1
        self.pause()

    def drain(self, nodes: Sequence[NodeName], reason: str) -> None:
        self.pause()
        doubtful = [r for r in self._live() if r.name in self.in_doubt and set(r.nodes) & set(nodes)]
        if doubtful and self.above() < 0:
            self.broken = f"{doubtful[0].name} was drained, with {-self.above()} too few left in Slurm"
        for name in nodes:
            self._change(name, flags=self.known[name].flags | {"DRAIN"}, reason=reason, reason_by="root")
        self.pause()

    def down(self, nodes: Sequence[NodeName], reason: str) -> None:
        self.pause()
        if not all(is_drained(self.known[n]) or is_out_of_slurm(self.known[n]) for n in nodes):
            raise UnexpectedAnswer("Slurm", "not exactly IDLE+DRAIN")
        self.killed += sum(bool(set(job.nodes) & set(nodes)) for job in self.running.values())
        for name in nodes:
            self._change(name, base="DOWN", reason=reason)
        self.pause()

    def resume(self, nodes: Sequence[NodeName]) -> None:
        self.pause()
        for name in nodes:
            flags = self.known[name].flags - {"DRAIN"}
            self._change(name, base="IDLE", flags=flags, reason=None, reason_by=None)
        self.pause()

    def above(self) -> int:
        """Return how many more nodes than its floor says users can use now, for the class that has the fewest."""
        ours = {node for r in self._live() if read_reservation(r.name) for node in r.nodes}
        usable = [n for n in self.known.values() if may_run_jobs(n) and n.name not in ours]
        return min(sum(map(each.has, usable)) - each.rules.floor for each in self.classes.values())

    def start_job(self, number: int, node: NodeName, ends: datetime) -> None:
        """Start a job where Slurm would: on a node that may run one, and that nobody has reserved."""
        taken = {n for r in self._live() for n in r.nodes} | {n for job in self.running.values() for n in job.nodes}
        if may_run_jobs(self.known[node]) and node not in taken:
            self.running[number] = SlurmJob(number, "RUNNING", frozenset({"gpu"}), (node,), ends)

    def end_jobs(self, rng: random.Random) -> None:
        """End the jobs whose time is up, and one or another before."""
        going_on = [j for j in self.running.values() if j.ends and j.ends > self.now() and rng.random() < 3 / 4]
        self.running = {job.id: job for job in going_on}

    def staff_drain(self, node: NodeName) -> None:
        """Drain a node as staff do, unless it is lendbot's."""
        if marked_by(self.known[node]) is None:
            self._change(node, flags=self.known[node].flags | {"DRAIN"}, reason="ECC errors", reason_by="root")

    def staff_resume(self, node: NodeName) -> None:
        """Lift a drain of staff's."""
        if self.known[node].reason == "ECC errors":
            self._change(node, flags=self.known[node].flags - {"DRAIN"}, reason=None, reason_by=None)

    def _reserve(self, name: str, nodes: Sequence[NodeName], span: timedelta) -> None:
        if name in {found.name for found in self._live()}:
            return
        taken = {n for r in self._live() for n in r.nodes} | {n for job in self.running.values() for n in job.nodes}
        if set(nodes) & taken or not all(may_run_jobs(self.known[node]) for node in nodes):
            raise Busy("Slurm", "Requested nodes are busy")
        self.reserved[name] = Reservation(name, tuple(sorted(nodes)), self.now(), self.now() + span)
        if self.above() < 0:
            self.in_doubt.add(name)

    def _live(self) -> list[Reservation]:
        return [found for found in self.reserved.values() if found.ends > self.now()]

    def _change(self, name: NodeName, **facts: object) -> None:
        self.known[name] = replace(self.known[name], **facts)  # type: ignore[arg-type]


def _shown(node: SlurmNode, is_busy: bool, is_reserved: bool) -> SlurmNode:  # noqa: FBT001
    base = "ALLOCATED" if is_busy and node.base == "IDLE" else node.base
    return replace(node, base=base, flags=node.flags | {"RESERVED"} if is_reserved else node.flags)
