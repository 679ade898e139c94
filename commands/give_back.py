"""give back: a whole loan, or some of its nodes, before the deadline. An approver's early word is a recall."""

import re
from dataclasses import dataclass

from commands.desk import Caller, Desk
from commands.lookup import find
from commands.replies import Forbidden, GoingHome, NoLoan, NotFrom, Reply, UnknownNodes
from commands.verb import LOAN, NODES, Verb, sentence
from conversion import orders
from conversion.estimate import estimate
from conversion.plans import RETURN
from loans.lifecycle import Return, may_happen
from loans.loan import NODE_GONE, Loan, NodeLoan, NodeState
from loans.nodes import NodeName
from loans.policy import Refused, may_give_back
from store.db import Tx
from store.errors import Stale

STEPS = tuple(step.name for step in RETURN)


@dataclass(frozen=True)
class GiveBack:
    """nodes: hostlists as said, or empty for the whole loan. from_step: where the way home begins, for operators."""

    loan: int
    nodes: str = ""
    from_step: str = ""


def run(ask: GiveBack, caller: Caller, desk: Desk) -> Reply:
    """Order the nodes home."""
    try:
        with desk.store.write() as tx:
            loan = find(tx, ask.loan)
            if isinstance(loan, NoLoan):
                return loan
            verdict = may_give_back(caller.person, desk.classes[loan.node_class].rules, loan)
            if isinstance(verdict, Refused):
                return Forbidden(verdict.reasons)
            return _some(tx, loan, ask, caller, desk) if ask.nodes else _all(tx, loan, caller, desk)
    except Stale:
        with desk.store.read() as tx:
            return NotFrom(tx.loans.get(ask.loan), "give back")


def _all(tx: Tx, loan: Loan, caller: Caller, desk: Desk) -> Reply:
    if not may_happen(loan, Return):
        return NotFrom(loan, "give back")
    by = caller.person.id
    why = "asked for by its requester" if by == loan.requester else "recalled"
    going = orders.give_back(tx, loan, desk.now, why, by)
    nodes = tuple(part.node for part in tx.nodes.of(loan.id) if part.state not in NODE_GONE)
    return GoingHome(going, nodes, estimate(tx, loan.node_class))


def _some(tx: Tx, loan: Loan, ask: GiveBack, caller: Caller, desk: Desk) -> Reply:
    parts = {part.node: part for part in tx.nodes.of(loan.id)}
    try:
        names = desk.expand(ask.nodes)
    except ValueError:
        names = (ask.nodes,)
    unknown = tuple(name for name in names if NodeName(name) not in parts or _is_gone(parts[NodeName(name)]))
    if unknown:
        return UnknownNodes(loan.id, unknown, tuple(node for node, part in parts.items() if not _is_gone(part)))
    moved = orders.give_back_nodes(
        tx, loan, [NodeName(name) for name in names], desk.now, by=caller.person.id, from_step=ask.from_step
    )
    if not moved:
        return NotFrom(loan, "give back")
    return GoingHome(loan, tuple(part.node for part in moved), estimate(tx, loan.node_class))


def _is_gone(part: NodeLoan) -> bool:
    return part.state in NODE_GONE | {NodeState.UNWINDING}


def _read(found: re.Match[str]) -> GiveBack:
    return GiveBack(int(found["loan"]), (found["nodes"] or "").replace(" ", ""), "")


VERB = Verb(
    names=("give back", "return"),
    usage="give back [NODES from] #LOAN",
    summary="send a loan, or some of its nodes, home before the deadline",
    examples=("give back #12", "give back gpu003 from #12", "give back gpu[003-005] from #12"),
    pattern=sentence(rf"(?:give back|return) (?:{NODES} (?:from|of) )?{LOAN}"),
    read=_read,
)
