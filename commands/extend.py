"""extend: a later deadline for the same loan, approved again under the same policy."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from commands import drafts
from commands.desk import Caller, Desk
from commands.drafts import LaterDeadline
from commands.lookup import find
from commands.replies import BadTime, ExtensionAsked, Forbidden, NoLoan, NotFrom, Reply, StaleDraft, WhichTime
from commands.verb import LOAN, Verb, sentence
from conversion import orders
from loans import facts, when
from loans.lengths import length
from loans.lifecycle import AskExtension, may_happen
from loans.loan import Loan
from loans.policy import NotLater, Refused, TooLong, may_extend
from store.db import Tx
from store.errors import Stale


@dataclass(frozen=True)
class Extend:
    """phrase: "until Monday", "for 2 more days"."""

    loan: int
    phrase: str


@dataclass(frozen=True)
class SettleExtension:
    """One reading of the time was picked."""

    draft: str


def run(ask: Extend, caller: Caller, desk: Desk) -> Reply:
    """Understand the time, and ask for the extension."""
    with desk.store.read() as tx:
        loan = find(tx, ask.loan)
    if isinstance(loan, NoLoan):
        return loan
    if not may_happen(loan, AskExtension):
        return NotFrom(loan, "extend")
    found = when.read(ask.phrase, caller.said_at or desk.now, caller.tz)
    match found:
        case when.Refused(why):
            return BadTime(ask.phrase, why)
        case when.Ask(readings, guess):
            return _which(ask, [(r.say, r.at) for r in readings], caller, desk, guess)
        case when.Duration(span, at):
            return _from_when(loan, ask, (span, at), caller, desk)
        case when.Interval(end=at) | when.Deadline(at):
            return _ask_for(loan.id, at, caller, desk)


def errors(ask: Extend, caller: Caller, desk: Desk) -> BadTime | NotLater | TooLong | None:
    """Return what is wrong with the time in a form; None when nothing is. Who may ask for it is judged later."""
    found = when.read(ask.phrase, desk.now, caller.tz)
    match found:
        case when.Refused(why):
            return BadTime(ask.phrase, why)
        case when.Interval(end=at) | when.Deadline(at):
            with desk.store.read() as tx:
                return _misses(tx, ask.loan, at, caller, desk)
        case _:
            return None


def settle(ask: SettleExtension, caller: Caller, desk: Desk) -> Reply:
    """Ask for the reading that was picked."""
    picked = drafts.later_deadline(ask.draft, caller, desk)
    return picked if isinstance(picked, StaleDraft) else _ask_for(picked.loan, picked.until, caller, desk)


def _misses(tx: Tx, loan_id: int, until: datetime, caller: Caller, desk: Desk) -> NotLater | TooLong | None:
    loan = find(tx, loan_id)
    if isinstance(loan, NoLoan):
        return None
    verdict = may_extend(caller.person, desk.class_of(loan).rules, loan, until)
    reasons = verdict.reasons if isinstance(verdict, Refused) else ()
    return next((why for why in reasons if isinstance(why, NotLater | TooLong)), None)


def _ask_for(loan_id: int, until: datetime, caller: Caller, desk: Desk) -> Reply:
    try:
        with desk.store.write() as tx:
            loan = tx.loans.get(loan_id)
            if not may_happen(loan, AskExtension):
                return NotFrom(loan, "extend")
            rules = desk.class_of(loan).rules
            verdict = may_extend(caller.person, rules, loan, until)
            if isinstance(verdict, Refused):
                return Forbidden(verdict.reasons)
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
    said = [(f"{what}: {_from_now(at, caller, desk)}", at) for what, at in options if at > loan.until]
    return _which(extend, said, caller, desk)


def _from_now(at: datetime, caller: Caller, desk: Desk) -> str:
    return f"{when.spelled(at, caller.tz)}, {length(at - desk.now)} from now"


def _which(
    extend: Extend, options: list[tuple[str, datetime]], caller: Caller, desk: Desk, guess: str | None = None
) -> WhichTime:
    wishes = [(say, LaterDeadline(extend.loan, until)) for say, until in options]
    return WhichTime(extend.phrase, drafts.keep_each(wishes, caller, desk), guess, extends=True)


def worded(loan: int, words: str) -> Extend:
    """Return what was written, of which "more" says nothing about a time."""
    return Extend(loan, re.sub(r"\bmore\s+", "", words, flags=re.IGNORECASE).strip())


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
