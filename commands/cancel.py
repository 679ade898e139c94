"""cancel: take a request back before anything has changed. Once it has begun, `give back` is the word."""

import re
from dataclasses import dataclass

from commands.desk import Caller, Desk
from commands.pressed import differs, loan_meant
from commands.refusals import Forbidden, NotFrom
from commands.replies import Reply, Withdrawn
from commands.verb import LOAN, Verb, sentence
from conversion import orders
from loans import facts
from loans.lifecycle import Withdraw, may_happen
from loans.loan import Loan
from loans.policy import Refused, may_withdraw
from loans.shown import Shown, changes
from store.errors import Stale


@dataclass(frozen=True)
class Cancel:
    """The loan to take back. card: what stood beside the button; None in words."""

    loan: int
    card: Shown | None = None


def run(ask: Cancel, caller: Caller, desk: Desk) -> Reply:
    """Withdraw the request."""
    try:
        with desk.store.write() as tx:
            loan = loan_meant(tx, ask.loan, ask.card)
            if not isinstance(loan, Loan):
                return loan
            verdict = may_withdraw(caller.person, desk.class_of(loan).rules, loan)
            if isinstance(verdict, Refused):
                return Forbidden(verdict.reasons)
            if not may_happen(loan, Withdraw):
                return NotFrom(loan, "cancel")
            if ask.card and (found := changes(ask.card, loan)):
                return differs(tx, loan, found, desk)
            event = Withdraw(caller.person.id)
            by = caller.person.actor
            return Withdrawn(orders.record(tx, loan, event, desk.now, facts.Withdrawn(), by=by))
    except Stale:
        with desk.store.read() as tx:
            return NotFrom(tx.loans.get(ask.loan), "cancel")


def _read(found: re.Match[str]) -> Cancel:
    return Cancel(int(found["loan"]))


VERB = Verb(
    names=("cancel", "withdraw"),
    usage="cancel #LOAN",
    summary="take back a request that has not begun",
    examples=("cancel #12", "withdraw #12"),
    pattern=sentence(rf"(?:cancel|withdraw) {LOAN}"),
    read=_read,
)
