"""What an alarm means for whoever asked for the nodes: one sentence or two, and what it means for their work."""

from collections.abc import Sequence

from bot.views.blocks import message, section
from bot.views.buttons import is_held_by_pods
from bot.views.rendered import Rendered
from bot.views.slack_trouble import why_refused
from bot.views.text import clock, code, nodes, quote, said
from loans.alarms import Alarm, AlarmKind
from loans.loan import Loan, NodeLoan, State
from loans.runbook import StepName

_IN_USE = frozenset({State.LENT, State.LENDING})


def sentence(alarm: Alarm, loan: Loan | None, parts: Sequence[NodeLoan]) -> Rendered | None:
    """Return it; None when it means nothing for this loan. parts: of the nodes that the alarm stands for."""
    if loan is None:
        return None
    text = _after(alarm, loan) if alarm.solved_at else _now(alarm, loan, parts)
    return message(text, section(text)) if text else None


def _now(alarm: Alarm, loan: Loan, parts: Sequence[NodeLoan]) -> str:
    mine = [member.node for member in alarm.waiting if member.loan == loan.id]
    match alarm.kind:
        case AlarmKind.STUCK:
            where = "home, but not healthy" if alarm.step is StepName.HEALTH else "stuck on the way home"
            are = "is" if len(mine) == 1 else "are"
            return f"{nodes(mine)} of your loan #{loan.id} {are} {where}. On-call has been called. {_means(loan)}"
        case AlarmKind.BLOCKED:
            pods = any(is_held_by_pods(part) for part in parts if part.loan_id == loan.id)
            why = f": {said(alarm.said, 300).rstrip('.')}"
            yours = " If that is yours, save your work and end it; otherwise it may be removed." if pods else ""
            return f"{nodes(mine)} of your loan #{loan.id} can't come home yet{why}.{yours or f' {_means(loan)}'}"
        case AlarmKind.SIDE if loan.state is State.LENDING:
            late = f"Your nodes for loan #{loan.id} will be later than planned"
            return f"{late}: {quote(alarm.about, 80)} doesn't answer. On-call has been called; I'll go on by myself."
        case AlarmKind.BREAKER if loan.state is State.LENDING:
            return (
                f"Loan #{loan.id} may be late, or short of nodes: {quote(alarm.about, 40)} nodes fail on their way to "
                "Kubernetes, all alike. On-call has been called; those that are there already aren't affected."
            )
        case AlarmKind.SLACK:
            undecided = " Nobody can decide on it there until that's mended." if loan.state is State.REQUESTED else ""
            return (
                f"I can't post about loan #{loan.id} in <#{alarm.about}>: {why_refused(alarm.said)}. On-call has been "
                f"told.{undecided} {code(f'/nodes status #{loan.id}')} shows how it stands."
            )
        case _:
            return ""


def _after(alarm: Alarm, loan: Loan) -> str:
    at = f"*Solved {clock(alarm.solved_at)}*" if alarm.solved_at else ""
    mine = [member.node for member in alarm.helped if member.loan == loan.id]
    are = "is" if len(mine) == 1 else "are"
    match alarm.kind:
        case AlarmKind.STUCK if mine:
            return f"{at}: {nodes(mine)} of loan #{loan.id} {are} home."
        case AlarmKind.BLOCKED if mine:
            return f"{at}: nothing keeps {nodes(mine)} of loan #{loan.id} from coming home any more."
        case AlarmKind.SIDE:
            return f"{at}: {quote(alarm.about, 80)} is back, and loan #{loan.id} goes on."
        case AlarmKind.BREAKER:
            return f"{at}: {quote(alarm.about, 40)} nodes are taken for loan #{loan.id} as usual again."
        case AlarmKind.SLACK:
            return f"{at}: I can post about loan #{loan.id} in <#{alarm.about}> again."
        case _:
            return f"{at} for loan #{loan.id}."


def _means(loan: Loan) -> str:
    """Return what it means for their work: of a loan that still runs, that the rest of it goes on."""
    if loan.state in _IN_USE:
        return "Your other nodes aren't affected."
    return "Your loan is over, so there's nothing for you to do."
