"""go on, send home: what people may decide when several nodes of a class have failed alike."""

import re
from dataclasses import dataclass
from datetime import datetime

from commands.desk import Caller, Desk
from commands.refusals import Forbidden, NoBreaker, UnknownClass
from commands.replies import Reply, WentOn
from commands.verb import Verb, sentence
from conversion import breakers, orders
from loans.classes import NodeClass
from loans.facts import WhyClosed, WhyReturn
from loans.loan import Loan, State
from loans.policy import Refused, may_go_on
from store.db import Tx
from store.errors import Stale


@dataclass(frozen=True)
class GoOn:
    """Take nodes of a class again in place of those that fail. of: when what was pressed about began; None in words."""

    node_class: str
    of: datetime | None = None


@dataclass(frozen=True)
class SendHome:
    """Send loans of a class home that are still on their way out. of: as with going on.

    What was pressed ends the loans that stood beside the button; words end every one there is.
    """

    node_class: str
    of: datetime | None = None


def run(ask: GoOn | SendHome, caller: Caller, desk: Desk) -> Reply:
    """Decide; whoever is second is told that it is decided."""
    node_class = desk.class_called(ask.node_class)
    if node_class is None:
        return UnknownClass(ask.node_class, tuple(desk.classes))
    verdict = may_go_on(caller.person, node_class.rules)
    if isinstance(verdict, Refused):
        return Forbidden(verdict.reasons)
    try:
        with desk.store.write() as tx:
            return _decide(tx, ask, node_class, caller, desk)
    except Stale:
        return NoBreaker(node_class.name)


def _decide(tx: Tx, ask: GoOn | SendHome, node_class: NodeClass, caller: Caller, desk: Desk) -> Reply:
    known = tx.breakers.of(node_class.name)
    if ask.of is not None and (known is None or known.opened_at != ask.of):
        return NoBreaker(node_class.name, is_newer=known is not None and known.is_open)
    by, is_end = caller.person.actor, isinstance(ask, SendHome)
    why = WhyClosed.SENT_HOME if is_end else WhyClosed.GO_ON
    if breakers.close(tx, node_class.name, why, desk.now, by) is None:
        return NoBreaker(node_class.name)
    if not is_end:
        return WentOn(node_class.name)
    loans = [loan for loan in tx.loans.in_states([State.LENDING]) if loan.node_class == node_class.name]
    shown = breakers.shown(tx, known) if ask.of is not None and known is not None else [loan.id for loan in loans]
    ended = [loan for loan in loans if loan.id in shown]
    for loan in ended:
        orders.give_back(tx, loan, desk.now, _why(loan, caller), by)
    began_since = tuple(loan.id for loan in loans if loan.id not in shown)
    return WentOn(node_class.name, tuple(loan.id for loan in ended), began_since, is_end=True)


def _why(loan: Loan, caller: Caller) -> WhyReturn:
    return WhyReturn.ASKED if caller.person.id == loan.requester else WhyReturn.RECALLED


def _class(found: re.Match[str]) -> str:
    return found["node_class"]


GO_ON = Verb(
    names=("go on",),
    usage="go on with CLASS",
    summary="take nodes of a class again after several have failed alike; approvers and operators only",
    examples=("go on with gpu", "go on with gpu nodes"),
    pattern=sentence(r"go on(?: with)? (?P<node_class>[\w.-]+)(?: nodes?)?"),
    read=lambda found: GoOn(_class(found)),
)
SEND_HOME = Verb(
    names=("send home",),
    usage="send home CLASS",
    summary="give up the loans of a class that are on their way out, after several nodes have failed alike",
    examples=("send home gpu", "send home all gpu nodes"),
    pattern=sentence(r"send home (?:all )?(?P<node_class>[\w.-]+)(?: nodes?)?"),
    read=lambda found: SendHome(_class(found)),
)
