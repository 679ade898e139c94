"""What people are told beside the card: each piece of news of conversion/news.py in words, for its reader.

Drawn when it is sent: the loan is as it stands then, the facts are those of the moment in which it happened.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from bot.views import buttons
from bot.views.blocks import actions, message, section
from bot.views.ended import why_lapsed
from bot.views.lines import purpose, what
from bot.views.loan_card import extension_line
from bot.views.rendered import Block, Rendered
from bot.views.steps import doing
from bot.views.text import about, code, counted, deadline, listed, moment, nodes, quote, said, who
from bot.views.trouble import of_blocked, of_stuck
from commands.replies import OneLoan
from loans import when
from loans.loan import NodeLoan, NodeState, State

Facts = Mapping[str, Any]
Pods = Mapping[str, int] | None
_UNTIL: Final = frozenset({State.LENDING, State.LENT})
"""The states in which a deadline is still ahead."""
_GOES_HOME: Final = frozenset({NodeState.RETURNING, NodeState.UNWINDING})
_NAMESPACES: Final = 6
"""Namespaces that a reminder names: the largest, which are those worth a call."""


def news(args: Facts, one: OneLoan, audience: str, pods: Pods) -> Rendered:
    """Return a piece of news for an audience. pods: for a reminder, what an eviction would end, by namespace."""
    del audience  # the same words for everybody: who reads them differs, what happened does not
    drawn = NEWS[args["news"]]
    return drawn(args, one, pods)


def _say(text: str, *more: Block | None) -> Rendered:
    return message(text, section(text), *more)


def _approved(args: Facts, one: OneLoan, _: Pods) -> Rendered:
    loan = one.loan
    begins = f"It starts {moment(loan.starts_at)}." if loan.starts_at else "The nodes leave Slurm now."
    time = f" They are in Kubernetes in {about(one.estimate.lend)}." if one.estimate.lend and not loan.starts_at else ""
    return _say(
        f"{who(args['by'])} approved loan #{loan.id}: {what(loan)}. {begins}{time} I tell you when they are there."
    )


def _declined(args: Facts, one: OneLoan, _: Pods) -> Rendered:
    why = f"Reason: {quote(args['why'], 600)}" if args["why"] else "No reason was given; ask them."
    return _say(f"{who(args['by'])} declined loan #{one.loan.id}: {what(one.loan)}.\n{why}\nNothing has changed.")


def _lapsed(_args: Facts, one: OneLoan, _: Pods) -> Rendered:
    return _say(f"Loan #{one.loan.id} lapsed. {why_lapsed(one.loan)}")


def _withdrawn(args: Facts, one: OneLoan, _: Pods) -> Rendered:
    return _say(f"{who(args['by'])} took loan #{one.loan.id} back. Nothing had changed.")


def _lent(_args: Facts, one: OneLoan, _: Pods) -> Rendered:
    loan = one.loan
    there = nodes(part.node for part in one.parts if part.state is NodeState.LENT)
    text = (
        f"*Loan #{loan.id} is lent* until {deadline(loan.until)}: {there}.\n"
        "They are in Kubernetes now, and go home by themselves. I remind you before."
    )
    return _say(text, actions(buttons.extend(loan), buttons.give_back(loan)))


def _short(args: Facts, one: OneLoan, _: Pods) -> Rendered:
    loan, arrived = one.loan, int(args["arrived"])
    text = (
        f"Loan #{loan.id} is short: {arrived} of {counted(loan.count, f'{loan.node_class} node')} are in Kubernetes "
        f"until {deadline(loan.until)}. No other node could be had. {code('free')} "
        "shows when more are; ask for them in a new loan then."
    )
    return _say(text, actions(buttons.extend(loan), buttons.give_back(loan)))


def _failed(args: Facts, one: OneLoan, _: Pods) -> Rendered:
    text = (
        f"Loan #{one.loan.id} failed: not one node could be lent.\nWhy: {said(args['why'])}.\nAll nodes are back in "
        f"Slurm. {code('free')} shows what could be lent now; {code(f'history #{one.loan.id}')} tells every step."
    )
    return _say(text)


def _node_unwinding(args: Facts, one: OneLoan, _: Pods) -> Rendered:
    text = (
        f"{code(args['node'])} did not make it, while {quote(doing(args['step']), 60)}: {said(args['why'])}. "
        f"It goes back to Slurm, and another {one.loan.node_class} node takes its place if one is free. "
        "Nothing to do for you."
    )
    return _say(text)


def _node_home(args: Facts, one: OneLoan, _: Pods) -> Rendered:
    return _say(f"{code(args['node'])} is back in Slurm. It was not lent in loan #{one.loan.id}.")


def _reminder(_args: Facts, one: OneLoan, pods: Pods) -> Rendered:
    loan = one.loan
    if loan.state is not State.LENT or loan.until <= one.now:
        return _say(f"Loan #{loan.id} was about to end; it is {loan.state} by now. Nothing to do.")
    left = when.length(loan.until - one.now)
    text = f"*Loan #{loan.id} ends in {left}*, {deadline(loan.until)}. {_evicted(pods)}\n{purpose(loan)}"
    return _say(text, actions(buttons.extend(loan), buttons.give_back(loan), buttons.all_right(loan)))


def _evicted(pods: Pods) -> str:
    if pods is None:
        return "Then the pods that are left are evicted; Kubernetes does not say just now how many there are."
    if not any(pods.values()):
        return "No pod runs on its nodes now."
    most = sorted(pods.items(), key=lambda item: (-item[1], item[0]))
    spaces = listed([f"{code(name)} {count}" for name, count in most], most=_NAMESPACES)
    if len(pods) == 1:
        return f"Then {counted(sum(pods.values()), 'pod')} of namespace {code(most[0][0])} are evicted."
    return f"Then {sum(pods.values())} pods of {len(pods)} namespaces are evicted: {spaces}."


def _returning(args: Facts, one: OneLoan, _: Pods) -> Rendered:
    by = f" by {who(args['by'])}" if args["by"] else ""
    time = f" They are home in {about(one.estimate.back)}." if one.estimate.back else ""
    return _say(
        f"The nodes of loan #{one.loan.id} are coming home: {said(args['why'])}{by}.{time} Pods are evicted now."
    )


def _blocked(args: Facts, one: OneLoan, _: Pods) -> Rendered:
    part = _part(one, args["node"])
    if part is None or part.state not in _GOES_HOME:
        return _say(f"{code(args['node'])} of loan #{one.loan.id} was held up on its way home; it is not any more.")
    if part.blocked:
        ask = f"*Shall I remove what keeps {code(part.node)} of loan #{one.loan.id} from coming home?* An approver may."
    else:
        ask = f"*{code(part.node)} of loan #{one.loan.id} takes too long to come home.* Please have a look at it."
    found = of_blocked(one.loan, part, args["why"])
    return message(
        f"{part.node} of loan #{one.loan.id} cannot come home yet: {said(args['why'])}", section(ask), *found
    )


def _stuck(args: Facts, one: OneLoan, _: Pods) -> Rendered:
    part = _part(one, args["node"])
    if part is None or part.state is not NodeState.STUCK:
        return _say(f"{code(args['node'])} of loan #{one.loan.id} was stuck; it is not any more. Nothing to do.")
    text = f"{quote(args['node'], 80)} is stuck on its way home (loan #{one.loan.id}): {said(args['why'])}"
    return message(text, *of_stuck(one.loan, part, args["step"], args["why"]))


def _home(_args: Facts, one: OneLoan, _: Pods) -> Rendered:
    loan = one.loan
    home = [part.node for part in one.parts if part.state is NodeState.HOME]
    at = f" since {moment(loan.ended_at)}" if loan.ended_at else ""
    there = f"{counted(len(home), 'node')} idle in Slurm{at}: {nodes(home)}" if home else "its nodes are idle in Slurm"
    return _say(f"Loan #{loan.id} is over: {there}. Its card has the summary; nothing is left to do.")


def _extension_asked(args: Facts, one: OneLoan, _: Pods) -> Rendered:
    loan = one.loan
    if args.get("replaced"):
        return _say(f"A later deadline was asked for loan #{loan.id} here; another is asked for since, below.")
    if loan.extension is None:
        ends = f" It ends {deadline(loan.until)}." if loan.state in _UNTIL else ""
        return _say(f"A later deadline was asked for loan #{loan.id}; that is settled.{ends}")
    text = f"Loan #{loan.id}: {extension_line(one, loan.extension)}"
    return _say(text, actions(buttons.approve(loan), buttons.decline(loan)))


def _extension_decided(args: Facts, one: OneLoan, _: Pods) -> Rendered:
    loan = one.loan
    by = f" by {who(args['by'])}" if args["by"] else ""
    if args["granted"]:
        return _say(f"The later deadline of loan #{loan.id} is granted{by}: it ends {deadline(loan.until)}.")
    why = f"Reason: {quote(args['why'], 600)}\n" if args["why"] else ""
    return _say(
        f"The later deadline of loan #{loan.id} is not granted{by}.\n{why}It ends {deadline(loan.until)} as before."
    )


def _mismatch(args: Facts, one: OneLoan, _: Pods) -> Rendered:
    text = (
        f":warning: Loan #{one.loan.id} is not as it should be: {said(args['what'])}. Has somebody changed it by hand? "
        f"{code(f'status #{one.loan.id}')} and {code(f'history #{one.loan.id}')} tell what lendbot did."
    )
    return _say(text)


def orphan(args: Facts) -> Rendered:
    """Return what on-call reads of something that no open loan stands for."""
    text = (
        f":warning: {said(args['what'])}. Nothing is done about it by itself: look at what runs there, then lift the "
        f"mark by hand. {code('history')} tells what lendbot did lately."
    )
    return _say(text)


def _part(one: OneLoan, node: str) -> NodeLoan | None:
    return next((part for part in one.parts if part.node == node), None)


NEWS: Final[Mapping[str, Callable[[Facts, OneLoan, Pods], Rendered]]] = {
    "approved": _approved,
    "declined": _declined,
    "lapsed": _lapsed,
    "withdrawn": _withdrawn,
    "lent": _lent,
    "short": _short,
    "failed": _failed,
    "node_unwinding": _node_unwinding,
    "node_home": _node_home,
    "reminder": _reminder,
    "returning": _returning,
    "blocked": _blocked,
    "stuck": _stuck,
    "home": _home,
    "extension_asked": _extension_asked,
    "extension_decided": _extension_decided,
    "mismatch": _mismatch,
}
