"""extend: a later deadline for the same loan, approved again under the same policy."""

import re
from dataclasses import dataclass
from datetime import datetime

from commands import booked, drafts, zoneless
from commands.desk import Caller, Desk
from commands.drafts import LaterDeadline
from commands.later import Ends, ends
from commands.pressed import differs, loan_meant
from commands.refusals import BadTime, Forbidden, NotFrom, StaleDraft
from commands.replies import ExtensionAsked, Reply, WhichTime
from commands.verb import LOAN, Verb, sentence
from conversion import orders
from loans import facts, when
from loans.lengths import length
from loans.lifecycle import AskExtension, may_happen
from loans.loan import Loan
from loans.policy import NotLater, Refused, TooLong, may_extend
from loans.shown import Shown, changes
from loans.when.parts import Part, parts
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
    if _has_no_zone(ask.phrase, loan, caller, desk):
        return BadTime(ask.phrase, zoneless.ASK)
    match ends(ask.phrase, loan.until, caller.said_at or desk.now, caller.tz):
        case when.Refused(why):
            return BadTime(ask.phrase, why)
        case found:
            return _previewed(loan, ask, found, caller, desk)


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
    with desk.store.read() as tx:
        loan = loan_meant(tx, ask.loan, ask.card)
    if not isinstance(loan, Loan):
        read = when.read(ask.phrase, desk.now, caller.tz)
        return BadTime(ask.phrase, read.sentence) if isinstance(read, when.Refused) else None
    if _has_no_zone(ask.phrase, loan, caller, desk):
        return BadTime(ask.phrase, zoneless.ASK)
    match ends(ask.phrase, loan.until, desk.now, caller.tz):
        case when.Refused(why):
            return BadTime(ask.phrase, why)
        case found:
            missed = [_misses(loan, until, caller, desk) for until in found.at]
            return missed[0] if all(missed) else None


def settle(ask: SettleExtension, caller: Caller, desk: Desk) -> Reply:
    """Ask for the reading that was picked."""
    picked = drafts.later_deadline(ask.draft, caller, desk)
    if isinstance(picked, StaleDraft):
        return picked
    return _ask_for(picked.card.loan, picked.until, picked.card, caller, desk)


def _misses(loan: Loan, until: datetime, caller: Caller, desk: Desk) -> NotLater | TooLong | None:
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
            if no_room := booked.extension(tx, loan, until, caller, desk):
                return no_room
            lapses_at = min(desk.now + rules.lapse_after, loan.until)
            event = AskExtension(caller.person.id, until, lapses_at)
            fact = facts.ExtensionAsked(until, lapses_at)
            asked = orders.record(tx, loan, event, desk.now, fact, by=caller.person.actor)
            return ExtensionAsked(asked, desk.now, caller.person.tz)
    except Stale:
        with desk.store.read() as tx:
            return NotFrom(tx.loans.get(loan_id), "extend")


def _has_no_zone(phrase: str, loan: Loan, caller: Caller, desk: Desk) -> bool:
    """Whether the words mean another time elsewhere, and nobody knows where they were said."""
    if caller.person.knows_zone:
        return False
    now = caller.said_at or desk.now
    return zoneless.is_local(lambda tz: when.read(phrase, now, tz, after=max(loan.until, now)))


def _previewed(loan: Loan, ask: Extend, found: Ends, caller: Caller, desk: Desk) -> Reply:
    """Show both deadlines before anything is asked for; what can't be had at all is refused at once."""
    rules = desk.class_of(loan).rules
    verdicts = [may_extend(caller.person, rules, loan, at) for at in found.at]
    if isinstance(first := verdicts[0], Refused) and all(isinstance(each, Refused) for each in verdicts):
        return Forbidden(first.reasons)
    with desk.store.write() as tx:
        if ask.card and (changed := changes(ask.card, loan)):
            return differs(tx, loan, changed, desk)
        no_room = booked.extension(tx, loan, min(found.at), caller, desk)
    if no_room is not None:
        return no_room
    now_until = when.spelled(loan.until, caller.tz)
    options = [
        (f"{when.spelled(at, caller.tz)}, {_apart(at, loan.until)} {now_until}", LaterDeadline(Shown.of(loan), at))
        for at in found.at
    ]
    return WhichTime(ask.phrase, drafts.keep_each(options, caller, desk), found.guess, extends=True)


def _apart(at: datetime, until: datetime) -> str:
    return f"{length(at - until)} after" if at > until else f"{length(until - at)} before"


_NAMES_A_MOMENT = re.compile(r"^(?:until|in|within|over)\b|\bfrom now\b", re.IGNORECASE)
"""How a moment is named by its distance: not, or not only, a length more."""


def worded(loan: int, words: str, card: Shown | None = None) -> Extend:
    """Return what was written, in the words of a time: "one more day", "by 2 days", "to Monday 9am"."""
    phrase = re.sub(r"\b(?:more|longer|extra|further|please)\b\s*", "", words, flags=re.IGNORECASE).strip(" ,")
    phrase = re.sub(r"\banother\s+(?=\d|two|three|four|five|six|seven|eight|nine|ten)", "", phrase, flags=re.IGNORECASE)
    phrase = re.sub(r"\banother\b", "one", phrase, flags=re.IGNORECASE)
    phrase = re.sub(r"^(?:it )?(?:to|till|til)\s+(?:the end of (?=\w+day\b))?", "until ", phrase, flags=re.IGNORECASE)
    alone = re.sub(r"^(?:for|by|with|\+)\s*|\s+later$", "", phrase, flags=re.IGNORECASE)
    is_length = parts(alone) == {Part.LENGTH} and not _NAMES_A_MOMENT.search(alone)
    return Extend(loan, f"for {alone}" if is_length else phrase, card)


def _read(found: re.Match[str]) -> Extend:
    return worded(int(found["loan"]), found["phrase"])


VERB = Verb(
    names=("extend",),
    usage="extend #LOAN until WHEN",
    summary="ask for a later deadline; it is signed again",
    examples=("extend #12 until Monday 9am", "extend #12 for 2 more days", "extend #12 by a week"),
    pattern=sentence(rf"extend {LOAN} (?P<phrase>.+)"),
    read=_read,
)
