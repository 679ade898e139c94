"""extend: a later deadline for the same loan, approved again under the same policy."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from commands import drafts
from commands.desk import Caller, Desk
from commands.drafts import LaterDeadline
from commands.pressed import differs, loan_meant
from commands.replies import BadTime, ExtensionAsked, Forbidden, NotFrom, Reply, StaleDraft, WhichTime
from commands.verb import LOAN, Verb, sentence
from conversion import orders
from loans import facts, when
from loans.lengths import length
from loans.lifecycle import AskExtension, may_happen
from loans.loan import Loan
from loans.policy import NotLater, Refused, TooLong, may_extend
from loans.shown import Shown, changes
from store.db import Tx
from store.errors import Stale


@dataclass(frozen=True)
class Extend:
    """phrase: "until Monday", "for 2 more days". card: what stood beside the button or on the form; None in words."""

    loan: int
    phrase: str
    card: Shown | None = None


@dataclass(frozen=True)
class SettleExtension:
    """One reading of the time was picked."""

    draft: str


def run(ask: Extend, caller: Caller, desk: Desk) -> Reply:
    """Understand the time, and ask for the extension."""
    with desk.store.read() as tx:
        loan = loan_meant(tx, ask.loan, ask.card)
    if not isinstance(loan, Loan):
        return loan
    if not may_happen(loan, AskExtension):
        return NotFrom(loan, "extend")
    found = when.read(ask.phrase, caller.said_at or desk.now, caller.tz)
    match found:
        case when.Refused(why):
            return BadTime(ask.phrase, why)
        case when.Ask(readings, guess):
            return _which(ask, [(r.say, LaterDeadline(Shown.of(loan), r.at)) for r in readings], caller, desk, guess)
        case when.Duration(span, at):
            return _from_when(loan, ask, (span, at), caller, desk)
        case when.Interval(end=at) | when.Deadline(at):
            return _ask_for(loan.id, at, ask.card, caller, desk)


def to_extend(card: Shown, desk: Desk) -> Loan | Reply:
    """Return the loan whose button for a later deadline was pressed, if it stands as shown; else what to answer."""
    with desk.store.write() as tx:
        loan = loan_meant(tx, card.loan, card)
        if not isinstance(loan, Loan):
            return loan
        found = changes(card, loan)
        return differs(tx, loan, found, desk) if found else loan


def errors(ask: Extend, caller: Caller, desk: Desk) -> BadTime | NotLater | TooLong | None:
    """Return what is wrong with the time in a form; None when nothing is. Who may ask for it is judged later."""
    found = when.read(ask.phrase, desk.now, caller.tz)
    match found:
        case when.Refused(why):
            return BadTime(ask.phrase, why)
        case when.Interval(end=at) | when.Deadline(at):
            with desk.store.read() as tx:
                return _misses(tx, ask, at, caller, desk)
        case _:
            return None


def settle(ask: SettleExtension, caller: Caller, desk: Desk) -> Reply:
    """Ask for the reading that was picked."""
    picked = drafts.later_deadline(ask.draft, caller, desk)
    if isinstance(picked, StaleDraft):
        return picked
    return _ask_for(picked.card.loan, picked.until, picked.card, caller, desk)


def _misses(tx: Tx, ask: Extend, until: datetime, caller: Caller, desk: Desk) -> NotLater | TooLong | None:
    loan = loan_meant(tx, ask.loan, ask.card)
    if not isinstance(loan, Loan):
        return None
    verdict = may_extend(caller.person, desk.class_of(loan).rules, loan, until)
    reasons = verdict.reasons if isinstance(verdict, Refused) else ()
    return next((why for why in reasons if isinstance(why, NotLater | TooLong)), None)


def _ask_for(loan_id: int, until: datetime, card: Shown | None, caller: Caller, desk: Desk) -> Reply:
    try:
        with desk.store.write() as tx:
            loan = loan_meant(tx, loan_id, card)
            if not isinstance(loan, Loan):
                return loan
            if not may_happen(loan, AskExtension):
                return NotFrom(loan, "extend")
            rules = desk.class_of(loan).rules
            verdict = may_extend(caller.person, rules, loan, until)
            if isinstance(verdict, Refused):
                return Forbidden(verdict.reasons)
            if card and (found := changes(card, loan)):
                return differs(tx, loan, found, desk)
            lapses_at = min(desk.now + rules.lapse_after, loan.until)
            event = AskExtension(caller.person.id, until, lapses_at)
            fact = facts.ExtensionAsked(until, lapses_at)
            asked = orders.record(tx, loan, event, desk.now, fact, by=caller.person.actor)
            return ExtensionAsked(asked, desk.now, caller.person.tz)
    except Stale:
        with desk.store.read() as tx:
            return NotFrom(tx.loans.get(loan_id), "extend")


def _from_when(loan: Loan, extend: Extend, lasts: tuple[timedelta, datetime], caller: Caller, desk: Desk) -> WhichTime:
    """Ask from when a length counts: both readings are common, and they differ by what is left of the loan."""
    span, from_now = lasts
    after = when.read(extend.phrase, loan.until, caller.tz)
    later = after.at if isinstance(after, when.Duration) else loan.until + span
    options = [(f"{length(span)} after the present deadline", later), ("counted from now", from_now)]
    ahead = [(what, LaterDeadline(Shown.of(loan), at)) for what, at in options if at > loan.until]
    said = [(f"{what}: {_from_now(wish.until, caller, desk)}", wish) for what, wish in ahead]
    return _which(extend, said, caller, desk)


def _from_now(at: datetime, caller: Caller, desk: Desk) -> str:
    return f"{when.spelled(at, caller.tz)}, {length(at - desk.now)} from now"


def _which(
    extend: Extend, options: list[tuple[str, LaterDeadline]], caller: Caller, desk: Desk, guess: str | None = None
) -> WhichTime:
    return WhichTime(extend.phrase, drafts.keep_each(options, caller, desk), guess, extends=True)


def worded(loan: int, words: str, card: Shown | None = None) -> Extend:
    """Return what was written, of which "more" says nothing about a time."""
    return Extend(loan, re.sub(r"\bmore\s+", "", words, flags=re.IGNORECASE).strip(), card)


def _read(found: re.Match[str]) -> Extend:
    return worded(int(found["loan"]), found["phrase"])


VERB = Verb(
    names=("extend",),
    usage="extend #LOAN until WHEN",
    summary="ask for a later deadline; it is signed again",
    examples=("extend #12 until Monday 9am", "extend #12 for 2 more days"),
    pattern=sentence(rf"extend {LOAN} (?P<phrase>.+)"),
    read=_read,
)
