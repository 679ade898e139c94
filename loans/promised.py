"""What each open loan has of its class, and for how long: the promises that the book is made of.

A request holds nothing; whoever is approved first has the nodes. A node that has to be looked at by a person is away
until somebody says otherwise, and so is one that something blocks on its way home: unknown is never free.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from loans.book import Promise
from loans.loan import NODE_GOING_HOME, NODE_GONE, NODE_KEPT_OUT, NodeLoan, NodeState, State
from loans.nodes import NodeName

_AWAY: Final = NODE_KEPT_OUT | {NodeState.TAKING}
"""Where a node is one of those that its loan means to have."""


@dataclass(frozen=True)
class Turnaround:
    """How long before its start a loan's nodes leave Slurm, and how long after its end they are home."""

    out: timedelta
    back: timedelta


@dataclass(frozen=True)
class Term:
    """The part of a loan that the book needs, of a loan that is approved or has nodes."""

    id: int
    node_class: str
    count: int
    until: datetime
    starts_at: datetime | None
    state: State


def promises(term: Term, parts: Sequence[NodeLoan], took: Turnaround, now: datetime) -> Iterator[Promise]:
    """Yield what a loan has, a promise for each end that its nodes come to. parts: all of its nodes, gone ones too."""
    if term.state is State.APPROVED:
        starts = begins(term.starts_at, took, now)
        yield Promise(term.id, term.node_class, term.count, starts, home(term.until, took, now))
        return
    here = [part for part in parts if part.state not in NODE_GONE]
    lost = [part for part in here if part.state is NodeState.STUCK or part.blocked]
    going = [part for part in here if part.state in NODE_GOING_HOME and part not in lost]
    away = [part for part in here if part not in lost and part not in going]
    count = _wanted(term, parts, len(away))
    for some, held, ends in (
        (away, count, home(term.until, took, now)),
        (going, len(going), now + took.back),
        (lost, len(lost), None),
    ):
        if held:
            yield Promise(term.id, term.node_class, held, now, ends, _names(some))


def begins(starts_at: datetime | None, took: Turnaround, now: datetime) -> datetime:
    """Return when the nodes of a loan that has not begun leave Slurm."""
    return now if starts_at is None else max(now, starts_at - took.out)


def home(until: datetime, took: Turnaround, now: datetime) -> datetime:
    """Return when the nodes of a loan are home: of one that is late, that long from now."""
    return max(until, now) + took.back


def _wanted(term: Term, parts: Sequence[NodeLoan], away: int) -> int:
    """Return how many nodes a loan still means to have: one that failed on the way out is replaced (settle.py)."""
    if term.state is not State.LENDING:
        return away
    given_back = sum(not part.has_failed and part.state not in _AWAY for part in parts)
    return max(away, term.count - given_back)


def _names(parts: Collection[NodeLoan]) -> frozenset[NodeName]:
    return frozenset(part.node for part in parts)
