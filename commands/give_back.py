"""give back: a whole loan, or some of its nodes, before the deadline. An approver's early word is a recall."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from commands.desk import Caller, Desk
from commands.lookup import find, meant
from commands.pressed import differs, loan_meant
from commands.refusals import FarSideDown, Forbidden, NotFrom, NotLent, UnknownNodes
from commands.replies import GoingHome, Reply, SkipsTooMuch
from commands.verb import LOAN, NODES, Verb, sentence
from conversion import orders
from conversion.estimate import estimate
from conversion.plans import return_plan
from conversion.ports import FarSideError
from conversion.skips import not_so
from conversion.steps import NodeWork
from loans.boots import Boot
from loans.facts import WhyReturn
from loans.hostlist import NotAHostlist
from loans.lifecycle import Return, may_happen
from loans.loan import NODE_GONE, Loan, NodeLoan, NodeState
from loans.nodes import NodeName
from loans.policy import Allowed, Refused, may_give_back
from loans.runbook import StepName
from loans.shown import Change, Shown, changes, changes_of_node
from store.db import Tx
from store.errors import Stale


@dataclass(frozen=True)
class GiveBack:
    """What is to come home.

    loan        None when the nodes say it
    nodes       hostlists as said, or empty for the whole loan
    from_step   where the way home begins; only the command line can say it
    card        what stood beside the button; None in words
    """

    loan: int | None
    nodes: str = ""
    from_step: StepName | None = None
    card: Shown | None = None


def run(ask: GiveBack, caller: Caller, desk: Desk) -> Reply:
    """Order the nodes home."""
    names = _names(ask.nodes, desk)
    if ask.from_step is not None:
        refused = _skips_too_much(ask, ask.from_step, names, caller, desk)
        if refused is not None:
            return refused
    try:
        with desk.store.write() as tx:
            number = ask.loan if ask.loan is not None else _loan_of(tx, names, desk)
            if number is None:
                return NotLent(names)
            loan = loan_meant(tx, number, ask.card)
            if not isinstance(loan, Loan):
                return loan
            verdict = _verdict(loan, caller, desk)
            if isinstance(verdict, Refused):
                return Forbidden(verdict.reasons)
            return _some(tx, loan, ask, caller, desk) if names else _all(tx, loan, ask, caller, desk)
    except Stale as e:
        with desk.store.read() as tx:
            return NotFrom(tx.loans.get(e.loan_id), "give back")


def _skips_too_much(
    ask: GiveBack, from_step: StepName, names: Sequence[NodeName], caller: Caller, desk: Desk
) -> SkipsTooMuch | FarSideDown | None:
    """Ask the far sides whether what is skipped is so; who may not order it, or of what loan, is answered later."""
    with desk.store.read() as tx:
        number = ask.loan if ask.loan is not None else _loan_of(tx, names, desk)
        loan = find(tx, number) if number is not None else None
        if not isinstance(loan, Loan) or isinstance(_verdict(loan, caller, desk), Refused):
            return None
        parts = {part.node: part for part in tx.nodes.of(loan.id) if not _is_gone(part)}
        works = [_work(tx, loan, parts[name], desk) for name in meant(names, parts, desk) if name in parts]
    try:
        found = {work.node: not_so(return_plan(work), work, from_step) for work in works}
    except FarSideError as e:
        return FarSideDown(e.side, e.said)
    missing = tuple((node, each) for node, of in found.items() for each in of)
    return SkipsTooMuch(loan.id, from_step, missing) if missing else None


def _work(tx: Tx, loan: Loan, part: NodeLoan, desk: Desk) -> NodeWork:
    journal = tuple(tx.facts.journal(loan.id, node=part.node))
    return NodeWork(
        loan,
        desk.class_of(loan),
        part,
        desk.far,
        desk.pace,
        journal,
        desk.now,
        timedelta.max,
        note_boot=_changes_nothing,
    )


def _changes_nothing(_: Boot) -> None:
    raise AssertionError("a check that is only asked was about to write something down")


def _verdict(loan: Loan, caller: Caller, desk: Desk) -> Allowed | Refused:
    return may_give_back(caller.person, desk.class_of(loan).rules, loan)


def _names(hostlists: str, desk: Desk) -> tuple[NodeName, ...]:
    """Expand what was said; what is no hostlist, or one of a size that no site has, is answered as a name."""
    try:
        return desk.expand(hostlists)
    except NotAHostlist:
        return (NodeName(hostlists),)


def _loan_of(tx: Tx, names: Sequence[NodeName], desk: Desk) -> int | None:
    """Return the open loan that holds the first of the nodes; the others are held against it later."""
    held = {part.node: part.loan_id for part in tx.nodes.held()}
    first = meant(names[:1], held, desk)
    return held.get(first[0]) if first else None


def _all(tx: Tx, loan: Loan, ask: GiveBack, caller: Caller, desk: Desk) -> Reply:
    if not may_happen(loan, Return):
        return NotFrom(loan, "give back")
    if ask.card and (found := changes(ask.card, loan)):
        return differs(tx, loan, found, desk)
    why = WhyReturn.ASKED if caller.person.id == loan.requester else WhyReturn.RECALLED
    going = orders.give_back(tx, loan, desk.now, why, caller.person.actor)
    nodes = tuple(part.node for part in tx.nodes.of(loan.id) if part.state not in NODE_GONE)
    return GoingHome(going, nodes, estimate(tx, loan.node_class))


def _some(tx: Tx, loan: Loan, ask: GiveBack, caller: Caller, desk: Desk) -> Reply:
    parts = {part.node: part for part in tx.nodes.of(loan.id)}
    names = meant(_names(ask.nodes, desk), parts, desk)
    unknown = tuple(name for name in names if name not in parts or _is_gone(parts[name]))
    if unknown:
        return UnknownNodes(loan.id, unknown, tuple(node for node, part in parts.items() if not _is_gone(part)))
    if ask.card and (found := _changes(ask.card, loan, [parts[name] for name in names])):
        return differs(tx, loan, found, desk)
    moved = orders.give_back_nodes(tx, loan, names, desk.now, by=caller.person.actor, from_step=ask.from_step)
    if not moved:
        return NotFrom(loan, "give back")
    return GoingHome(loan, tuple(part.node for part in moved), estimate(tx, loan.node_class))


def _changes(card: Shown, loan: Loan, parts: Sequence[NodeLoan]) -> tuple[Change, ...]:
    return (*changes(card, loan), *(each for part in parts for each in changes_of_node(card, part)))


def _is_gone(part: NodeLoan) -> bool:
    return part.state in NODE_GONE | {NodeState.UNWINDING}


def _read(found: re.Match[str]) -> GiveBack:
    number = found["loan"] or found["only"]
    return GiveBack(int(number) if number else None, (found["nodes"] or "").replace(" ", ""))


VERB = Verb(
    names=("give back", "return"),
    usage="give back #LOAN, or NODES [from #LOAN]",
    summary="send a loan, or some of its nodes, home before the deadline",
    examples=("give back #12", "give back gpu003 from #12", "give back gpu[003-005] from #12"),
    pattern=sentence(rf"(?:give back|return) (?:(?:loan )?\#?(?P<only>\d{{1,9}})|{NODES}(?: (?:from|of) {LOAN})?)"),
    read=_read,
)
