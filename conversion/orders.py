"""What people and the clock may order for a loan: each order is one transaction's worth of changes to the store.

The worker does the rest: it compares what is ordered with what is so. Nothing here talks to a far side.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from conversion.news import tell
from loans.classes import Rules
from loans.lifecycle import NODE_RETURNABLE, Event, GiveBack, Lapse, Return, Start, advance, move
from loans.loan import Loan, NodeLoan, State, Taking
from loans.nodes import NodeName
from loans.terms import Terms
from store.audit import Audit
from store.db import Tx


def record(tx: Tx, loan: Loan, event: Event, now: datetime, *, who: str, detail: str = "") -> Loan:
    """Advance a loan, save it, audit it and refresh its card.

    raises   NotAllowed, and Stale when somebody else was first
    """
    saved = tx.loans.save(advance(loan, event, now))
    tx.audit.write(Audit(now, who, type(event).__name__.lower(), loan.id, None, detail))
    tx.outbox.card(loan.id, now)
    return saved


def request(tx: Tx, terms: Terms, rules: Rules, by: str, now: datetime) -> Loan:
    """Make a loan of terms that somebody asks for, with its card: approvers decide from there."""
    loan = tx.loans.add(
        Loan(
            requester=by,
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
    tx.audit.write(Audit(now, by, "request", loan.id, None, f"{loan.count} {loan.node_class}"))
    tx.outbox.card(loan.id, now)
    return loan


def start(tx: Tx, loan: Loan, now: datetime) -> Loan:
    """Begin an approved loan with its first wave; one whose deadline has passed meanwhile lapses."""
    if loan.until <= now:
        lapsed = record(tx, loan, Lapse(), now, who="lendbot", detail="the deadline passed before it could start")
        tell(tx, lapsed, "lapsed", now)
        return lapsed
    started = record(tx, loan, Start(), now, who="lendbot")
    tx.takings.add(Taking(loan.id, wave=1, count=loan.count, look_at=now))
    return started


def give_back(tx: Tx, loan: Loan, now: datetime, why: str, by: str | None) -> Loan:
    """Order every node of a loan home."""
    returning = record(tx, loan, Return(why, by), now, who=by or "lendbot", detail=why)
    for part in tx.nodes.of(loan.id):
        if part.state in NODE_RETURNABLE:
            tx.nodes.save(move(part, GiveBack(), now))
    if loan.state is not State.STUCK:
        tell(tx, returning, "returning", now, why=why, by=by or "")
    return returning


def give_back_nodes(
    tx: Tx, loan: Loan, nodes: Collection[NodeName], now: datetime, *, by: str, from_step: str = ""
) -> tuple[NodeLoan, ...]:
    """Order some nodes of a loan home, and let the others be. Those that are on their way already stay so."""
    moved = []
    for part in tx.nodes.of(loan.id):
        if part.node in nodes and part.state in NODE_RETURNABLE:
            moved.append(tx.nodes.save(move(part, GiveBack(from_step), now)))
            tx.audit.write(Audit(now, by, "give back", loan.id, part.node, from_step))
    if loan.state is State.STUCK and moved:
        record(tx, loan, Return("try again", by), now, who=by)
    tx.outbox.card(loan.id, now)
    return tuple(moved)


def force(tx: Tx, part: NodeLoan, now: datetime, by: str) -> NodeLoan:
    """Let the eviction of one node remove what blocks it."""
    tx.audit.write(Audit(now, by, "force eviction", part.loan_id, part.node, part.note))
    tx.outbox.card(part.loan_id, now)
    return tx.nodes.save(replace(part, forced_by=by, look_at=now))


def wait_on(tx: Tx, part: NodeLoan, now: datetime, by: str, span: timedelta) -> NodeLoan:
    """Ask again about a blocked node later."""
    tx.audit.write(Audit(now, by, "wait on", part.loan_id, part.node, str(span)))
    tx.outbox.card(part.loan_id, now)
    return tx.nodes.save(replace(part, ask_at=now + span))
