"""approve, decline: one decision for a request, or for a later deadline that is asked for. Whoever is first decides."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from commands.desk import Caller, Desk
from commands.lookup import find
from commands.replies import (
    AlreadyDecided,
    Decided,
    ExtensionDecided,
    ExtensionSettled,
    Forbidden,
    NoLoan,
    Reply,
)
from commands.verb import LOAN, Verb, sentence
from conversion import due, orders
from conversion.news import tell
from loans.lifecycle import Approve as ApproveEvent
from loans.lifecycle import ApproveExtension, AskExtension, DropExtension
from loans.lifecycle import Decline as DeclineEvent
from loans.loan import Decision, Loan, State
from loans.policy import Refused, may_approve
from store.audit import Audit
from store.db import Tx
from store.errors import Stale

NOTE_LIMIT = 500
"""Characters of a reason that are kept: it is shown on a card."""
ASKED, _GRANTS = (event.__name__.lower() for event in (AskExtension, ApproveExtension))
_DECIDES = (_GRANTS, DropExtension.__name__.lower())
"""As orders.record() audits them."""


@dataclass(frozen=True)
class Approve:
    """A yes. what: as Loan.awaits had it when the button was shown; empty in words, for whatever waits now."""

    loan: int
    what: str = ""


@dataclass(frozen=True)
class Decline:
    """A no, with a reason if there is one. what: as with a yes."""

    loan: int
    why: str = ""
    what: str = ""


def run(ask: Approve | Decline, caller: Caller, desk: Desk) -> Reply:
    """Decide, unless somebody was first or policy says no."""
    try:
        with desk.store.write() as tx:
            loan = find(tx, ask.loan)
            return loan if isinstance(loan, NoLoan) else _decide(tx, loan, ask, caller, desk)
    except Stale:
        with desk.store.read() as tx:
            return _was_first(tx, tx.loans.get(ask.loan), ask.what, desk.now)


def _decide(tx: Tx, loan: Loan, ask: Approve | Decline, caller: Caller, desk: Desk) -> Reply:
    if ask.what not in ("", loan.awaits):
        return _was_first(tx, loan, ask.what, desk.now)
    asked_by = loan.extension.asked_by if loan.extension else loan.requester
    verdict = may_approve(caller.person, desk.class_of(loan).rules, asked_by, loan.id)
    if isinstance(verdict, Refused):
        return Forbidden(verdict.reasons)
    if loan.extension is not None:
        return _decide_extension(tx, loan, ask, caller, desk)
    if loan.state is not State.REQUESTED:
        return _was_first(tx, loan, ask.what, desk.now)
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
    if granted:
        due.leave_out_reminders(tx, decided, desk.class_of(loan).rules, desk.now)
    tell(tx, decided, "extension_decided", desk.now, granted=int(granted), by=by, why=why)
    return ExtensionDecided(decided, granted)


def _was_first(tx: Tx, loan: Loan, what: str, now: datetime) -> AlreadyDecided | ExtensionSettled:
    """Tell what became of what they meant to decide; in words it is the latest that there was to decide."""
    if what == "request":
        return AlreadyDecided(loan, now)
    settled = list(_extensions(tx, loan.id))
    meant = [each for each in settled if what in ("", _stamp(each[0]))]
    if not meant:
        return AlreadyDecided(loan, now)
    until, decision = meant[-1]
    return ExtensionSettled(loan, until, decision, now)


def _extensions(tx: Tx, loan_id: int) -> Iterator[tuple[datetime, Decision | None]]:
    """Yield each later deadline that was asked for, with its decision: the row about it that follows, if one does."""
    until: datetime | None = None
    for row in tx.audit.of(loan_id):
        if row.what in _DECIDES and until is not None:
            yield until, Decision(row.who, row.at, row.what == _GRANTS, row.detail)
            until = None
        elif row.what == ASKED:
            if until is not None:
                yield until, None
            until = asked_until(row)
    if until is not None:
        yield until, None


def asked_until(row: Audit) -> datetime:
    """Return the later deadline that a row of the audit says was asked for."""
    return datetime.fromisoformat(row.detail.removeprefix("until "))


def _stamp(until: datetime) -> str:
    return str(int(until.timestamp()))


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
