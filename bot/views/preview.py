"""The preview of a wish, and what is said when it cannot be met: which nodes, which not and why, what it will do."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from bot.views import actions as ids
from bot.views.blocks import actions, button, context, message, section
from bot.views.refusals import passed_over
from bot.views.rendered import Block, Rendered
from bot.views.text import about, counted, nodes, quote, units
from commands.replies import NotEnough, Preview, WhichTime
from loans import when
from loans.selection import Choice, NotNeeded, PassedOver

_REASONS = 4
"""Nodes passed over that are named with their reason: the rest is a count."""


def preview(reply: Preview) -> Rendered:
    """Return what was understood, what would happen, and the buttons to go on."""
    choice, node_class = reply.choice, reply.node_class
    head = f"Lend {counted(choice.wished, f'{node_class.name} node')} to k8s {_span(reply)}"
    brings = units(node_class.unit, choice.wished)
    later = reply.starts_at is not None
    would = f"Now it would be {nodes(choice.taken)}; they are chosen when it starts" if later else _would_go(choice)
    lines = [
        f"*{head}*",
        f"{would}{f', {brings}' if brings else ''}",
        _passed_over(choice),
        _leaves(choice, node_class.name, reply.jobs_waiting),
        f"Purpose: {quote(reply.purpose, 400)}" if reply.purpose else "",
    ]
    return message(
        head,
        section("\n".join(line for line in lines if line)),
        context("Nothing has changed yet", _times(reply)),
        actions(
            button(ids.SIGN_OFF, "Ask for sign-off", reply.draft, style="primary"),
            button(ids.NEVER_MIND, "Never mind", reply.draft),
        ),
    )


def _span(reply: Preview) -> str:
    zone = ZoneInfo(reply.tz)
    if reply.starts_at is not None:
        return f"from {when.spelled(reply.starts_at, zone)} until {when.say(reply.until, reply.starts_at, zone)}"
    return f"until {when.say(reply.until, reply.now, zone)}"


def _would_go(choice: Choice) -> str:
    return f"Would go: {nodes(choice.taken)}, idle now"


def _passed_over(choice: Choice) -> str:
    told = [p for p in choice.passed_over if not isinstance(p.why, NotNeeded)]
    spare = len(choice.passed_over) - len(told)
    rest = len(told) - _REASONS
    words = [f"`{p.node}` {passed_over(p.why)}" for p in told[:_REASONS]]
    if rest > 0:
        words.append(f"{rest} more")
    if spare:
        words.append(f"{spare} idle and not needed")
    return f"Passed over: {' · '.join(words)}" if words else ""


def _leaves(choice: Choice, name: str, waiting: int) -> str:
    stays = choice.usable - len(choice.taken)
    jobs = f" {counted(waiting, 'job')} wait for this partition." if waiting else ""
    return f"Leaves {stays} of {choice.total} {name} nodes in Slurm (floor {choice.floor}).{jobs}"


def _times(reply: Preview) -> str:
    found = reply.estimate
    out = f"{about(found.lend)} to convert" if found.lend else ""
    back = f"{about(found.back)} to come home" if found.back else ""
    return ", ".join(word for word in (out, back) if word)


def which_time(reply: WhichTime) -> Rendered:
    """Ask which reading is meant: a wrong deadline is worse than a question."""
    phrase = quote(reply.phrase, 100)
    if reply.guess:
        text = f'I read "{phrase}" as *{quote(reply.guess, 100)}*?'
    elif len(reply.readings) == 1:
        text = f'"{phrase}" would be *{quote(reply.readings[0][0], 200)}*. Is that what you mean?'
    else:
        options = " or ".join(f"*{quote(say, 200)}*" for say, _ in reply.readings)
        text = f'"{phrase}" can be {options}.'
    action = ids.SETTLE_EXTENSION if reply.extends else ids.SETTLE
    # A row each: Slack wants an action's id once a row.
    rows = [actions(button(action, say, draft)) for say, draft in reply.readings]
    return message(text, section(text), *rows, actions(button(ids.NEVER_MIND, "Neither", 0)))


def not_enough(reply: NotEnough) -> Rendered:
    """Return how many could go, which jobs free the next ones and when, and the two offers."""
    choice, name = reply.choice, reply.node_class.name
    lines = [
        f"Not now: {choice.wished} asked, {counted(choice.free, f'{name} node')} can go.",
        _next_free(choice.next_free, choice.wished - choice.free),
        _passed_over(choice),
        f"The floor keeps {choice.floor} of {choice.total} {name} nodes in Slurm." if choice.floor else "",
    ]
    text = "\n".join(line for line in lines if line)
    return message(lines[0], section(text), *_offers(reply))


def _next_free(soon: Sequence[PassedOver], missing: int) -> str:
    words = [f"`{p.node}`: {passed_over(p.why)}" for p in soon[: max(1, min(missing, _REASONS))]]
    return f"Free next: {' · '.join(words)}." if words else "No job's end is known that would free one."


def _offers(reply: NotEnough) -> list[Block | None]:
    found: list[Block | None] = []
    if reply.now_draft is not None:
        found.append(actions(button(ids.SETTLE, f"Take {reply.choice.free} now", reply.now_draft, style="primary")))
    if reply.later_draft is not None and reply.later_at is not None:
        at = reply.later_at.astimezone(ZoneInfo(reply.tz))
        offer = f"Ask for {reply.choice.wished} from {at:%a %H:%M}"
        found.append(actions(button(ids.SETTLE, offer, reply.later_draft)))
    return found
