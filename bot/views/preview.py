"""The preview of a wish, and what is said when it cannot be met: which nodes, which not and why, what it will do."""

from collections.abc import Sequence
from datetime import UTC
from zoneinfo import ZoneInfo

from bot.views import actions as ids
from bot.views.blocks import actions, button, context, message, section
from bot.views.breaker import standing
from bot.views.refusals import passed_over
from bot.views.rendered import Block, Rendered
from bot.views.text import any_of, code, counted, nodes, quote, units
from commands.refusals import NotEnough
from commands.replies import Preview, WhichTime
from loans import when
from loans.lengths import about
from loans.selection import Choice, NotNeeded, PassedOver
from loans.when import spelled

_REASONS = 4
"""Nodes passed over that are named with their reason: the rest is a count."""


def preview(reply: Preview) -> Rendered:
    """Return what was understood, what would happen, and the buttons to go on."""
    choice, node_class = reply.choice, reply.node_class
    head = f"Lend {counted(choice.wished, f'{node_class.name} node')} to k8s {_span(reply)}"
    brings = units(node_class.unit, choice.wished)
    later = reply.starts_at is not None
    would = _would_go_later(choice) if later else f"Would go: {nodes(choice.taken)}, idle now"
    lines = [
        f"*{head}*",
        f"{would}{f', {brings}' if brings and not later else ''}",
        _passed_over(choice),
        _leaves(choice, node_class.name, reply.jobs_waiting),
        f"Purpose: {quote(reply.purpose, 400)}" if reply.purpose else "",
    ]
    return message(
        head,
        section("\n".join(line for line in lines if line)),
        section(standing(reply.breaker)) if reply.breaker else None,
        section(_what_next(reply)),
        context("Nothing has changed yet", _times(reply)),
        actions(
            button(ids.SIGN_OFF, "Ask for sign-off", reply.draft, style="primary"),
            button(ids.CHANGE, "Change…", reply.draft),
            button(ids.NEVER_MIND, "Never mind", reply.draft),
        ),
    )


def _what_next(reply: Preview) -> str:
    """Return what asking for it sets going, and how it ends."""
    decides = any_of(reply.node_class.rules.approvers) if reply.node_class.rules.approvers else "An approver"
    return (
        f"{decides} decides. Then the nodes leave Slurm, run Puppet and join Kubernetes. At the deadline, remaining "
        "pods are evicted and the nodes reboot into Slurm."
    )


def _span(reply: Preview) -> str:
    zone = ZoneInfo(reply.tz)
    if reply.starts_at is not None:
        return f"from {when.spelled(reply.starts_at, zone)} until {when.say(reply.until, reply.starts_at, zone)}"
    return f"until {when.say(reply.until, reply.now, zone)}"


def _would_go_later(choice: Choice) -> str:
    """Return what a loan that starts later can promise: nodes are chosen then, among those that are idle then."""
    now = f"right now {nodes(choice.taken)}" if choice.is_enough else f"right now {choice.free} could go"
    return f"Nodes are picked when it starts, from those that are idle then; {now}"


def _passed_over(choice: Choice, told_above: Sequence[PassedOver] = ()) -> str:
    told = [p for p in choice.passed_over if not isinstance(p.why, NotNeeded) and p not in told_above]
    spare = sum(isinstance(p.why, NotNeeded) for p in choice.passed_over)
    rest = len(told) - _REASONS
    words = [f"{code(p.node)} {passed_over(p.why)}" for p in told[:_REASONS]]
    if rest > 0:
        words.append(f"{rest} more")
    if spare:
        words.append(f"{spare} idle but not needed")
    return f"Not available: {' · '.join(words)}" if words else ""


def _leaves(choice: Choice, name: str, waiting: int) -> str:
    stays = choice.usable - len(choice.taken)
    jobs = f" {counted(waiting, 'job')} {'is' if waiting == 1 else 'are'} waiting for it." if waiting else ""
    return f"Leaves {stays} of {choice.total} {name} nodes in Slurm (floor {choice.floor}).{jobs}"


def _times(reply: Preview) -> str:
    found = reply.estimate
    out = f"{about(found.lend)} to convert" if found.lend else ""
    back = f"{about(found.back)} to come home" if found.back else ""
    return ", ".join(word for word in (out, back) if word)


def which_time(reply: WhichTime) -> Rendered:
    """Ask which reading is meant: a wrong deadline costs somebody's work, a question costs a click.

    Each reading has a line of its own: it is too long for a button, and Slack wants ids of one row to differ.
    """
    phrase, action = quote(reply.phrase, 100), ids.SETTLE_EXTENSION if reply.extends else ids.SETTLE
    if reply.guess:
        text = f'I read "{phrase}" as *{quote(reply.guess, 100)}*. Is that it?'
    elif len(reply.readings) == 1:
        text = f'Just to be sure: does "{phrase}" mean this?'
    else:
        text = f'"{phrase}" can be read in {len(reply.readings)} ways. Which do you mean?'
    yes = "Yes" if len(reply.readings) == 1 else "This one"
    lines = [section(f"*{quote(say, 300)}*", button(action, yes, draft)) for say, draft in reply.readings]
    no = "No" if len(reply.readings) == 1 else "None of these"
    never_mind = button(ids.NEVER_MIND, no, reply.readings[0][1]) if reply.readings else None
    spoken = quote(" or ".join(say for say, _ in reply.readings), 600)
    return message(f"{text} {spoken}", section(text), *lines, actions(never_mind))


def not_enough(reply: NotEnough) -> Rendered:
    """Return how many could go, which jobs free the next ones and when, and what can be had instead."""
    choice, name = reply.choice, reply.node_class.name
    soon = choice.next_free[: max(1, min(choice.wished - choice.free, _REASONS))]
    head = f"Not now: {counted(choice.wished, f'{name} node')} asked for, {_could_go(choice)}."
    lines = [
        head,
        _kept(choice),
        "" if choice.kept else _next_free(soon),
        _passed_over(choice, soon),
        f"{choice.floor} of {choice.total} {name} nodes always stay in Slurm." if choice.floor else "",
    ]
    text = "\n".join(line for line in lines if line)
    offers = _offers(reply)
    otherwise = "" if offers else f"Ask for fewer, or look again later: {code('free')} shows what could be lent."
    return message(head, section(text), *offers, context("Nothing has changed", otherwise))


def _could_go(choice: Choice) -> str:
    return f"{choice.free} can go" if choice.free else "none can go"


def _kept(choice: Choice) -> str:
    """Return that the floor is what limits, when it is: no job's end would let more nodes go then."""
    if not choice.kept:
        return ""
    idle = f"{counted(choice.kept, 'more node')} {'is' if choice.kept == 1 else 'are'} idle"
    return f"{idle}, but the floor of {choice.kept_by} keeps {'it' if choice.kept == 1 else 'them'} in Slurm."


def _next_free(soon: Sequence[PassedOver]) -> str:
    words = [f"{code(p.node)} {passed_over(p.why)}" for p in soon]
    return f"Free next: {' · '.join(words)}." if words else "No running job says when it ends."


def _offers(reply: NotEnough) -> list[Block]:
    """Return a line for each offer, with its button: two buttons with one id may not share a row."""
    choice, found = reply.choice, []
    if reply.now_draft is not None:
        take = button(ids.SETTLE, f"Take {choice.free} now", reply.now_draft, style="primary")
        found.append(section(f"{nodes(choice.taken)} could go at once.", take))
    if reply.later_draft is not None and reply.later_at is not None:
        at = reply.later_at.astimezone(ZoneInfo(reply.tz))
        ask = button(ids.SETTLE, f"Ask for {choice.wished} from {at:%a %H:%M}", reply.later_draft)
        wait = f"All {choice.wished} should be idle from {spelled(reply.later_at, at.tzinfo or UTC)}."
        found.append(section(wait, ask))
    return found
