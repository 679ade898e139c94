"""What is written down of what happened, and who hears of it: both in the transaction of the change that it tells of.

Decides the audience of each fact. The words are the views' business, at the moment of sending.
"""

from datetime import datetime
from enum import StrEnum
from typing import TypeVar

import structlog

from loans import facts
from loans.facts import LENDBOT, Actor, Fact, Mismatch, Told
from loans.loan import Loan
from loans.nodes import NodeName
from loans.runbook import StepName
from store.db import Tx
from store.outbox import Letter

log = structlog.get_logger()


class Audience(StrEnum):
    """Who hears of something beside the card; the kind of its letter."""

    REQUESTER = "requester"
    """In a direct message."""
    THREAD = "thread"
    """Whoever reads below the card."""
    APPROVERS = "approvers"
    """Below the card and in the channel, for somebody has to decide."""
    ONCALL = "oncall"
    """In the channel of the settings: what they may want to know. What needs them is an alarm."""


F = TypeVar("F", bound=Fact)

_FOR_ONCALL = (facts.Mismatch, facts.ClockSet, facts.ClockOff)
_FOR_BOTH = (
    facts.Lapsed,
    facts.Withdrawn,
    facts.Arrived,
    facts.Failed,
    facts.Reminded,
    facts.Forced,
    facts.ReturnedEarly,
    facts.ReturnOrdered,
    facts.Home,
    facts.ExtensionDecided,
    facts.ExtensionLapsed,
)
_TOGETHER = frozenset({
    StepName.RESERVE, StepName.CLAIM, StepName.DRAIN, StepName.QUIET, StepName.UNRESERVE, StepName.DOWN,
})  # fmt: skip
"""Steps that a wave takes as one: a node that it loses there was never promised to anybody."""


def tell(
    tx: Tx, fact: F, now: datetime, *, loan: Loan | None = None, node: NodeName | None = None, by: Actor = LENDBOT
) -> Told[F]:
    """Write a fact down, put it in the outbox for everyone who hears of it, and refresh the loan's card."""
    told = tx.facts.tell(Told(fact, now, by, loan.id if loan else None, node))
    for audience in hears(fact, by, loan):
        to = loan.requester if loan and audience is Audience.REQUESTER else ""
        if not to.startswith("cli:"):
            tx.outbox.put(Letter(audience, loan.id if loan else None, to, now, told.id))
    if loan is not None:
        tx.outbox.card(loan.id, now)
    return told


def also(tx: Tx, told: Told[Fact], audience: Audience) -> None:
    """Put a fact in the outbox for somebody more."""
    tx.outbox.put(Letter(audience, told.loan_id, "", told.at, told.id))


def tell_wrong(tx: Tx, found: Mismatch, now: datetime, *, loan: Loan | None, node: NodeName | None) -> None:
    """Tell of something that should not be, once a day however often it is found."""
    of = loan.id if loan else 0
    if tx.seen.first(f"mismatch:{now:%Y-%m-%d}:{of}:{found.what}", now):
        log.warning("mismatch", what=found.what, node=node, loan=loan.id if loan else None)
        tell(tx, found, now, loan=loan, node=node)


def hears(fact: Fact, by: Actor = LENDBOT, loan: Loan | None = None) -> tuple[Audience, ...]:
    """Return who hears of a fact; nobody hears of what the card shows well enough, or an alarm (conversion/alarms.py).

    by    who did it: what others do with a loan, its requester hears at once
    loan  whose it is
    """
    match fact:
        case facts.Withdrawn() if loan is None or by.id == loan.requester:
            return (Audience.THREAD,)
        case facts.Decided() | facts.ReturnOrdered(facts.WhyReturn.DEADLINE | facts.WhyReturn.ALL_GIVEN_BACK):
            return (Audience.REQUESTER,)
        case facts.Arrived(arrived, asked) if arrived >= asked:
            return (Audience.REQUESTER,)
        case facts.NodeBroke(step):
            return () if step in _TOGETHER else (Audience.THREAD,)
        case facts.NodeHome(was_lent):
            return () if was_lent else (Audience.THREAD,)
        case facts.ExtensionAsked():
            return (Audience.APPROVERS,)
        case facts.CardPostedAnew(why):
            return (Audience.ONCALL, Audience.REQUESTER) if why != "message_not_found" else ()
        case _ if isinstance(fact, _FOR_ONCALL):
            return (Audience.ONCALL,)
        case _ if isinstance(fact, _FOR_BOTH) and fact != facts.ReturnOrdered(facts.WhyReturn.AGAIN):
            return (Audience.REQUESTER, Audience.THREAD)
        case _:
            return ()
