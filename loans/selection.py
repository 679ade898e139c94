"""Which nodes go, and a reason for each that does not. Pure: the nodes as Slurm reports them in, a choice out."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from loans.classes import NodeClass
from loans.marks import read_reservation
from loans.nodes import NodeName, Reservation, SlurmJob, SlurmNode, is_free, is_kept_away, may_run_jobs
from loans.whose import marked_by


@dataclass(frozen=True)
class RunsJobs:
    """Jobs run on the node. until: when the last of them has to end, None when one has no limit."""

    jobs: tuple[int, ...]
    until: datetime | None


@dataclass(frozen=True)
class KeptAway:
    """Somebody drained it or took it down. by: a user of Slurm's, or another lendbot's loan, whose mark it carries."""

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
    held       nodes of open loans, by loan; also those that a loan has asked Slurm for, or is about to
    given_up   nodes that failed in this one
    others     classes that may share nodes with this one: their floors are kept too
    asked      nodes that Slurm has been asked for already, for this very wish: the first to go, and gone as it is as
               far as the floors are concerned
    """

    node_class: NodeClass
    count: int
    until: datetime
    held: Mapping[NodeName, int] = field(default_factory=dict)
    given_up: frozenset[NodeName] = frozenset()
    others: tuple[NodeClass, ...] = ()
    asked: frozenset[NodeName] = frozenset()


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
    usable       nodes of the class that Slurm can use now and no open loan holds, before anything goes
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
    def kept(self) -> int:
        """Return how many free nodes stay for the floor's sake."""
        return sum(isinstance(p.why, KeptByFloor) for p in self.passed_over)

    @property
    def kept_by(self) -> int:
        """Return the floor that keeps them; the highest, where classes share nodes."""
        return max((p.why.floor for p in self.passed_over if isinstance(p.why, KeptByFloor)), default=self.floor)

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
    running = _jobs_by_node(seen.jobs)
    reserved = _reserved_by_node(seen.reservations, wish.until)
    reasons = {n.name: _reason(n, wish, running, reserved) for n in of_class}
    free = sorted((n.name for n in of_class if reasons[n.name] is None), key=_least_shared(seen, wish))
    kept = _kept_by_floors(seen, wish, free)
    may_go = [name for name in free if name not in kept]
    taken = tuple(sorted(may_go[: max(0, wish.count)]))
    spare = NotNeeded() if len(taken) >= wish.count else None
    whys = {name: why or spare or kept.get(name) for name, why in reasons.items() if name not in set(taken)}
    passed_over = tuple(PassedOver(name, why) for name, why in whys.items() if why is not None)
    usable = len(staying(seen, wish.node_class, {*wish.held, *wish.asked}))
    return Choice(taken, passed_over, wish.count, len(may_go), usable, len(of_class), wish.node_class.rules.floor)


def _kept_by_floors(seen: Seen, wish: Wish, free: Sequence[NodeName]) -> Mapping[NodeName, KeptByFloor]:
    """Let the free nodes go one by one until a floor says stop; return those that stay, each with its floor."""
    classes = {c.name: c for c in (*wish.others, wish.node_class)}
    spare = {n: len(staying(seen, c, {*wish.held, *wish.asked})) - c.rules.floor for n, c in classes.items()}
    kept: dict[NodeName, KeptByFloor] = {}
    for node in (n for n in free if n not in wish.asked):
        its = [name for name, c in classes.items() if c.has(seen.nodes[node])]
        full = [name for name in its if spare[name] <= 0]
        if full:
            kept[node] = KeptByFloor(max(classes[name].rules.floor for name in full))
            continue
        for name in its:
            spare[name] -= 1
    return kept


def broken_floor(
    seen: Seen, classes: Collection[NodeClass], held: Collection[NodeName], leaving: Collection[NodeName]
) -> NodeClass | None:
    """Return a class that would have too few nodes left in Slurm; None when every floor stays.

    held      nodes of open loans
    leaving   nodes that are about to go as well; a class that has none of them is not asked
    """
    for c in classes:
        is_touched = any(name in seen.nodes and c.has(seen.nodes[name]) for name in leaving)
        if is_touched and len(staying(seen, c, {*held, *leaving})) < c.rules.floor:
            return c
    return None


def _least_shared(seen: Seen, wish: Wish) -> Callable[[NodeName], tuple[bool, int, NodeName]]:
    """Order nodes: first those that were asked for, then those that fewest other classes have been promised from."""
    return lambda node: (node not in wish.asked, sum(c.has(seen.nodes[node]) for c in wish.others), node)


def staying(seen: Seen, node_class: NodeClass, held: Collection[NodeName]) -> frozenset[NodeName]:
    """Return the nodes of a class that Slurm can use, and that no loan has or is about to have: what the floor counts.

    held     nodes of open loans. A reserved one still looks idle, so Slurm's word alone will not do; and a reservation
             of ours counts whatever the store says, because no other job starts on its nodes.
    """
    ours = {node for r in seen.reservations if read_reservation(r.name) for node in r.nodes}
    return frozenset(
        n.name
        for n in seen.nodes.values()
        if node_class.has(n) and may_run_jobs(n) and n.name not in held and n.name not in ours
    )


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
        if mark := marked_by(node):
            return KeptAway(node.state, mark.said, "")
        return KeptAway(node.state, node.reason_by or "", node.reason or "")
    if jobs := running.get(node.name):
        ends = [j.ends for j in jobs]
        until = None if None in ends else max(e for e in ends if e is not None)
        return RunsJobs(tuple(j.id for j in jobs), until)
    if node.name in reserved:
        return reserved[node.name]
    return None if is_free(node) else NotFree(f"{node.state} ({node.unread})" if node.unread else node.state)


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
