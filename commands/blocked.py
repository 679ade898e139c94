"""force, wait: what people may say to a node whose way home is blocked by pods that may not be evicted."""

import re
from dataclasses import dataclass
from datetime import timedelta

from commands.desk import Caller, Desk
from commands.lookup import meant
from commands.pressed import differs, loan_meant
from commands.refusals import Forbidden, NotFrom, UnknownNodes
from commands.replies import Forced, Reply, WaitsOn
from commands.verb import LOAN, Verb, sentence
from conversion import orders
from loans.loan import NODE_GOING_HOME, NODE_GONE, Loan, NodeLoan
from loans.policy import Allowed, Refused, may_force, may_wait
from loans.shown import Change, Shown, changes, changes_of_node
from store.db import Tx
from store.errors import Stale

_NODE = r"(?P<node>[A-Za-z][\w.-]*)"


@dataclass(frozen=True)
class Force:
    """Remove what blocks the node's way home, budgets or not. card: what stood beside the button; None in words."""

    loan: int
    node: str
    card: Shown | None = None


@dataclass(frozen=True)
class Wait:
    """Give it more time before people are asked again. card: as with an order to remove what blocks it."""

    loan: int
    node: str
    span: timedelta = timedelta(hours=1)
    card: Shown | None = None


def run(ask: Force | Wait, caller: Caller, desk: Desk) -> Reply:
    """Carry the word to the node, when it is one that goes home."""
    try:
        with desk.store.write() as tx:
            loan = loan_meant(tx, ask.loan, ask.card)
            if not isinstance(loan, Loan):
                return loan
            verdict = _judge(ask, caller, loan, desk)
            if isinstance(verdict, Refused):
                return Forbidden(verdict.reasons)
            return _carry(tx, loan, ask, caller, desk)
    except Stale:
        with desk.store.read() as tx:
            return NotFrom(tx.loans.get(ask.loan), "force" if isinstance(ask, Force) else "wait for")


def _judge(ask: Force | Wait, caller: Caller, loan: Loan, desk: Desk) -> Allowed | Refused:
    rules = desk.class_of(loan).rules
    if isinstance(ask, Force):
        return may_force(caller.person, rules)
    return may_wait(caller.person, rules)


def _carry(tx: Tx, loan: Loan, ask: Force | Wait, caller: Caller, desk: Desk) -> Reply:
    part = _part(tx, loan, ask.node, desk)
    if part is None:
        has = tuple(p.node for p in tx.nodes.of(loan.id) if p.state not in NODE_GONE)
        return UnknownNodes(loan.id, (ask.node,), has)
    if part.state not in NODE_GOING_HOME:
        return NotFrom(loan, "force" if isinstance(ask, Force) else "wait for")
    if found := _changes(ask, loan, part):
        return differs(tx, loan, found, desk)
    if isinstance(ask, Force):
        return Forced(loan, orders.force(tx, loan, part, desk.now, caller.person.actor).node)
    waits = orders.wait_until(tx, loan, part, desk.now + ask.span, desk.now, by=caller.person.actor)
    return WaitsOn(waits.node, waits.ask_at or desk.now)


def _changes(ask: Force | Wait, loan: Loan, part: NodeLoan) -> tuple[Change, ...]:
    if ask.card is None:
        return ()
    of_node = changes_of_node(ask.card, part, removes=isinstance(ask, Force))
    return (*changes(ask.card, loan), *of_node)


def _part(tx: Tx, loan: Loan, node: str, desk: Desk) -> NodeLoan | None:
    parts = {part.node: part for part in tx.nodes.of(loan.id)}
    return parts.get(meant([node], parts, desk)[0])


def _read_force(found: re.Match[str]) -> Force:
    return Force(int(found["loan"]), found["node"])


def _read_wait(found: re.Match[str]) -> Wait:
    return Wait(int(found["loan"]), found["node"])


FORCE = Verb(
    names=("force",),
    usage="force NODE of #LOAN",
    summary="remove the pods that block a node's way home, budgets or not; approvers and operators only",
    examples=("force gpu006 of #12", "force gpu006 from #12"),
    pattern=sentence(rf"force {_NODE} (?:of|from) {LOAN}"),
    read=_read_force,
)
WAIT = Verb(
    names=("wait",),
    usage="wait for NODE of #LOAN",
    summary="give a blocked node one more hour before people are asked again",
    examples=("wait for gpu006 of #12", "wait gpu006 of #12"),
    pattern=sentence(rf"wait (?:for )?{_NODE} (?:of|from) {LOAN}"),
    read=_read_wait,
)
