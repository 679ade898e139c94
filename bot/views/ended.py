"""The cards of loans that are over: how it ended, by whom, and what it was."""

from collections.abc import Mapping
from datetime import timedelta

from bot.views.blocks import context, message, section
from bot.views.lines import approved_by, asked_by, purpose, title, what
from bot.views.rendered import Rendered
from bot.views.steps import failed
from bot.views.text import code, counted, listed, moment, nodes, quote, said, who
from commands.replies import OneLoan
from loans.lengths import length, took
from loans.loan import Loan, NodeState, State
from loans.readers.summary import Summary
from loans.runbook import StepName


def ended(one: OneLoan, summary: Summary | None) -> Rendered:
    """Return the card of a loan that is over. It has no buttons: nothing applies any more."""
    loan = one.loan
    match loan.state:
        case State.DECLINED:
            return _plain_end(loan, "declined", _declined(loan))
        case State.WITHDRAWN:
            by = f" by {who(loan.returned_by)}" if loan.returned_by else ""
            return _plain_end(loan, "withdrawn", f"Withdrawn{by}{_at(loan)}. Nothing had changed.")
        case State.LAPSED:
            return _plain_end(loan, "lapsed", why_lapsed(loan))
        case State.FAILED:
            return _failed(one)
        case _:
            return _returned(one, summary)


def why_lapsed(loan: Loan) -> str:
    """Return why a loan lapsed, and what can be done."""
    if loan.decision is None:
        return f"Nobody decided in time{_at(loan)}. Nothing has changed; ask again with a new request."
    return f"The deadline passed before it could start{_at(loan)}. Nothing has changed; ask again with a new request."


def _declined(loan: Loan) -> str:
    by = f" by {who(loan.decision.by)}" if loan.decision else ""
    why = quote(loan.decision.note, 600) if loan.decision else ""
    return f"Declined{by}{_at(loan)}. {f'Reason: {why}' if why else 'No reason was given.'}"


def _at(loan: Loan) -> str:
    return f", {moment(loan.ended_at)}" if loan.ended_at else ""


def _plain_end(loan: Loan, state: str, how: str) -> Rendered:
    return message(
        f"Loan #{loan.id} · {state} · {what(loan)}",
        section(f"{title(loan, state)} · {what(loan)}\n{how}"),
        context(asked_by(loan), purpose(loan)),
    )


def _failed(one: OneLoan) -> Rendered:
    loan = one.loan
    why = why_failed(one)
    text = (
        f"{title(loan, 'failed')} · none of {counted(loan.count, f'{one.node_class.name} node')} could be lent\n"
        f"Why: {why}\nAll nodes are back in Slurm{_at(loan)}. {code('free')} shows what could be lent now; ask again "
        f"then. {code(f'history #{loan.id}')} shows every step."
    )
    return message(
        f"Loan #{loan.id} · failed · {why}", section(text), context(asked_by(loan), approved_by(loan), purpose(loan))
    )


def why_failed(one: OneLoan) -> str:
    """Return why not one node could be lent, in a sentence: the same in the card, the thread and the command line."""
    found = one.failure
    if not found.nodes:
        return f"{said(found.last.why).rstrip('.')}."
    which = nodes(found.nodes)
    times = f" ({counted(len(found.nodes), 'node')})" if len(found.nodes) > 1 else ""
    return f"{failed(found.last.step)} on {which}{times}: {said(found.last.why).rstrip('.')}."


def why_no_more(one: OneLoan) -> str:
    """Return why a loan is short, to follow a colon."""
    return said(one.no_more, 300).rstrip(".") or "no other node could be had"


def _returned(one: OneLoan, summary: Summary | None) -> Rendered:
    loan = one.loan
    due = sum(part.state is not NodeState.UNWOUND for part in one.parts)
    home = summary.home if summary else sum(part.state is NodeState.HOME for part in one.parts)
    done = f"{home} of {counted(due, 'node')} home, usable in Slurm{_at(loan)}"
    lent_for = f" · lent {length(summary.lent_for)}" if summary and summary.lent_for else ""
    lines = [f"{title(loan, 'returned')} · {done}{lent_for}"]
    if summary:
        lines.append(how_it_went(summary))
    small = _steps(summary.medians) if summary else ""
    return message(
        f"Loan #{loan.id} · returned · {done}",
        section("\n".join(lines)),
        context(small),
        context(asked_by(loan), approved_by(loan), purpose(loan)),
    )


def how_it_went(summary: Summary) -> str:
    """Return what took longest, and whether anything was forced."""
    words = []
    if summary.slowest:
        node, step, span = summary.slowest
        words.append(f"Slowest step: {step} of {code(node)}, {took(span)}")
    by_whom = [f"{code(node)} by {who(by)}" for node, by in summary.forced]
    words.append(f"pods were removed by force on {listed(by_whom)}" if by_whom else "nothing was forced")
    return " · ".join(words)


def _steps(medians: Mapping[StepName, timedelta]) -> str:
    """Return what each step took on most nodes; those of a few seconds are not worth a word."""
    slow = [f"{step} {took(span)}" for step, span in medians.items() if span >= timedelta(seconds=5)]
    return f"Per node, typically: {', '.join(slow)}" if slow else ""
