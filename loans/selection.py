"""Which nodes go, and a reason for each that does not. Pure: the nodes as Slurm reports them in, a choice out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from loans.classes import NodeClass
from loans.nodes import NodeName, Reservation, SlurmJob, SlurmNode, is_free, is_kept_away, may_run_jobs


@dataclass(frozen=True)
class RunsJobs:
    """Jobs run on the node. until: when the last of them has to end, None when one has no limit."""

    jobs: tuple[int, ...]
    until: datetime | None


@dataclass(frozen=True)
class KeptAway:
    """Somebody drained it or took it down."""

    state: str
    by: str
    reason: str


@dataclass(frozen=True)
class HeldBy:
    """It is in another open loan."""

    loan_id: int


@dataclass(frozen=True)
class GivenUp:
    """It failed in this loan already."""


@dataclass(frozen=True)
class ReservedFor:
    """Somebody has reserved it in Slurm before the loan would end."""

    name: str
    starts: datetime


@dataclass(frozen=True)
class NotFree:
    """Slurm says something else than IDLE: reserved, completing, not responding ..."""

    state: str


@dataclass(frozen=True)
class NotNeeded:
    """It is free, and enough others are."""


@dataclass(frozen=True)
class KeptByFloor:
    """It is free, and stays: so many nodes of the class must."""

    floor: int


Why = RunsJobs | KeptAway | HeldBy | GivenUp | ReservedFor | NotFree | NotNeeded | KeptByFloor


@dataclass(frozen=True)
class PassedOver:
    """A node of the class that does not go, and why."""

    node: NodeName
    why: Why


@dataclass(frozen=True)
class Wish:
    """What is looked for.

    until      when the loan would end: a reservation that starts before keeps its nodes
    held       nodes of open loans, by loan
    given_up   nodes that failed in this one
    """

    node_class: NodeClass
    count: int
    until: datetime
    held: Mapping[NodeName, int] = field(default_factory=dict)
    given_up: frozenset[NodeName] = frozenset()


@dataclass(frozen=True)
class Seen:
    """Slurm as it stands now."""

    nodes: Mapping[NodeName, SlurmNode]
    jobs: Sequence[SlurmJob] = ()
    reservations: Collection[Reservation] = ()


@dataclass(frozen=True)
class Choice:
    """What would go.

    taken        at most the wished count, by name
    free         how many could go now, floor kept
    usable       nodes of the class that Slurm can use now, before anything goes
    total        nodes of the class
    next_free    nodes that free themselves later, soonest first
    """

    taken: tuple[NodeName, ...]
    passed_over: tuple[PassedOver, ...]
    wished: int
    free: int
    usable: int
    total: int
    floor: int

    @property
    def is_enough(self) -> bool:
        """Return True when the whole wish can be met now."""
        return len(self.taken) == self.wished

    @property
    def next_free(self) -> tuple[PassedOver, ...]:
        """Return the busy nodes whose jobs have to end, soonest first."""
        busy = [p for p in self.passed_over if isinstance(p.why, RunsJobs) and p.why.until is not None]
        return tuple(sorted(busy, key=_until))


def choose(seen: Seen, wish: Wish) -> Choice:
    """Pick free nodes of the class by name, keep the floor, and give a reason for each of the others.

    seen     nodes in any order; those of other classes are passed by in silence
    returns  taken: as many of wish.count as can go now, which may be none
    """
    of_class = sorted((n for n in seen.nodes.values() if wish.node_class.has(n)), key=lambda n: n.name)
    usable = sum(may_run_jobs(n) for n in of_class)
    running = _jobs_by_node(seen.jobs)
    reserved = _reserved_by_node(seen.reservations, wish.until)
    reasons = {n.name: _reason(n, wish, running, reserved) for n in of_class}
    free = [name for name, why in reasons.items() if why is None]
    floor = wish.node_class.rules.floor
    may_go = max(0, min(len(free), usable - floor))
    taken = tuple(free[: max(0, min(may_go, wish.count))])
    spare: Why = NotNeeded() if len(taken) >= wish.count else KeptByFloor(floor)
    passed_over = tuple(PassedOver(name, why or spare) for name, why in reasons.items() if name not in set(taken))
    return Choice(taken, passed_over, wish.count, may_go, usable, len(of_class), floor)


def _reason(
    node: SlurmNode,
    wish: Wish,
    running: Mapping[NodeName, Sequence[SlurmJob]],
    reserved: Mapping[NodeName, ReservedFor],
) -> Why | None:
    if node.name in wish.held:
        return HeldBy(wish.held[node.name])
    if node.name in wish.given_up:
        return GivenUp()
    if is_kept_away(node):
        return KeptAway(node.state, node.reason_by or "", node.reason or "")
    if jobs := running.get(node.name):
        ends = [j.ends for j in jobs]
        until = None if None in ends else max(e for e in ends if e is not None)
        return RunsJobs(tuple(j.id for j in jobs), until)
    if node.name in reserved:
        return reserved[node.name]
    return None if is_free(node) else NotFree(node.state)


def _reserved_by_node(reservations: Collection[Reservation], until: datetime) -> Mapping[NodeName, ReservedFor]:
    """Return the first reservation of each node that starts before a moment; Slurm forgets those that have ended."""
    ahead = sorted((r for r in reservations if r.starts < until), key=lambda r: r.starts, reverse=True)
    return {node: ReservedFor(r.name, r.starts) for r in ahead for node in r.nodes}


def _jobs_by_node(jobs: Sequence[SlurmJob]) -> Mapping[NodeName, Sequence[SlurmJob]]:
    by_node: dict[NodeName, list[SlurmJob]] = {}
    for job in jobs:
        for node in job.nodes:
            by_node.setdefault(node, []).append(job)
    return by_node


def _until(passed: PassedOver) -> datetime:
    if not isinstance(passed.why, RunsJobs) or passed.why.until is None:
        raise TypeError(f"{passed.node} does not free itself")
    return passed.why.until
