"""One loan is one card, edited in place: who, what, until when, what happens next, and the buttons that apply now."""

from collections.abc import Sequence
from typing import assert_never

from bot.views import breaker, buttons
from bot.views.blocks import actions, context, message, section
from bot.views.ended import ended, why_no_more
from bot.views.lines import (
    approved_by,
    asked_by,
    purpose,
    remaining,
    reminders_ahead,
    staying,
    title,
    what,
)
from bot.views.progress import progress
from bot.views.rehearsal import REAL_TIME, Rehearsal, warning
from bot.views.rendered import Block, Rendered
from bot.views.returns import why_home
from bot.views.steps import is_unhealthy
from bot.views.steps import taking as taking_step
from bot.views.text import any_of, clock, counted, deadline, moment, nodes, quote, said, seconds, units, who
from bot.views.trouble import troubles
from commands.replies import OneLoan
from loans.lengths import about, length
from loans.loan import NODE_MOVING, TAKING_MOVING, Extension, Loan, NodeState, State, Taking
from loans.nodes import NodeName
from loans.readers.summary import Summary
from loans.runbook import StepName


def card(one: OneLoan, summary: Summary | None = None, clock_of_site: Rehearsal = REAL_TIME) -> Rendered:
    """Return the card of a loan as it stands. summary: of its journal, once it is over."""
    drawn = _card(one, summary)
    warned = warning(clock_of_site)
    return message(drawn.text, *drawn.blocks, warned) if warned else drawn


def _card(one: OneLoan, summary: Summary | None) -> Rendered:
    match one.loan.state:
        case State.REQUESTED:
            return _requested(one)
        case State.APPROVED:
            return _approved(one)
        case State.LENDING:
            return _lending(one)
        case State.LENT:
            return _lent(one)
        case State.RETURNING | State.STUCK:
            return _returning(one)
        case State.DECLINED | State.WITHDRAWN | State.LAPSED | State.FAILED | State.RETURNED:
            return ended(one, summary)
        case other:
            assert_never(other)


def _requested(one: OneLoan) -> Rendered:
    loan, rules = one.loan, one.node_class.rules
    brings = units(one.node_class.unit, loan.count)
    lines = [
        f"*Loan #{loan.id} · {what(loan)}* · {asked_by(loan)}",
        purpose(loan),
        f"For {length(loan.length)}{f', {brings}' if brings else ''}. {_floor(one)}",
        _would_go(one),
        f"{_if_approved(one)} Pods still there at the deadline are evicted.",
        _before(one),
    ]
    waits = f"waiting since {moment(loan.asked_at)}, lapses {moment(loan.lapses_at)}"
    deciders = f"{any_of(rules.approvers)} decides, never on a request of their own" if rules.approvers else ""
    return message(
        f"Loan #{loan.id} waits for a decision: {what(loan)}, {asked_by(loan)}",
        section("\n".join(filter(None, lines))),
        actions(buttons.approve(loan), buttons.decline(loan)),
        context(waits, deciders),
    )


def _floor(one: OneLoan) -> str:
    floor = one.node_class.rules.floor
    kept = f"At least {counted(floor, f'{one.node_class.name} node')} stay usable in Slurm. " if floor else ""
    return f"{_slurm_now(one) or kept}Only idle nodes go; running jobs are left alone."


def _slurm_now(one: OneLoan) -> str:
    """Return what the loan would leave to Slurm, as Slurm stands; empty when it did not answer."""
    choice = one.choice
    if choice is None:
        return ""
    stays = choice.usable - len(choice.taken)
    jobs = f", {counted(one.jobs_waiting, 'job')} waiting" if one.jobs_waiting else ""
    fewer = f" Only {counted(len(choice.taken), 'node')} could go now." if not choice.is_enough else ""
    now = f"Slurm now: {choice.usable} of {choice.total} {one.node_class.name} nodes usable{jobs}"
    return f"{now}. After: {stays} (floor {choice.floor}).{fewer} "


def _would_go(one: OneLoan) -> str:
    """Return the nodes that would go if it were approved now; empty when Slurm did not answer."""
    if one.choice is None or not one.choice.taken or one.loan.starts_at:
        return ""
    return f"Would go now: {nodes(one.choice.taken)}."


def _before(one: OneLoan) -> str:
    """Return how the requester's last loans went."""
    each = [f"#{loan.id} {_was(loan)} ({counted(loan.count, f'{loan.node_class} node')})" for loan in one.before]
    return f"Last loans of {who(one.loan.requester)}: {', '.join(each)}." if each else ""


def _was(loan: Loan) -> str:
    """Return how a loan ended, and how long its nodes were away."""
    away = f" after {length(loan.ended_at - loan.lent_at)}" if loan.lent_at and loan.ended_at else ""
    return f"{loan.state}{away}"


def _if_approved(one: OneLoan) -> str:
    loan, estimate = one.loan, one.estimate
    begins = f"they leave Slurm {moment(loan.starts_at)}" if loan.starts_at else "they leave Slurm at once"
    out = f", {about(estimate.lend)} to convert" if estimate.lend else ""
    back = f" ({about(estimate.back)})" if estimate.back else ""
    return f"If approved {begins}{out}, and come home by themselves{back}."


def _approved(one: OneLoan) -> Rendered:
    loan = one.loan
    begins = f"It starts {moment(loan.starts_at)}." if loan.starts_at else "It starts now: the nodes leave Slurm next."
    return message(
        f"Loan #{loan.id} · approved · {what(loan)}",
        section(f"{title(loan, 'approved')} · {what(loan)} · {approved_by(loan)}"),
        section(f"{begins}\n{asked_by(loan, capital=True)}.\n{purpose(loan)}"),
        actions(buttons.cancel(loan)),
    )


def _lending(one: OneLoan) -> Rendered:
    loan = one.loan
    arrived = sum(part.state is NodeState.LENT for part in one.parts)
    done = f"{arrived} of {counted(loan.count, 'node')} in k8s"
    head = " · ".join(word for word in (title(loan, "lending"), done, remaining(one), approved_by(loan)) if word)
    return message(
        f"Loan #{loan.id} · lending · {done}",
        section(f"{head}\n{what(loan)}, {asked_by(loan)}.\n{purpose(loan)}"),
        *_waves(one),
        section(breaker.standing(one.breaker)) if one.breaker else None,
        progress(one, done),
        *troubles(loan, one.parts),
        *_extension(one),
        actions(buttons.extend(loan), buttons.give_back(loan)),
        _drawn_at(one),
    )


def _waves(one: OneLoan) -> list[Block | None]:
    """Return what the waves that are being taken wait for."""
    found: list[Block | None] = []
    for taking in one.takings:
        if taking.state in TAKING_MOVING:
            extra = "more " if taking.wave > 1 else ""
            wanted = counted(taking.count, f"{extra}{one.node_class.name} node")
            found.append(section(_wave(taking, wanted)))
    return found


def _wave(taking: Taking, wanted: str) -> str:
    note = said(taking.note, 200)
    if taking.step is StepName.RESERVE and note:
        return f"Waiting for {wanted}: {note}."
    at = quote(taking_step(taking.step), 60) if taking.step else "looking for free ones"
    return f"Taking {wanted} from Slurm: {at}{f' ({note})' if note else ''}."


def _lent(one: OneLoan) -> Rendered:
    loan = one.loan
    lent = [part.node for part in one.parts if part.state is NodeState.LENT]
    short = loan.count - sum(not part.has_failed for part in one.parts)
    fewer = f" {counted(short, 'node')} short of the {loan.count} requested: {why_no_more(one)}." if short > 0 else ""
    there = f"{counted(len(lent), f'{one.node_class.name} node')} in k8s until {deadline(loan.until)}"
    moving = any(part.state in NODE_MOVING for part in one.parts)
    return message(
        f"Loan #{loan.id} · lent · {there}",
        section(f"{title(loan, 'lent')} · {there}{_pods(one)}\n{nodes(lent)}.{fewer}"),
        section(f"{asked_by(loan, capital=True)}, {approved_by(loan)}.\n{purpose(loan)}\n{_reminders(one)}"),
        section(staying(one)) if one.staying else None,
        progress(one, "Some nodes are on their way") if moving else None,
        *troubles(loan, one.parts),
        *_extension(one),
        actions(buttons.extend(loan), buttons.give_back(loan)),
    )


def _pods(one: OneLoan) -> str:
    """Return how much work is on the nodes. The card is not edited for every pod, so it says when they were counted."""
    if one.pods is None:
        return ""
    return f" · {counted(one.pods, 'pod') if one.pods else 'no pods'} on them at {clock(one.now)}"


def _reminders(one: OneLoan) -> str:
    due = [moment(at) for at in reminders_ahead(one)]
    told = f"{'Reminder' if len(due) == 1 else 'Reminders'} {' and '.join(due)}. " if due else ""
    return f"{told}At the deadline, remaining pods are evicted and the nodes come home by themselves."


def _returning(one: OneLoan) -> Rendered:
    loan = one.loan
    home = sum(part.state is NodeState.HOME for part in one.parts)
    due = sum(part.state is not NodeState.UNWOUND for part in one.parts)
    stuck = [part.node for part in one.parts if part.state is NodeState.STUCK]
    sick = [part.node for part in one.parts if is_unhealthy(part)]
    state = _state_home(loan, stuck, sick)
    done = f"{home} of {counted(due, 'node')} home{f', {len(sick)} more not healthy' if sick else ''}"
    needs = f"{nodes(stuck)} {'needs' if len(stuck) == 1 else 'need'} a person" if stuck else ""
    head = " · ".join(word for word in (title(loan, state), done, remaining(one), needs) if word)
    return message(
        f"Loan #{loan.id} · {state} · {done}",
        section(f"{head}\n{_why_home(one)} {asked_by(loan, capital=True)}.\n{purpose(loan)}"),
        progress(one, done),
        *troubles(loan, one.parts),
        _drawn_at(one) if loan.state is State.RETURNING else None,
    )


def _state_home(loan: Loan, stuck: Sequence[NodeName], sick: Sequence[NodeName]) -> str:
    """Return where a loan stands whose nodes go home: it is not stuck for a node that only the site can mend."""
    if loan.state is not State.STUCK:
        return "returning"
    return "home, but not healthy" if len(sick) == len(stuck) else "stuck"


def _why_home(one: OneLoan) -> str:
    loan = one.loan
    by = f" by {who(loan.returned_by)}" if loan.returned_by else ""
    return f"Coming home: {why_home(loan.return_why)}{by}." if loan.return_why else "Coming home."


def _extension(one: OneLoan) -> list[Block | None]:
    """Return a later deadline that awaits its decision."""
    if one.loan.extension is None:
        return []
    return [
        section(extension_line(one, one.loan.extension)),
        actions(buttons.approve(one.loan), buttons.decline(one.loan)),
    ]


def extension_line(one: OneLoan, asked: Extension) -> str:
    """Return who asks for which deadline, and what happens when nobody decides."""
    later = length(asked.until - one.loan.until)
    return (
        f"{who(asked.asked_by)} asks for a later deadline: *{deadline(asked.until)}*, {later} more. "
        f"If nobody decides it lapses {moment(asked.lapses_at)}, and {moment(one.loan.until)} stands."
    )


def _drawn_at(one: OneLoan) -> Block | None:
    return context(f"as of {seconds(one.now)}; edited whenever something changes")
