"""Nodes that need a person: what each world reports, and what can be done. The card and the news say it alike."""

from collections.abc import Sequence
from typing import Final

from bot.views import buttons
from bot.views.advice import advice, what_runs
from bot.views.blocks import actions, section
from bot.views.rendered import Block
from bot.views.steps import doing, from_step
from bot.views.text import clock, code, nodes, quote, said, who
from loans.loan import Loan, NodeLoan, NodeState
from loans.runbook import StepName

SHOWN: Final = 5
"""Nodes in trouble with buttons of their own: a person mends them one by one, and a card is not a screenful."""


def shown(parts: Sequence[NodeLoan]) -> list[NodeLoan]:
    """Return the nodes that wait for a person, stuck ones first."""
    stuck = [part for part in parts if part.state is NodeState.STUCK]
    return [*stuck, *(part for part in parts if part.blocked and part.state is not NodeState.STUCK)]


def troubles(loan: Loan, parts: Sequence[NodeLoan]) -> list[Block | None]:
    """Return a paragraph and buttons for each node that waits for a person; past the first few a line for all."""
    found: list[Block | None] = []
    for part in shown(parts)[:SHOWN]:
        is_stuck = part.state is NodeState.STUCK
        found += of_stuck(loan, part, part.step, part.note) if is_stuck else of_blocked(loan, part, part.note)
    rest = shown(parts)[SHOWN:]
    if rest:
        names = nodes(part.node for part in rest)
        verb = code(f"give back NODE from #{loan.id}")
        found.append(section(f"{names} need a person too. {verb} tries one of them again."))
    return found


def of_stuck(loan: Loan, part: NodeLoan, step: StepName | None, why: str) -> list[Block | None]:
    """Return what is known of a stuck node. It is in neither world, so there is time to look."""
    if step is StepName.HEALTH:
        return _of_unhealthy(loan, part, why)
    at = f" while {quote(doing(step), 60)}" if step else ""
    by_hand = code(f"lendbot give-back {part.node} --from {from_step(part)}")
    text = (
        f":warning: *{code(part.node)} is stuck*{at}, on its way home (loan #{loan.id}).\n"
        f"What was found: {(said(why) or 'nothing was reported').rstrip('.')}.\n"
        f"{what_runs(step, why)}\n"
        f"{advice(step, why)} Then press Try again for the whole way home, or, when you have rebooted it by "
        f"hand, run {by_hand} on lendbot's host."
    )
    return [section(text), actions(buttons.try_again(loan, part))]


def _of_unhealthy(loan: Loan, part: NodeLoan, why: str) -> list[Block | None]:
    """Return what its class's checks found on a node that has come home: the site's to mend, and in nobody's way."""
    by_hand = code(f"lendbot give-back {part.node} --from {StepName.HEALTH}")
    text = (
        f":warning: *{code(part.node)} is home, but not healthy* (loan #{loan.id}).\n"
        f"What was found: {(said(why) or 'nothing was reported').rstrip('.')}.\n"
        f"It has left Kubernetes and rebooted. I keep it drained in Slurm with that reason: no jobs, no pods. "
        f"The other nodes are not held up.\n"
        f"*Mend it, then* press Try again for the whole way home, or run {by_hand} on lendbot's host: that runs the "
        f"checks once more and resumes it."
    )
    return [section(text), actions(buttons.try_again(loan, part))]


def of_blocked(loan: Loan, part: NodeLoan, why: str) -> list[Block | None]:
    """Return what keeps a node from coming home, and when people are asked about it."""
    waits_for = said(why) or (doing(part.step) if part.step else "its turn")
    text = f":hourglass_flowing_sand: {code(part.node)} waits: {waits_for}. {_what_next(part)}"
    return [section(text), actions(buttons.force(loan, part), buttons.wait(loan, part))]


def _what_next(part: NodeLoan) -> str:
    if part.forced_by is not None:
        return f"{who(part.forced_by)} said to remove what blocks it, and I am at it."
    trying = "I keep asking the pods to leave." if part.blocked else "I keep trying."
    asked = f" Unless somebody decides, I'll ask people at {clock(part.ask_at)}." if part.ask_at else ""
    return f"{trying}{asked}"
