"""approve, decline: one decision for a request, or for a later deadline that is asked for. Whoever is first decides."""

import re
from dataclasses import dataclass
from datetime import datetime

from commands import booked
from commands.desk import Caller, Desk
from commands.pressed import differs, loan_meant
from commands.refusals import AlreadyDecided, ExtensionSettled, Forbidden
from commands.replies import Decided, ExtensionDecided, Reply
from commands.verb import LOAN, Verb, sentence
from conversion import due, orders
from loans import facts
from loans.lifecycle import Approve as ApproveEvent
from loans.lifecycle import ApproveExtension, DropExtension
from loans.lifecycle import Decline as DeclineEvent
from loans.loan import AWAITS_REQUEST, Loan, State, awaits_deadline
from loans.policy import Refused, may_approve
from loans.readers.extensions import extensions
from loans.shown import Shown, changes_of_decision
from store.db import Tx
from store.errors import Stale

NOTE_LIMIT = 500
"""Characters of a reason that are kept: it is shown on a card."""


@dataclass(frozen=True)
class Approve:
    """A yes.

    what   as Loan.awaits had it when the button was shown; empty in words, for whatever waits now
    card   what stood beside the button; None in words
    """

    loan: int
    what: str = ""
    card: Shown | None = None


@dataclass(frozen=True)
class Decline:
    """A no, with a reason if there is one. what, card: as with a yes."""

    loan: int
    why: str = ""
    what: str = ""
    card: Shown | None = None


def run(ask: Approve | Decline, caller: Caller, desk: Desk) -> Reply:
    """Decide, unless somebody was first or policy says no."""
    try:
        with desk.store.write() as tx:
            loan = loan_meant(tx, ask.loan, ask.card)
            return _decide(tx, loan, ask, caller, desk) if isinstance(loan, Loan) else loan
    except Stale:
        with desk.store.read() as tx:
            return _was_first(tx, tx.loans.get(ask.loan), ask.what, desk.now)


def to_decline(what: str, card: Shown, desk: Desk) -> Loan | Reply:
    """Return the loan whose button for a no was pressed, if it stands as it was shown; else what to answer."""
    with desk.store.write() as tx:
        loan = loan_meant(tx, card.loan, card)
        if not isinstance(loan, Loan):
            return loan
        return _not_as_shown(tx, loan, what, card, desk) or loan


def _not_as_shown(tx: Tx, loan: Loan, what: str, card: Shown | None, desk: Desk) -> Reply | None:
    if what not in ("", loan.awaits):
        return _was_first(tx, loan, what, desk.now)
    found = changes_of_decision(card, loan) if card else ()
    return differs(tx, loan, found, desk) if found else None


def _decide(tx: Tx, loan: Loan, ask: Approve | Decline, caller: Caller, desk: Desk) -> Reply:
    if refused := _not_as_shown(tx, loan, ask.what, ask.card, desk):
        return refused
    asked_by = loan.extension.asked_by if loan.extension else loan.requester
    verdict = may_approve(caller.person, desk.class_of(loan).rules, asked_by, loan.id)
    if isinstance(verdict, Refused):
        return Forbidden(verdict.reasons)
    if loan.extension is not None:
        return _decide_extension(tx, loan, ask, caller, desk)
    if loan.state is not State.REQUESTED:
        return _was_first(tx, loan, ask.what, desk.now)
    by, note = caller.person, _note(ask)
    approved = isinstance(ask, Approve)
    if approved and (no_room := booked.request(tx, loan, caller, desk)):
        return no_room
    event = ApproveEvent(by.id) if approved else DeclineEvent(by.id, note)
    fact = facts.Decided(approved, note, on=loan.text)
    return Decided(orders.record(tx, loan, event, desk.now, fact, by=by.actor))


def _decide_extension(tx: Tx, loan: Loan, ask: Approve | Decline, caller: Caller, desk: Desk) -> Reply:
    by, note, asked = caller.person, _note(ask), loan.extension
    assert asked is not None, "whoever calls has looked"
    granted = isinstance(ask, Approve)
    if granted and (no_room := booked.extension(tx, loan, asked.until, caller, desk)):
        return no_room
    event = ApproveExtension(by.id) if granted else DropExtension(by.id, note)
    on = f"{loan.text}; later deadline {asked.until.isoformat()}, asked by {asked.asked_by}"
    fact = facts.ExtensionDecided(asked.until, granted, note, on)
    decided = orders.record(tx, loan, event, desk.now, fact, by=by.actor)
    if granted:
        due.leave_out_reminders(tx, decided, desk.class_of(loan).rules, desk.now)
    return ExtensionDecided(decided, granted)


def _note(ask: Approve | Decline) -> str:
    return "" if isinstance(ask, Approve) else ask.why[:NOTE_LIMIT]


def _was_first(tx: Tx, loan: Loan, what: str, now: datetime) -> AlreadyDecided | ExtensionSettled:
    """Tell what became of what they meant to decide; in words it is the latest that there was to decide."""
    if what == AWAITS_REQUEST:
        return AlreadyDecided(loan, now)
    kinds = (facts.ExtensionAsked, facts.ExtensionDecided, facts.ExtensionLapsed)
    settled = extensions(tx.facts.of(loan.id, *kinds))
    meant = [each for each in settled if what in ("", awaits_deadline(each[0]))]
    if not meant:
        return AlreadyDecided(loan, now)
    until, decision = meant[-1]
    return ExtensionSettled(loan, until, decision, now)


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
