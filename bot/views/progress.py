"""The nodes of a loan on their way, as a plan block: a line a node, or a line a step when there are many."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.views.blocks import TASKS, plan, task
from bot.views.rendered import Block
from bot.views.steps import doing, failed, is_unhealthy, tries_of
from bot.views.text import counted
from bot.views.trouble import SHOWN, shown
from commands.replies import OneLoan
from loans.hostlist import fold
from loans.lengths import took
from loans.loan import NODE_MOVING, NodeLoan, NodeState
from loans.nodes import NodeName
from loans.readers.breakdown import Breakdown
from loans.runbook import StepName

_STATUS: Final[Mapping[NodeState, str]] = {
    NodeState.TAKING: "in_progress",
    NodeState.LENDING: "in_progress",
    NodeState.LENT: "complete",
    NodeState.UNWINDING: "error",
    NodeState.UNWOUND: "error",
    NodeState.RETURNING: "in_progress",
    NodeState.HOME: "complete",
    NodeState.STUCK: "error",
}
_SORTED: Final = ("error", "in_progress", "pending", "complete")


def progress(one: OneLoan, title: str) -> Block | None:
    """Return where each node stands; None before there are any."""
    if not one.parts:
        return None
    ordered = sorted(one.parts, key=lambda part: (part.wave, part.node))
    if len(ordered) > TASKS:
        return plan(title, _by_step(ordered, one))
    return plan(title, [_of_node(part, one, one.replaced.get(part.node)) for part in ordered])


def _of_node(part: NodeLoan, one: OneLoan, instead: NodeName | None) -> Block:
    broke = one.broke.get(part.node)
    words = [f"{part.node} {_standing(part, broke)}{_timing(part, one.estimate.steps, one.now)}"]
    if instead:
        words.append(f"{instead} takes its place")
    elif part.state is NodeState.LENT and one.loan.started_at is not None and part.lent_at is not None:
        words[0] += f" after {took(part.lent_at - one.loan.started_at)}"
    is_told_below = part in shown(one.parts)[:SHOWN]
    details = part.note if _moves(part) and not is_told_below else ""
    return task(part.node, "; ".join(words), _status(part), broke.why if broke else details, since=_since(part, one))


def _since(part: NodeLoan, one: OneLoan) -> tuple[str, datetime] | None:
    """Return what was so and when of a node at rest, and the try of one that is beyond its first."""
    if part.state is NodeState.HOME and part.left_at is not None:
        return "usable in Slurm again", part.left_at
    at = one.tries.get(part.node)
    if at is None or part.step is None:
        return None
    return f"try {at} of {max(at, tries_of(part.step))}, since", part.since


def _moves(part: NodeLoan) -> bool:
    return part.state in NODE_MOVING or part.state is NodeState.STUCK


def _status(part: NodeLoan) -> str:
    is_waiting = part.state in (NodeState.LENDING, NodeState.RETURNING) and not part.step
    return "pending" if is_waiting else _STATUS[part.state]


def _standing(part: NodeLoan, broke: Breakdown | None = None) -> str:
    at = failed(broke.step if broke else None)
    match part.state:
        case NodeState.TAKING:
            return "leaving Slurm"
        case NodeState.LENDING:
            return doing(part.step) if part.step else "waits for its turn"
        case NodeState.LENT:
            return "in k8s"
        case NodeState.UNWINDING:
            return f"{at}, going back to Slurm{f': {doing(part.step)}' if part.step else ''}"
        case NodeState.UNWOUND:
            return f"{at}, back in Slurm"
        case NodeState.RETURNING if part.blocked:
            return "blocked"
        case NodeState.RETURNING:
            return doing(part.step) if part.step else "waits for its turn"
        case NodeState.HOME:
            return "home"
        case NodeState.STUCK:
            return "home, but not healthy" if is_unhealthy(part) else "stuck: needs a person"


def _timing(part: NodeLoan, usual: Mapping[StepName, timedelta], now: datetime) -> str:
    """Return how long the step has run, and how long it usually does; nothing for a node at rest."""
    if part.state not in (NodeState.LENDING, NodeState.RETURNING) or not part.step:
        return ""
    known = f", usually {took(usual[part.step])}" if part.step in usual else ""
    return f" ({took(now - part.since)}{known})"


def _by_step(ordered: Sequence[NodeLoan], one: OneLoan) -> list[Block]:
    """Return a line for each place where nodes stand: what failed first, what is done last."""
    groups: dict[tuple[str, str], list[NodeName]] = {}
    for part in sorted(ordered, key=lambda part: _SORTED.index(_status(part))):
        groups.setdefault((_status(part), _standing(part, one.broke.get(part.node))), []).append(part.node)
    return [
        task(f"{status}:{standing}", f"{counted(len(names), 'node')}: {standing}", status, fold(names))
        for (status, standing), names in groups.items()
    ]
