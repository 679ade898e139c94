"""What people and the clock may order for a loan: each order is one transaction's worth of changes to the store.

The worker does the rest: it compares what is ordered with what is so. Nothing here talks to a far side.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from conversion import alarms
from conversion.news import tell
from loans.classes import Rules
from loans.facts import (
    LENDBOT,
    Actor,
    Began,
    Fact,
    Forced,
    Lapsed,
    NodeSentHome,
    Requested,
    ReturnedEarly,
    ReturnOrdered,
    WaitGranted,
    WhyLapsed,
    WhyReturn,
)
from loans.lifecycle import NODE_RETURNABLE, Event, GiveBack, Lapse, Return, Start, advance, move
from loans.loan import Loan, NodeLoan, NodeState, State, Taking
from loans.nodes import NodeName
from loans.runbook import StepName
from loans.terms import Terms
from store.db import Tx


def record(tx: Tx, loan: Loan, event: Event, now: datetime, fact: Fact, *, by: Actor = LENDBOT) -> Loan:
    """Advance a loan, save it, and tell the fact.

    raises   NotAllowed, and Stale when somebody else was first
    """
    saved = tx.loans.save(advance(loan, event, now))
    tell(tx, fact, now, loan=saved, by=by)
    return saved


def request(tx: Tx, terms: Terms, rules: Rules, by: Actor, now: datetime) -> Loan:
    """Make a loan of terms that somebody asks for, with its card: approvers decide from there."""
    loan = tx.loans.add(
        Loan(
            requester=by.id,
            node_class=terms.node_class,
            count=terms.count,
            until=terms.until,
            asked_at=now,
            lapses_at=min(now + rules.lapse_after, terms.until),
            purpose=terms.purpose,
            channel=terms.channel,
            starts_at=terms.starts_at,
        )
    )
    tell(tx, Requested(loan.node_class, loan.count, loan.until, loan.starts_at, loan.purpose), now, loan=loan, by=by)
    return loan


def start(tx: Tx, loan: Loan, now: datetime) -> Loan:
    """Begin an approved loan with its first wave; one whose deadline has passed meanwhile lapses."""
    if loan.until <= now:
        return record(tx, loan, Lapse(), now, Lapsed(WhyLapsed.DEADLINE_PASSED))
    started = record(tx, loan, Start(), now, Began())
    tx.takings.add(Taking(loan.id, wave=1, count=loan.count, look_at=now))
    return started


def give_back(tx: Tx, loan: Loan, now: datetime, why: WhyReturn, by: Actor = LENDBOT) -> Loan:
    """Order every node of a loan home."""
    said_by = None if by == LENDBOT else by.id
    if loan.state is State.STUCK:
        why = WhyReturn.AGAIN
    returning = record(tx, loan, Return(why, said_by), now, ReturnOrdered(why), by=by)
    parts = tx.nodes.of(loan.id)
    _tried_again(tx, loan, parts, now, by)
    for part in parts:
        if part.state in NODE_RETURNABLE:
            tx.nodes.save(move(part, GiveBack(), now))
    return returning


def give_back_nodes(
    tx: Tx, loan: Loan, nodes: Collection[NodeName], now: datetime, *, by: Actor, from_step: StepName | None = None
) -> tuple[NodeLoan, ...]:
    """Order some nodes of a loan home, and let the others be. Those that are on their way already stay so."""
    moved = []
    going = [part for part in tx.nodes.of(loan.id) if part.node in nodes and part.state in NODE_RETURNABLE]
    if early := tuple(part.node for part in going if part.state is not NodeState.STUCK):
        tell(tx, ReturnedEarly(early), now, loan=loan, by=by)
    _tried_again(tx, loan, going, now, by)
    for part in going:
        moved.append(tx.nodes.save(move(part, GiveBack(from_step), now)))
        tell(tx, NodeSentHome(from_step), now, loan=loan, node=part.node, by=by)
    if loan.state is State.STUCK and moved:
        record(tx, loan, Return(WhyReturn.AGAIN, by.id), now, ReturnOrdered(WhyReturn.AGAIN), by=by)
    return tuple(moved)


def force(tx: Tx, loan: Loan, part: NodeLoan, now: datetime, by: Actor) -> NodeLoan:
    """Let the eviction of one node remove what blocks it."""
    tell(tx, Forced(part.note), now, loan=loan, node=part.node, by=by)
    alarms.acted(tx, loan, [part.node], now, act="Remove it now", by=by)
    return tx.nodes.save(replace(part, forced_by=by.id, look_at=now))


def wait_until(tx: Tx, loan: Loan, part: NodeLoan, until: datetime, now: datetime, *, by: Actor) -> NodeLoan:
    """Ask again about a blocked node later."""
    tell(tx, WaitGranted(until), now, loan=loan, node=part.node, by=by)
    alarms.acted(tx, loan, [part.node], now, act="Give it 1 h more", by=by)
    return tx.nodes.save(replace(part, ask_at=until))


def _tried_again(tx: Tx, loan: Loan, parts: Iterable[NodeLoan], now: datetime, by: Actor) -> None:
    stuck = [part.node for part in parts if part.state is NodeState.STUCK]
    if stuck:
        alarms.acted(tx, loan, stuck, now, act="Try again", by=by)
