"""approve, decline, force on the command line: what will happen is printed and confirmed, and only that is done.

What is carried out names the loan as it was printed, as a button does: if it has changed meanwhile, it is refused and
shown anew.
"""

from collections.abc import Callable
from pathlib import Path

from bot.cli.say import Counter, at_the_counter
from bot.cli.sure import be_sure
from bot.views import sure
from commands.blocked import Force
from commands.decide import Approve, Decline
from commands.lookup import find, meant
from commands.refusals import NotLent
from commands.replies import Reply
from loans.loan import NODE_GOING_HOME, Loan, NodeLoan
from loans.nodes import NodeName
from loans.shown import Shown

_Make = Callable[[Loan], Approve | Decline]


def approve(config: Path | None, loan: int, *, yes: bool) -> None:
    """Sign what awaits a decision."""
    with at_the_counter(config) as counter:
        _decide(counter, loan, lambda of: Approve(of.id, of.awaits, Shown.of(of)), yes=yes)


def decline(config: Path | None, loan: int, why: str, *, yes: bool) -> None:
    """Say no to what awaits a decision."""
    with at_the_counter(config) as counter:
        _decide(counter, loan, lambda of: Decline(of.id, why, of.awaits, Shown.of(of)), yes=yes)


def _decide(counter: Counter, number: int, make: _Make, *, yes: bool) -> None:
    with counter.desk.store.read() as tx:
        loan = find(tx, number)
    if not isinstance(loan, Loan):
        counter.answer(loan)
        return
    ask = make(loan)
    if loan.awaits:
        is_yes = isinstance(ask, Approve)
        be_sure(counter.text(sure.decision(loan, is_yes=is_yes)), "Approve?" if is_yes else "Decline?", yes=yes)
    counter.carry_out(ask)


def force(config: Path | None, node: str, loan: int | None, *, yes: bool) -> None:
    """Remove what blocks a node's way home. loan: None to find the open one that the node is in."""
    with at_the_counter(config) as counter:
        found = _blocked(counter, node, loan)
        if not isinstance(found, tuple):
            counter.answer(found)
            return
        of, part = found
        card = None
        if part is not None and part.state in NODE_GOING_HOME:
            be_sure(counter.text(sure.force(of, part)), f"Remove the pods on {part.node}?", yes=yes)
            card = Shown.of(of, part)
        counter.carry_out(Force(of.id, node, card))


def _blocked(counter: Counter, node: str, number: int | None) -> tuple[Loan, NodeLoan | None] | Reply:
    """Return the loan that is meant, and the node's part in it if it has one."""
    desk = counter.desk
    with desk.store.read() as tx:
        if number is None:
            held = {part.node: part.loan_id for part in tx.nodes.held()}
            [name] = meant([node], held, desk)
            if name not in held:
                return NotLent((NodeName(node),))
            number = held[name]
        loan = find(tx, number)
        if not isinstance(loan, Loan):
            return loan
        parts = {part.node: part for part in tx.nodes.of(loan.id)}
        return loan, parts.get(meant([node], parts, desk)[0])
