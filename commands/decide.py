"""approve, decline: one decision for a request, or for a later deadline that is asked for. Whoever is first decides."""

import re
from dataclasses import dataclass

from commands.desk import Caller, Desk
from commands.lookup import find
from commands.replies import AlreadyDecided, Decided, ExtensionDecided, Forbidden, NoLoan, NotFrom, Reply
from commands.verb import LOAN, Verb, sentence
from conversion import orders
from conversion.news import tell
from loans.lifecycle import Approve as ApproveEvent
from loans.lifecycle import ApproveExtension, DropExtension
from loans.lifecycle import Decline as DeclineEvent
from loans.loan import Loan, State
from loans.policy import Refused, may_approve
from store.db import Tx
from store.errors import Stale

NOTE_LIMIT = 500
"""Characters of a reason that are kept: it is shown on a card."""


@dataclass(frozen=True)
class Approve:
    """A yes. what: as Loan.awaits had it when the button was shown; empty for whatever waits now."""

    loan: int
    what: str = ""


@dataclass(frozen=True)
class Decline:
    """A no, with a reason if there is one."""

    loan: int
    why: str = ""


def run(ask: Approve | Decline, caller: Caller, desk: Desk) -> Reply:
    """Decide, unless somebody was first or policy says no."""
    try:
        with desk.store.write() as tx:
            loan = find(tx, ask.loan)
            return loan if isinstance(loan, NoLoan) else _decide(tx, loan, ask, caller, desk)
    except Stale:
        with desk.store.read() as tx:
            return AlreadyDecided(tx.loans.get(ask.loan), desk.now)


def _decide(tx: Tx, loan: Loan, ask: Approve | Decline, caller: Caller, desk: Desk) -> Reply:
    if isinstance(ask, Approve) and ask.what not in ("", loan.awaits):
        return AlreadyDecided(loan, desk.now) if ask.what == "request" else NotFrom(loan, "decide")
    asked_by = loan.extension.asked_by if loan.extension else loan.requester
    verdict = may_approve(caller.person, desk.class_of(loan).rules, asked_by, loan.id)
    if isinstance(verdict, Refused):
        return Forbidden(verdict.reasons)
    if loan.extension is not None:
        return _decide_extension(tx, loan, ask, caller, desk)
    if loan.state is not State.REQUESTED:
        return AlreadyDecided(loan, desk.now)
    by = caller.person.id
    if isinstance(ask, Approve):
        decided = orders.record(tx, loan, ApproveEvent(by), desk.now, who=by)
        tell(tx, decided, "approved", desk.now, by=by)
    else:
        why = ask.why[:NOTE_LIMIT]
        decided = orders.record(tx, loan, DeclineEvent(by, why), desk.now, who=by, detail=why)
        tell(tx, decided, "declined", desk.now, by=by, why=why)
    return Decided(decided)


def _decide_extension(tx: Tx, loan: Loan, ask: Approve | Decline, caller: Caller, desk: Desk) -> Reply:
    by = caller.person.id
    granted = isinstance(ask, Approve)
    why = "" if isinstance(ask, Approve) else ask.why[:NOTE_LIMIT]
    event = ApproveExtension(by) if granted else DropExtension(by, why)
    decided = orders.record(tx, loan, event, desk.now, who=by, detail=why)
    tell(tx, decided, "extension_decided", desk.now, granted=int(granted), by=by, why=why)
    return ExtensionDecided(decided, granted)


def _read_approve(found: re.Match[str]) -> Approve:
    return Approve(int(found["loan"]))


def _read_decline(found: re.Match[str]) -> Decline:
    return Decline(int(found["loan"]), (found["why"] or "").strip())


APPROVE = Verb(
    names=("approve",),
    usage="approve #LOAN",
    summary="sign a request, or a later deadline; not one of your own",
    examples=("approve #12", "approve 12"),
    pattern=sentence(rf"approve {LOAN}"),
    read=_read_approve,
)
DECLINE = Verb(
    names=("decline", "deny", "reject"),
    usage="decline #LOAN [because REASON]",
    summary="say no to a request, or to a later deadline",
    examples=("decline #12 because the nodes are reserved for the benchmark", "decline #12"),
    pattern=sentence(rf"(?:decline|deny|reject) {LOAN}(?:(?:,|:)? (?:because |for )?(?P<why>.+))?"),
    read=_read_decline,
)
