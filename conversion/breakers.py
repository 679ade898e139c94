"""What is done when several nodes of a class fail alike: no more are taken, it is said once, and people are asked.

It is over when a node arrives, or when somebody says "go on". While nobody decides, a loan waits (pace.breaker_asks);
then it goes on with what it has: who has five of eight nodes wants to hear so.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from conversion import alarms
from conversion.news import Audience, also, tell
from conversion.subjects import Ground
from loans.breaker import Attempt, Rule, tripped
from loans.facts import LENDBOT, Actor, BreakerClosed, BreakerOpened, NodeArrived, NodeBroke, WhyClosed
from loans.loan import Loan, State
from loans.runbook import StepName
from store.breakers import Breaker
from store.db import Tx

_LATEST: Final = 99
"""Among how many of the latest openings that of a breaker is looked for; a class has one at a time."""
_ACTS: Final = {WhyClosed.GO_ON: "Go on", WhyClosed.SENT_HOME: "Send all home", WhyClosed.ARRIVED: ""}
_OF_A_WAVE: Final = frozenset({
    StepName.RESERVE, StepName.CLAIM, StepName.DRAIN, StepName.QUIET, StepName.UNRESERVE, StepName.DOWN,
})  # fmt: skip
"""A node that is lost there was never tried: a job was faster, or its owner."""


def judge(tx: Tx, ground: Ground, loan: Loan) -> None:
    """Look at a class after one of its nodes has failed, in the transaction that says so."""
    known, now = tx.breakers.of(loan.node_class), ground.now()
    if known is not None and known.is_open:
        return
    pace = ground.pace
    rule = Rule(pace.breaker_nodes, pace.breaker_within)
    trip = tripped(_attempts(tx, loan.node_class, _since(known, now - rule.within)), rule, now)
    if trip is None:
        return
    tx.breakers.put(Breaker(loan.node_class, trip.step, trip.reason, trip.failed, trip.tried, now))
    short = [each for each in tx.loans.in_states([State.LENDING]) if each.node_class == loan.node_class]
    loans = tuple(each.id for each in short)
    until = now + pace.breaker_asks
    opened = BreakerOpened(loan.node_class, trip.step, trip.reason, trip.failed, trip.tried, loans, until)
    alarms.breaker_opened(tx, tell(tx, opened, now), pace)
    _redraw(tx, loan.node_class, now)


def arrived(tx: Tx, loan: Loan, now: datetime) -> None:
    """Hear that a node of a class has arrived: whatever it was is over."""
    close(tx, loan.node_class, WhyClosed.ARRIVED, now)


def close(tx: Tx, node_class: str, why: WhyClosed, now: datetime, by: Actor = LENDBOT) -> Breaker | None:
    """End a class's breaker; return it as it was, or None when none was open."""
    known = tx.breakers.of(node_class)
    if known is None or not known.is_open:
        return None
    tx.breakers.put(replace(known, closed_at=now))
    told = tell(tx, BreakerClosed(node_class, why), now, by=by)
    if not alarms.over(tx, f"breaker:{node_class}", now, _ACTS[why], by):
        also(tx, told, Audience.ONCALL)  # an older lendbot had told of it in a letter
    _redraw(tx, node_class, now)
    return known


def shown(tx: Tx, breaker: Breaker) -> tuple[int, ...]:
    """Return the loans that people were asked about when it opened: what they answer is about these, and no later ones.

    None of them when the store does not have that any more: then nobody can tell what was shown.
    """
    told = tx.facts.recent(_LATEST, BreakerOpened)
    asked = [each.fact for each in told if each.at == breaker.opened_at]
    return next(
        (f.loans for f in asked if isinstance(f, BreakerOpened) and f.node_class == breaker.node_class),
        (),
    )


def holds(breaker: Breaker, ground: Ground) -> bool:
    """Return True while loans of a class wait for people to decide."""
    return breaker.is_open and ground.now() < breaker.opened_at + ground.pace.breaker_asks


def _since(known: Breaker | None, window: datetime) -> datetime:
    closed = known.closed_at if known is not None else None
    return max(closed, window) if closed is not None else window


def _attempts(tx: Tx, node_class: str, since: datetime) -> list[Attempt]:
    found = []
    for told in tx.facts.of_class(node_class, since, NodeBroke, NodeArrived):
        if told.node is None or told.at < since:
            continue
        match told.fact:
            case NodeArrived():
                found.append(Attempt(told.node, told.at))
            case NodeBroke(step, why) if step is not None and step not in _OF_A_WAVE:
                found.append(Attempt(told.node, told.at, step, why))
    return found


def _redraw(tx: Tx, node_class: str, now: datetime) -> None:
    for loan in tx.loans.in_states([State.LENDING]):
        if loan.node_class == node_class:
            tx.outbox.card(loan.id, now)
