"""The buttons of a loan. Each exists only while what it says may happen; its listener asks policy again."""

import re
from typing import Final

from bot.views import actions
from bot.views.actions import Ref
from bot.views.blocks import button
from bot.views.rendered import Block
from bot.views.sure import lost
from loans.lifecycle import AskExtension, Return, Withdraw, may_happen
from loans.loan import NODE_GOING_HOME, Loan, NodeLoan, NodeState
from loans.shown import Shown

_PODS: Final = re.compile(r"\bpods?\b")


def approve(loan: Loan) -> Block:
    """Return the yes to a request or an extension."""
    return button(actions.APPROVE, "Approve", Ref(Shown.of(loan), loan.awaits).value, style="primary")


def decline(loan: Loan) -> Block:
    """Return the no, which asks for a reason."""
    return button(actions.DECLINE, "Decline…", Ref(Shown.of(loan), loan.awaits).value)


def extend(loan: Loan) -> Block | None:
    """Return the way to a later deadline; while one awaits its decision, that one comes first."""
    if loan.extension is not None or not may_happen(loan, AskExtension):
        return None
    return button(actions.EXTEND, "Extend…", Ref(Shown.of(loan)).value)


def give_back(loan: Loan) -> Block | None:
    """Return the early end."""
    if not may_happen(loan, Return):
        return None
    question = f"The pods on the nodes of loan #{loan.id} are evicted, and the nodes reboot into Slurm."
    sure = ("Return all nodes now?", question, "Return now")
    return button(actions.GIVE_BACK, "Return now", Ref(Shown.of(loan)).value, sure=sure)


def cancel(loan: Loan) -> Block | None:
    """Return the way to take a request back."""
    if not may_happen(loan, Withdraw):
        return None
    return button(actions.CANCEL, "Take it back", Ref(Shown.of(loan)).value)


def all_right(loan: Loan) -> Block:
    """Return the nod that takes the buttons off a reminder."""
    return button(actions.ALL_RIGHT, "All right", Ref(Shown.of(loan)).value)


def is_held_by_pods(part: NodeLoan) -> bool:
    """Return True for a node that waits for pods, by its note: an order to remove them mends nothing else."""
    return part.blocked and (not part.note or _PODS.search(part.note) is not None)


def force(loan: Loan, part: NodeLoan) -> Block | None:
    """Return the order to remove what blocks a node; pods are somebody's work, so it asks twice."""
    if not is_held_by_pods(part) or part.forced_by is not None:
        return None
    return button(
        actions.FORCE,
        "Remove it now…",
        Ref(Shown.of(loan, part), part.node).value,
        style="danger",
        sure=(f"Remove the pods on {part.node}?", lost(part), "Remove them"),
    )


def wait(loan: Loan, part: NodeLoan) -> Block | None:
    """Return one hour more for a node on its way home."""
    if part.state not in NODE_GOING_HOME or part.forced_by is not None:
        return None
    return button(actions.WAIT, "Give it 1 h more", Ref(Shown.of(loan, part), part.node).value)


def try_again(loan: Loan, part: NodeLoan) -> Block | None:
    """Return a new start of a stuck node's way home."""
    if part.state is not NodeState.STUCK:
        return None
    return button(actions.TRY_AGAIN, "Try again", Ref(Shown.of(loan, part), part.node).value, style="primary")


def ask_for_nodes() -> Block:
    """Return the way to the form, for whoever would rather fill in than write."""
    return button(actions.OPEN_LEND, "Ask for nodes…", "lend")
