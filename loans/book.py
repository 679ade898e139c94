"""Who holds how many nodes of a class, and when; what is left of it to promise to somebody else.

Decides how many nodes may be promised for a span, and names who has the rest. It refuses to know which nodes those will
be: they are chosen when a loan begins (selection.py). Spans are half-open: what is home at 9:00 can leave at 9:00.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, combinations, groupby
from operator import attrgetter, itemgetter
from typing import Final

from loans.nodes import NodeName

STEP: Final = timedelta(minutes=5)
"""Offered times are whole multiples of this: people say 9:05, not 9:03:27."""


@dataclass(frozen=True)
class Kept:
    """Nodes that others keep from us.

    ends   None when nobody knows
    by     the reservation that has them; empty for nodes that are drained, down, or of which nothing is known
    works  True while jobs run on them: then they stand for the floor
    """

    nodes: frozenset[NodeName]
    starts: datetime
    ends: datetime | None = None
    by: str = ""
    works: bool = False


@dataclass(frozen=True)
class Pool:
    """A class's nodes as Slurm told of them at `seen_at`, those that are lent as well."""

    node_class: str
    floor: int
    nodes: frozenset[NodeName]
    seen_at: datetime
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True)
class Promise:
    """So many nodes of a class, for one loan, from when they leave Slurm until they are home.

    ends    None when nobody knows: a person has to look first
    nodes   those of them that are chosen already
    """

    loan_id: int
    node_class: str
    count: int
    starts: datetime
    ends: datetime | None
    nodes: frozenset[NodeName] = frozenset()


@dataclass(frozen=True)
class Book:
    """Everything that is promised, and what there is to promise from. pools: by class, if Slurm has told of it."""

    pools: Mapping[str, Pool]
    promises: tuple[Promise, ...] = ()


@dataclass(frozen=True)
class Room:
    """What a class has left at the worst moment of a span.

    count      how many nodes can be promised for the whole span
    at         the first worst moment
    promised   who has nodes then, by loan
    kept       what others keep then
    """

    count: int
    at: datetime
    pool: Pool
    promised: tuple[Promise, ...] = ()
    kept: tuple[Kept, ...] = ()

    @property
    def in_promises(self) -> int:
        """Return how many nodes are promised at that moment."""
        return sum(promise.count for promise in self.promised)

    @property
    def kept_nodes(self) -> frozenset[NodeName]:
        """Return the nodes that others keep at that moment; those that a loan has are the loan's."""
        taken = frozenset(node for promise in self.promised for node in promise.nodes)
        return frozenset(node for kept in self.kept for node in kept.nodes) - taken


class NotSeen(LookupError):  # noqa: N818 - a finding about a class, and reads as one
    """Slurm has never told of the nodes of this class: what it has is not known."""


def capacity(book: Book, node_class: str, starts: datetime, ends: datetime) -> Room:
    """Return what is left at the worst moment of a span.

    raises   NotSeen
    """
    worst_at, worst = min(_moments(book, node_class, starts, ends), key=itemgetter(1))
    pool = book.pools[node_class]
    promised = tuple(p for p in book.promises if _has(p, worst_at) and _is_near(p, pool, book))
    kept = tuple(each for each in pool.kept if _has(each, worst_at))
    return Room(max(0, worst), worst_at, pool, promised, kept)


def next_fit(
    book: Book, node_class: str, count: int, length: timedelta, after: datetime, *, lead: timedelta = timedelta()
) -> datetime | None:
    """Return the first moment from which so many nodes are free for so long; None when they never are.

    lead     when this has passed since that moment, it is a multiple of STEP
    raises   NotSeen
    """
    begins: datetime | None = None
    for at, left in _moments(book, node_class, after, None):
        if begins is not None and at - begins >= length:
            return begins
        if left < count:
            begins = None
        elif begins is None:
            begins = _rounded_up(at + lead) - lead
    return begins


def free_until(book: Book, node_class: str, count: int, starts: datetime) -> datetime | None:
    """Return until when so many nodes are free from a moment on; None when no promise ever stands in the way.

    raises   NotSeen
    """
    moments = _moments(book, node_class, starts, None)
    return next((at for at, left in moments if left < count), None)


@dataclass(frozen=True)
class _Change:
    """A promise begins or ends, or what others keep does. sign: 1 or -1."""

    at: datetime
    sign: int
    what: Promise | Kept


def _moments(book: Book, node_class: str, starts: datetime, ends: datetime | None) -> Iterator[tuple[datetime, int]]:
    """Yield the span's start and each moment in it at which something changes, with how many nodes are left from then.

    One sweep over what begins and ends: n promises cost n log n, however long the span.
    """
    if node_class not in book.pools:
        raise NotSeen(node_class)
    tally = _Tally(book.pools, node_class)
    changes: list[_Change] = []
    everything: Iterable[Promise | Kept] = chain(book.promises, *(pool.kept for pool in book.pools.values()))
    for each in everything:
        if (each.ends is not None and each.ends <= starts) or (ends is not None and each.starts >= ends):
            continue
        if each.starts <= starts:
            tally.add(each, 1)
        else:
            changes.append(_Change(each.starts, 1, each))
        if each.ends is not None and (ends is None or each.ends < ends):
            changes.append(_Change(each.ends, -1, each))
    yield starts, tally.left
    changes.sort(key=attrgetter("at"))
    for at, together in groupby(changes, key=attrgetter("at")):
        for change in together:
            tally.add(change.what, change.sign)
        yield at, tally.left


@dataclass
class _Among:
    """Classes whose promises may be met from each other's nodes, taken together.

    stays   how many of the nodes the floors need at least
    out     nodes that are spoken for by name; busy: others that are kept and run jobs; open: promised, not chosen yet
    """

    names: frozenset[str]
    nodes: frozenset[NodeName]
    stays: int
    out: int = 0
    busy: int = 0
    open: int = 0

    @property
    def left(self) -> int:
        return len(self.nodes) - self.out - max(self.stays, self.busy) - self.open


class _Tally:
    """What is spoken for at one moment, as far as one class is concerned."""

    def __init__(self, pools: Mapping[str, Pool], name: str) -> None:
        self._pools = pools
        self._among = [_among(pools, names) for names in _concerning(pools, name)]
        self._away: Counter[NodeName] = Counter()
        self._works: Counter[NodeName] = Counter()

    @property
    def left(self) -> int:
        """Return how many nodes are left; below 0 when more are promised than there are by now."""
        return min(among.left for among in self._among)

    def add(self, what: Promise | Kept, sign: int) -> None:
        """Let a promise, or what others keep, begin or end."""
        if isinstance(what, Promise):
            own = self._pools.get(what.node_class)
            still_open = what.count - len(what.nodes & own.nodes if own else what.nodes)
            for among in self._among:
                among.open += sign * still_open if what.node_class in among.names else 0
        counts = self._works if isinstance(what, Kept) and what.works else self._away
        for node in what.nodes:
            self._place(node, -1)
            counts[node] += sign
            self._place(node, 1)

    def _place(self, node: NodeName, sign: int) -> None:
        """Count a node where it stands now, or take it out from there."""
        for among in self._among:
            if node not in among.nodes:
                continue
            if self._away[node]:
                among.out += sign
            elif self._works[node]:
                among.busy += sign


def _concerning(pools: Mapping[str, Pool], name: str) -> list[frozenset[str]]:
    """Return the sets of classes in which a class has to fit: alone, with each that shares nodes, and all together.

    What fits in each of them can be met node by node (Hall's condition), but for knots of four and more classes.
    """
    near, found = {name}, {frozenset({name})}
    while more := {other for other in pools if other not in near and any(_share(pools, other, one) for one in near)}:
        near |= more
    found |= {frozenset({name, other}) for other in near if other != name and _share(pools, name, other)}
    return [*found, frozenset(near)] if len(near) > _PAIR else [*found]


_PAIR: Final = 2


def _among(pools: Mapping[str, Pool], names: frozenset[str]) -> _Among:
    """Take classes together. A node that two share stands for both floors."""
    floors = [pools[name].floor for name in names]
    shared = sum(_share(pools, *pair) for pair in combinations(names, 2))
    nodes = frozenset(node for name in names for node in pools[name].nodes)
    return _Among(names, nodes, stays=max(*floors, sum(floors) - shared, 0))


def _share(pools: Mapping[str, Pool], one: str, other: str) -> int:
    return len(pools[one].nodes & pools[other].nodes)


def _has(what: Promise | Kept, at: datetime) -> bool:
    return what.starts <= at and (what.ends is None or at < what.ends)


def _is_near(promise: Promise, pool: Pool, book: Book) -> bool:
    """Return True when a promise is met from a class's nodes, or may be."""
    if promise.node_class == pool.node_class or promise.nodes & pool.nodes:
        return True
    return promise.node_class in book.pools and bool(_share(book.pools, promise.node_class, pool.node_class))


def _rounded_up(at: datetime) -> datetime:
    beyond = (at.astimezone(UTC) - datetime.min.replace(tzinfo=UTC)) % STEP
    return at if not beyond else at + (STEP - beyond)
