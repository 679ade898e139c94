"""What will happen, before somebody says yes to it where no button asks."""

from bot.views.lines import asked_by, purpose, what
from bot.views.text import clock, code, deadline, said, who
from loans.lengths import length
from loans.loan import Loan, NodeLoan

_BLOCKED_BY = 2000


def decision(loan: Loan, *, is_yes: bool) -> str:
    """Return what a decision is about, and what a yes or a no does."""
    if loan.extension is not None:
        until, by = loan.extension.until, who(loan.extension.asked_by)
        wish = f"Loan #{loan.id}, {what(loan)}. {by} asks to extend it until {deadline(until)}, "
        kept = "The nodes stay lent until then." if is_yes else f"It ends {deadline(loan.until)}, as now."
        return f"{wish}{length(until - loan.until)} more.\n{kept}"
    starts = f"at the start, {deadline(loan.starts_at)}" if loan.starts_at else "at once"
    then = f"Free nodes leave Slurm {starts}." if is_yes else "No node leaves Slurm."
    return f"Loan #{loan.id}: {what(loan)}, {asked_by(loan)}. {purpose(loan)}\n{then} {who(loan.requester)} is told."


def force(loan: Loan, part: NodeLoan) -> str:
    """Return what is lost when what blocks a node is removed."""
    why = f" {said(part.note, _BLOCKED_BY)}." if part.note else ""
    later = f" I'd ask again at {clock(part.ask_at)}." if part.ask_at else ""
    return f"{code(part.node)} of loan #{loan.id} can't go home.{why}{later}\n{lost(part)}"


def lost(part: NodeLoan) -> str:
    """Return what an order to remove what blocks a node does, in plain words."""
    return f"The pods left on {part.node} are deleted against their disruption budgets. Their owners lose them."
