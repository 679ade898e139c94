"""The book as it stands: what the store promises, and what Slurm last said that there is.

Whoever decides on a loan asks it in the transaction that decides. Slurm is not asked there: no approval waits for one
that hangs or is away. What Slurm last said is kept by the reconcile round and by every preview.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from conversion.holdings import held
from conversion.ports import FarSideError
from conversion.slurm_view import look
from conversion.subjects import Ground
from loans.book import Book, Kept, Pool, Promise
from loans.classes import NodeClass
from loans.facts import Arrived, Began, Home, ReturnOrdered
from loans.loan import HOLDING, State
from loans.marks import read_reservation
from loans.nodes import Reservation, SlurmNode, may_run_jobs
from loans.promised import Turnaround, promises
from loans.readers.turnaround import slow
from loans.readers.usual import PAST_RUNS
from loans.selection import Seen
from store.db import Tx
from store.pools import PoolSeen

log = structlog.get_logger()

_MAINT: Final = "MAINT"
"""The flag of a reservation whose nodes run no jobs while it lasts; they carry _MAINTENANCE then."""
_MAINTENANCE: Final = "MAINTENANCE"
_AT_ONCE: Final = Turnaround(timedelta(), timedelta())


def book(tx: Tx, classes: Mapping[str, NodeClass], now: datetime) -> Book:
    """Return everything that is promised, and what there is to promise from as Slurm last told of it."""
    pools = {
        name: Pool(name, classes[name].rules.floor, frozenset(pool.nodes), pool.seen_at, pool.kept)
        for name, pool in tx.pools.all().items()
        if name in classes
    }
    return Book(pools, tuple(_promises(tx, classes, now)))


def turnaround(tx: Tx, node_class: NodeClass) -> Turnaround:
    """Return how long loans of a class take to arrive and to come home: measured, or else as the settings say."""
    out = tx.facts.lasted(Began, Arrived, node_class.name, PAST_RUNS)
    back = tx.facts.lasted(ReturnOrdered, Home, node_class.name, PAST_RUNS)
    return Turnaround(slow(out, node_class.rules.to_convert), slow(back, node_class.rules.to_return))


def seen_pools(tx: Tx, seen: Seen, classes: Iterable[NodeClass], now: datetime) -> tuple[PoolSeen, ...]:
    """Return what each class has. seen: read before this transaction, which so knows the loan of all we had drained."""
    ours, own = held(tx), tx.identity.name()
    reserved = [_reserved(each) for each in seen.reservations if not _is_ours(each, own)]
    closed = {node for kept in reserved if not kept.works and kept.starts <= now for node in kept.nodes}
    found = []
    for each in classes:
        nodes = {node.name: node for node in seen.nodes.values() if each.has(node)}
        away = {name for name, node in nodes.items() if name not in ours and _is_away(node, name in closed)}
        kept = [Kept(frozenset(away), now)] if away else []
        kept += [replace(some, nodes=some.nodes & nodes.keys()) for some in reserved if some.nodes & nodes.keys()]
        found.append(PoolSeen(each.name, tuple(sorted(nodes)), tuple(kept), now))
    return tuple(found)


def keep_pools(ground: Ground) -> None:
    """Write down what each class has, as Slurm tells of it now. While it tells nothing, what it last told stands."""
    try:
        seen = look(ground.far.slurm)
    except FarSideError as e:
        log.info("pools.as_before", why=str(e))
        return
    with ground.store.read() as tx:
        pools = seen_pools(tx, seen, ground.classes.values(), ground.now())
    with ground.store.write() as tx:
        tx.pools.put(pools)


def _promises(tx: Tx, classes: Mapping[str, NodeClass], now: datetime) -> Iterator[Promise]:
    terms = tx.loans.terms(sorted({State.APPROVED, *HOLDING}))
    parts = tx.nodes.of_many([term.id for term in terms if term.state in HOLDING])
    took = {name: turnaround(tx, classes[name]) for name in {term.node_class for term in terms} & classes.keys()}
    for term in terms:
        # A class that the settings have lost has no pool, but its loans may have nodes that another class shares.
        yield from promises(term, parts.get(term.id, ()), took.get(term.node_class, _AT_ONCE), now)


def _reserved(by: Reservation) -> Kept:
    return Kept(frozenset(by.nodes), by.starts, by.ends, by.name, works=_MAINT not in by.flags)


def _is_ours(reservation: Reservation, own: str | None) -> bool:
    of = read_reservation(reservation.name)
    return of is not None and of[0].store in ("", own)


def _is_away(node: SlurmNode, is_closed: bool) -> bool:  # noqa: FBT001 - its caller says what it asks
    """Return True for a node on which no job can start. is_closed: for a maintenance, whose end is known."""
    seen = replace(node, flags=node.flags - {_MAINTENANCE}) if is_closed else node
    return not may_run_jobs(seen)
