"""Every reason as a sentence: what happened, and what the reader can do. A new reason needs its words here."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final, assert_never

from bot.views.text import any_of, clock, code, counted, deadline, listed, moment, quote, said, who
from commands.refusals import AlreadyDecided, BadTime, ExtensionSettled, FarSideDown, NotANumber, NotFrom
from commands.replies import SkipsTooMuch
from loans.lengths import length
from loans.loan import Decision, Loan, State
from loans.marks import read_reservation
from loans.policy import (
    NoNodes,
    NotInGroup,
    NotLater,
    OwnRequest,
    Reason,
    TooLong,
    TooMany,
    TooManyWaiting,
    TooShort,
)
from loans.selection import (
    GivenUp,
    HeldBy,
    KeptAway,
    KeptByFloor,
    NotFree,
    NotNeeded,
    ReservedFor,
    RunsJobs,
    Why,
)

_NAMED: Final = 4
"""How many findings a sentence names before it counts the rest."""
LENDBOT: Final = "lendbot"
"""Who the audit says it was when nobody was."""


def reason(why: Reason) -> str:
    """Return why policy says no."""
    match why:
        case NotInGroup(verb, people):
            if not people:
                return f"Nobody can {verb} yet: the settings name no one for it."
            return f"Only {any_of(people)} can {verb}."
        case OwnRequest(loan_id):
            return f"You asked for loan #{loan_id}, so somebody else has to decide."
        case NoNodes(asked):
            return f"I can't lend {counted(asked, 'node')}. Ask for one or more."
        case TooMany(asked, limit):
            return f"{asked:,} nodes is more than the {limit} that one loan of this class may have. Ask for fewer."
        case TooLong(asked, limit):
            return f"{length(asked)} is longer than the {length(limit)} that this class allows."
        case TooShort(asked, least):
            return f"{length(asked)} is over before the nodes are converted. Ask for {length(least)} or more."
        case TooManyWaiting(waiting, limit):
            are = "is" if len(waiting) == 1 else "are"
            return (
                f"{counted(len(waiting), 'request')} of yours {are} waiting for a decision, and the limit is {limit}. "
                f"Withdraw one, for example {code(f'cancel #{waiting[0]}')}, or wait until one is decided."
            )
        case NotLater(until, asked):
            return f"{moment(asked)} isn't later than the present deadline, {moment(until)}."
        case other:
            assert_never(other)


def passed_over(why: Why) -> str:
    """Return why a node does not go, in few words: a line names several."""
    match why:
        case RunsJobs(jobs, until):
            noun = f"job {jobs[0]}" if len(jobs) == 1 else counted(len(jobs), "job")
            return f"{noun} until {moment(until)}" if until else f"{noun} without an end"
        case KeptAway(state, by, text):
            because = f' "{quote(text, 80)}"' if text else ""
            verb = "drained" if "DRAIN" in state else "down"
            return f"{verb}{f' by {quote(by, 60)}' if by else ''}{because}"
        case HeldBy(loan_id):
            return f"in loan #{loan_id}"
        case GivenUp():
            return "failed in this loan"
        case ReservedFor(name, starts):
            ours = read_reservation(name)
            return f"reserved from {moment(starts)} ({ours[0].said if ours else quote(name, 40)})"
        case NotFree(state):
            return quote(state, 60)
        case NotNeeded():
            return "free, not needed"
        case KeptByFloor(floor):
            return f"free, kept by the floor of {floor}"
        case other:
            assert_never(other)


def not_from(reply: NotFrom) -> str:
    """Return why a verb does not apply to a loan where it stands."""
    loan, verb = reply.loan, reply.verb
    cannot = _CANNOT.get(verb, f"does not allow to {verb}")
    return f"Loan #{loan.id} {cannot}: {standing(loan)} {_instead(loan)}"


_CANNOT: Final[Mapping[str, str]] = {
    "extend": "can't be extended",
    "give back": "can't be given back",
    "cancel": "can't be withdrawn",
    "force": "has no such node on its way home",
    "wait for": "has no such node on its way home",
}


def standing(loan: Loan) -> str:
    """Return where a loan stands, as a sentence."""
    match loan.state:
        case State.REQUESTED:
            return f"it has waited for a decision since {moment(loan.asked_at)}."
        case State.APPROVED:
            return "it's approved and about to begin."
        case State.LENDING:
            return "its nodes are on their way to Kubernetes."
        case State.LENT:
            return f"its nodes are in Kubernetes until {moment(loan.until)}."
        case State.RETURNING:
            return "its nodes are already on their way home."
        case State.STUCK:
            return "some of its nodes are stuck and need a person."
        case State.DECLINED | State.WITHDRAWN | State.LAPSED | State.FAILED | State.RETURNED:
            return f"it's over ({loan.state}){f' since {moment(loan.ended_at)}' if loan.ended_at else ''}."
        case other:
            assert_never(other)


def _instead(loan: Loan) -> str:
    match loan.state:
        case State.REQUESTED | State.APPROVED:
            return f"{code(f'cancel #{loan.id}')} takes it back."
        case State.LENDING | State.LENT:
            return f"{code(f'give back #{loan.id}')} ends it early."
        case State.RETURNING:
            return f"{code(f'status #{loan.id}')} shows how far they are."
        case State.STUCK:
            return f"{code(f'status #{loan.id}')} shows which, and what to do."
        case _:
            return "Ask for a new loan with `lend`."


def already_decided(reply: AlreadyDecided) -> str:
    """Return who was first, and that nothing is left to do."""
    loan = reply.loan
    if loan.decision is None:
        return f"#{loan.id} can't be decided any more: {standing(loan)}"
    verb = "approved" if loan.decision.approved else "declined"
    return f"#{loan.id} was {verb} {_by_whom(loan.decision, reply.now)}. Nothing more to do."


def _by_whom(decision: Decision, now: datetime) -> str:
    return f"by {who(decision.by)} at {clock(decision.at)}, {length(now - decision.at)} before your click"


def extension_settled(reply: ExtensionSettled) -> str:
    """Return who decided on a later deadline and when, or what became of it without a decision."""
    loan, decision = reply.loan, reply.decision
    asked = f"The later deadline of loan #{loan.id}, {deadline(reply.until)},"
    if decision is None and loan.extension is not None:
        return f"{asked} was replaced by a newer request, {deadline(loan.extension.until)}, which is waiting."
    if decision is None:
        return f"{asked} isn't being asked for any more: {standing(loan)}"
    if decision.by == LENDBOT:
        return f"{asked} lapsed at {clock(decision.at)}: nobody decided in time. Nothing more to do."
    verb = "granted" if decision.approved else "declined"
    return f"{asked} was {verb} {_by_whom(decision, reply.now)}. Nothing more to do."


def wrong_field(why: NotANumber | BadTime | Reason) -> str:
    """Return what is wrong with a field of a form. Slack shows it as plain words."""
    match why:
        case NotANumber(word) if re.search(r"[A-Za-z][\w-]*\d", word):
            return "I can't lend nodes by name: I take those of the class that are free. Write how many, such as 2."
        case NotANumber(word):
            return f'"{word.strip()}" is not a whole number. Write digits, such as 8.'
        case BadTime(_, sentence):
            return sentence
        case other:
            return reason(other)


def skips_too_much(reply: SkipsTooMuch) -> str:
    """Say of each node what would be skipped and is not so, in the far sides' words."""
    found = "; ".join(f"{code(node)}, {each.step}: {each.why}" for node, each in reply.missing[:_NAMED])
    more = len(reply.missing) - _NAMED
    rest = f"; and {more} more" if more > 0 else ""
    return (
        f"I can't begin at *{reply.from_step}*, and nothing has changed. Not so yet: {found}{rest}. "
        f"Without `--from` the node goes home from the start, and skips nothing."
    )


def far_side_down(reply: FarSideDown) -> str:
    """Return which side does not answer, in its own words, and that nothing was done."""
    return (
        f"{quote(reply.side, 60)} isn't answering ({said(reply.said, 200)}), so I can't tell what's free. "
        "Nothing has changed. Try again in a minute; `lendbot doctor` on its host says more."
    )


def names(words: tuple[str, ...]) -> str:
    """Return a list of names as code."""
    return listed([code(word) for word in words])
