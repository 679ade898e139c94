"""What people are told beside the card: each fact that somebody hears of, in words.

Drawn when it is sent: the loan is as it stands then, the fact is of the moment in which it happened.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from bot.views import breaker, buttons
from bot.views.blocks import actions, message, section
from bot.views.ended import why_failed, why_lapsed, why_no_more
from bot.views.lines import purpose, staying, what
from bot.views.loan_card import extension_line
from bot.views.ready import ready, where_it_stands
from bot.views.rendered import Block, Rendered
from bot.views.returns import why_home
from bot.views.sides import is_away, is_back
from bot.views.text import code, counted, deadline, listed, moment, nodes, quote, said, who
from bot.views.trouble import of_blocked, of_stuck
from commands.replies import OneLoan
from conversion import clocks
from loans import facts
from loans.facts import LENDBOT, Actor, Fact, Told
from loans.lengths import about, length
from loans.loan import NODE_GOING_HOME, UNTIL_DEADLINE, NodeLoan, NodeState, State
from loans.nodes import NodeName
from loans.runbook import StepName

Pods = Mapping[str, int] | None
_NAMESPACES: Final = 6
"""Namespaces that a reminder names: the largest, which are those worth a call."""


def news(told: Told[Fact], one: OneLoan, pods: Pods, card_url: str = "") -> Rendered:
    """Return a fact of a loan as it is told.

    pods      for a reminder, what an eviction would end, by namespace
    card_url  where the loan's card is, for whoever reads this elsewhere

    The same words for everybody: who reads them differs, what happened does not.
    """
    match told.fact:
        case facts.Decided(approved=True):
            return _approved(told.who, one, card_url)
        case facts.Decided(note=note):
            return _declined(told.who, note, one)
        case facts.Lapsed():
            return _say(f"Loan #{one.loan.id} lapsed. {why_lapsed(one.loan)}")
        case facts.Withdrawn():
            return _withdrawn(told.who, one)
        case facts.Arrived(arrived, asked):
            return _lent(one, card_url) if arrived >= asked else _short(arrived, one)
        case facts.Failed():
            return _failed(one)
        case facts.NodeBroke(step, why):
            return _node_broke(told.node, step, why, one)
        case facts.NodeHome():
            return _say(f"{_code(told.node)} is back in Slurm. It was not lent in loan #{one.loan.id}.")
        case facts.Reminded():
            return _reminder(one, pods)
        case facts.ReturnOrdered(why):
            return _returning(told.who, why, one)
        case facts.Blocked(why=why):
            return _blocked(told.node, why, one)
        case facts.GotStuck(step, why):
            return _stuck(told.node, step, why, one)
        case facts.Home():
            return _home(one)
        case facts.ExtensionAsked():
            return extension_asked(one)
        case facts.ExtensionDecided(granted=granted, note=note):
            return _extension_decided(told.who, note, one) if not granted else _extension_granted(told.who, one)
        case facts.ExtensionLapsed(why=why):
            return _extension_lapsed(why, one)
        case facts.Forced(what):
            return _forced(told.who, told.node, what, one)
        case facts.ReturnedEarly(early):
            return _returned_early(told.who, early, one)
        case facts.CardPostedAnew():
            return _say(f"Loan #{one.loan.id}: {posted_anew(told.fact)} Use the new one; it's below the old.")
        case facts.Mismatch(what=found):
            return _mismatch(told.fact.about, found, one)
        case facts.ClockSet() | facts.ClockOff() | facts.SideAway() | facts.SideBack():
            return of_the_site(told)
        case facts.BreakerOpened() | facts.BreakerClosed():
            return of_the_site(told)
        case facts.Noted(noted, words):
            return _say(f"Loan #{one.loan.id}: {quote(noted, 60)} {said(words)}".rstrip())
        case other:
            raise TypeError(f"nobody hears of {type(other).__name__}, so there are no words for it")


def _say(text: str, *more: Block | None) -> Rendered:
    return message(text, section(text), *more)


def _code(node: NodeName | None) -> str:
    return code(node or "a node")


def _approved(by: Actor, one: OneLoan, card_url: str) -> Rendered:
    loan = one.loan
    signed = f"{who(by.id)} approved loan #{loan.id}: {what(loan)}."
    if loan.state is not State.APPROVED and loan.state is not State.LENDING:
        return _say(f"{signed} It's {loan.state} by now.")  # Slack was away meanwhile
    begins = f"It starts {moment(loan.starts_at)}." if loan.starts_at else "The nodes leave Slurm now."
    time = (
        f" They'll be in Kubernetes in {about(one.estimate.lend)}." if one.estimate.lend and not loan.starts_at else ""
    )
    return _say(f"{signed} {begins}{time} I'll tell you when they're ready. {where_it_stands(one, card_url)}")


def _declined(by: Actor, note: str, one: OneLoan) -> Rendered:
    why = f"Reason: {quote(note, 600)}" if note else "No reason was given; ask them."
    return _say(f"{who(by.id)} declined loan #{one.loan.id}: {what(one.loan)}.\n{why}\nNothing has changed.")


def _withdrawn(by: Actor, one: OneLoan) -> Rendered:
    if by.id == one.loan.requester:
        return _say(f"{who(by.id)} withdrew loan #{one.loan.id}. Nothing had changed.")
    return _say(f"{who(by.id)} cancelled loan #{one.loan.id}: {what(one.loan)}. Nothing had changed; ask them why.")


def _lent(one: OneLoan, card_url: str) -> Rendered:
    loan = one.loan
    if loan.state is not State.LENT:
        return _say(f"Loan #{loan.id} was lent; it's {loan.state} by now.")  # Slack was away meanwhile
    return ready(one, card_url)


def _short(arrived: int, one: OneLoan) -> Rendered:
    loan = one.loan
    text = (
        f"Loan #{loan.id} is short: {arrived} of {counted(loan.count, f'{loan.node_class} node')} are in Kubernetes "
        f"until {deadline(loan.until)}. I found no more: {why_no_more(one)}. {code('free')} "
        "shows when more are free; request them as a new loan."
    )
    return _say(text, actions(buttons.extend(loan), buttons.give_back(loan)))


def _failed(one: OneLoan) -> Rendered:
    text = (
        f"Loan #{one.loan.id} failed: no node could be lent.\nWhy: {why_failed(one)}\nAll nodes are back in "
        f"Slurm. {code('free')} shows what could be lent now; {code(f'history #{one.loan.id}')} shows every step."
    )
    return _say(text)


def _node_broke(node: NodeName | None, step: StepName | None, why: str, one: OneLoan) -> Rendered:
    at = f" at the step {quote(step, 60)}" if step else ""
    follows = f"another {one.loan.node_class} node takes its place if one is free. There's nothing for you to do."
    if one.breaker is not None:
        follows = "no other takes its place for now: several have failed alike, and I've asked on-call what to do."
    return _say(f"{_code(node)} failed{at}: {said(why)}. It's going back to Slurm, and {follows}")


def _reminder(one: OneLoan, pods: Pods) -> Rendered:
    loan = one.loan
    if loan.state is not State.LENT or loan.until <= one.now:
        return _say(f"Loan #{loan.id} was about to end; it's {loan.state} by now. There's nothing to do.")
    left = length(loan.until - one.now)
    ends = f"*Loan #{loan.id} ends in {left}*, {deadline(loan.until)}. {_evicted(pods)}"
    text = "\n".join(filter(None, (ends, staying(one), purpose(loan))))
    return _say(text, actions(buttons.extend(loan), buttons.give_back(loan), buttons.all_right(loan)))


def _evicted(pods: Pods) -> str:
    if pods is None:
        return "Then any remaining pods are evicted; Kubernetes isn't saying just now how many there are."
    if not any(pods.values()):
        return "No pods are running on its nodes."
    most = sorted(pods.items(), key=lambda item: (-item[1], item[0]))
    spaces = listed([f"{code(name)} {count}" for name, count in most], most=_NAMESPACES)
    if len(pods) == 1:
        total = sum(pods.values())
        return f"Then {counted(total, 'pod')} of namespace {code(most[0][0])} {'is' if total == 1 else 'are'} evicted."
    return f"Then {sum(pods.values())} pods of {len(pods)} namespaces are evicted: {spaces}."


def _returning(by: Actor, why: facts.WhyReturn, one: OneLoan) -> Rendered:
    who_said = f" by {who(by.id)}" if by != LENDBOT else ""
    time = f" They'll be home in {about(one.estimate.back)}." if one.estimate.back else ""
    return _say(
        f"The nodes of loan #{one.loan.id} are coming home: {why_home(why)}{who_said}.{time} "
        "Their pods are being evicted."
    )


def _blocked(node: NodeName | None, why: str, one: OneLoan) -> Rendered:
    part = _part(one, node)
    if part is None or part.state not in NODE_GOING_HOME:
        return _say(f"{_code(node)} of loan #{one.loan.id} was held up on its way home; it is not any more.")
    if part.blocked:
        ask = f"*Shall I remove what keeps {code(part.node)} of loan #{one.loan.id} from coming home?* An approver may."
    else:
        ask = f"*{code(part.node)} of loan #{one.loan.id} takes too long to come home.* Please have a look at it."
    found = of_blocked(one.loan, part, why)
    return message(f"{part.node} of loan #{one.loan.id} cannot come home yet: {said(why)}", section(ask), *found)


def _stuck(node: NodeName | None, step: StepName | None, why: str, one: OneLoan) -> Rendered:
    part = _part(one, node)
    if part is None or part.state is not NodeState.STUCK:
        return _say(f"{_code(node)} of loan #{one.loan.id} was stuck; it is not any more. Nothing to do.")
    where = "home, but not healthy" if step is StepName.HEALTH else "stuck on its way home"
    text = f"{quote(part.node, 80)} is {where} (loan #{one.loan.id}): {said(why)}"
    return message(text, *of_stuck(one.loan, part, step, why))


def _forced(by: Actor, node: NodeName | None, blocked: str, one: OneLoan) -> Rendered:
    """Say whose word removed pods: their owners may ask."""
    was = f": {said(blocked, 300).rstrip('.')}" if blocked else ""
    return _say(
        f"{who(by.id)} ordered me to remove what keeps {_code(node)} of loan #{one.loan.id} from coming home{was}."
    )


def _returned_early(by: Actor, early: Sequence[NodeName], one: OneLoan) -> Rendered:
    loan = one.loan
    verb = "is returning" if by.id == loan.requester else "has recalled"
    stay = sum(part.state is NodeState.LENT for part in one.parts)
    left = (
        f" {counted(stay, 'node')} of it {'stays' if stay == 1 else 'stay'} until {deadline(loan.until)}."
        if stay
        else ""
    )
    return _say(f"{who(by.id)} {verb} {nodes(early)} of loan #{loan.id}. Pods on them are evicted now.{left}")


_ANEW: Final[Mapping[str, str]] = {
    "message_not_found": "somebody deleted the one before",
    "edit_window_closed": "Slack lets the one before be edited no more, by this workspace's rules",
}


def posted_anew(fact: facts.CardPostedAnew) -> str:
    """Return that a card is the second one, and why."""
    why = _ANEW.get(fact.why, f"Slack lets the one before be edited no more ({quote(fact.why, 40)})")
    return f"This card was posted anew: {why}."


def _home(one: OneLoan) -> Rendered:
    loan = one.loan
    home = [part.node for part in one.parts if part.state is NodeState.HOME]
    at = f", {moment(loan.ended_at)}" if loan.ended_at else ""
    there = f"{counted(len(home), 'node')} came home to Slurm{at}: {nodes(home)}" if home else "its nodes are home"
    return _say(f"Loan #{loan.id} is over: {there}. Its card has the summary; there's nothing left to do.")


def extension_asked(one: OneLoan, *, replaced: bool = False) -> Rendered:
    """Return the question about a later deadline as it stands. replaced: a newer one has taken its place."""
    loan = one.loan
    if replaced:
        return _say(f"Loan #{loan.id}: replaced by a newer request, below.")
    if loan.extension is None:
        ends = f" It ends {deadline(loan.until)}." if loan.state in UNTIL_DEADLINE else ""
        return _say(f"Loan #{loan.id}: the request for a later deadline is settled.{ends}")
    text = f"Loan #{loan.id}: {extension_line(one, loan.extension)}"
    return _say(text, actions(buttons.approve(loan), buttons.decline(loan)))


def _extension_granted(by: Actor, one: OneLoan) -> Rendered:
    loan = one.loan
    return _say(f"{who(by.id)} granted the later deadline of loan #{loan.id}: it now ends {deadline(loan.until)}.")


def _extension_decided(by: Actor, note: str, one: OneLoan) -> Rendered:
    why = f" Reason: {quote(note, 600)}" if note else ""
    return _not_granted(f"{who(by.id)} declined the later one.{why}", one)


_WHY_LAPSED: Final[Mapping[facts.WhyLapsed, str]] = {
    facts.WhyLapsed.NOBODY_DECIDED: "nobody decided on the later one in time.",
    facts.WhyLapsed.DEADLINE_PASSED: "it came before anybody decided on the later one.",
}


def _extension_lapsed(why: facts.WhyLapsed, one: OneLoan) -> Rendered:
    return _not_granted(_WHY_LAPSED[why], one)


def _not_granted(why: str, one: OneLoan) -> Rendered:
    return _say(f"Loan #{one.loan.id} keeps its deadline, {deadline(one.loan.until)}: {why}")


def _mismatch(about: facts.Wrong, found: str, one: OneLoan) -> Rendered:
    called = " ".join(who(person) for person in sorted(one.node_class.rules.called))
    waits = f" {called}" if about is facts.Wrong.STOPPED else ""  # it goes on only when somebody puts that right
    text = (
        f":warning:{waits} Loan #{one.loan.id} is not as it should be: {said(found)}. Has somebody changed it by hand? "
        f"{code(f'status #{one.loan.id}')} and {code(f'history #{one.loan.id}')} show what I did."
    )
    return _say(text)


def of_the_site(told: Told[Fact]) -> Rendered:
    """Return what on-call reads of something that is no loan's."""
    match told.fact:
        case facts.ClockSet(by):
            return _clock_set(by)
        case facts.ClockOff(whose, by):
            return _clock_off(whose, by)
        case facts.BreakerOpened():
            return breaker.opened(told.fact, told.at)
        case facts.BreakerClosed():
            return breaker.closed(told.fact, told.who)
        case facts.Mismatch(facts.Wrong.DAEMONSET, found):
            owner = "Its owner can fix it; no node waits for it or is replaced because of it."
            return _say(f":warning: {said(found)}. {owner}")
        case facts.SideAway():
            return is_away(told.fact)
        case facts.SideBack(side, since):
            return is_back(side, told.at - since)
        case _:
            return _orphan(told)


def _clock_set(by: timedelta) -> Rendered:
    hold = f"No loan is ended by its deadline for the next {length(clocks.HOLD)}, in case it's set back. "
    held = hold if by > timedelta() else ""
    text = (
        f":warning: lendbot's own clock was set {clocks.said(by)}. Nodes that are on their way go on as before. {held}"
        f"Is it right now? {code('timedatectl')} on lendbot's host shows it."
    )
    return _say(text)


def _clock_off(whose: str, by: timedelta) -> Rendered:
    text = (
        f":warning: {said(clocks.apart(whose, by))}. No loan is harmed by it, but their times don't agree. "
        f"{code('timedatectl')} on both hosts shows which is wrong."
    )
    return _say(text)


def _orphan(told: Told[Fact]) -> Rendered:
    """Return what on-call reads of something that no open loan stands for."""
    found = told.fact.what if isinstance(told.fact, facts.Mismatch | facts.Noted) else type(told.fact).__name__
    text = (
        f":warning: {said(found)}. I won't touch it: look at what runs there, then remove the mark by hand. "
        f"{code('history')} shows what I've done lately."
    )
    return _say(text)


def _part(one: OneLoan, node: NodeName | None) -> NodeLoan | None:
    return next((part for part in one.parts if part.node == node), None)
