"""The loan that a press means. A card that showed something else than what is so is refused, and drawn anew.

Typed words are no press: whoever types a number means the loan that has it now.
"""

from collections.abc import Sequence

from commands.desk import Desk
from commands.look import one_loan
from commands.lookup import find
from commands.refusals import NoLoan
from commands.replies import CardDiffers
from commands.strange_cards import LostLoan, StrangersCard
from loans.loan import Loan
from loans.shown import Change, Shown
from store.db import Tx
from store.errors import NoSuchLoan


def loan_meant(tx: Tx, number: int, card: Shown | None) -> Loan | NoLoan | StrangersCard | LostLoan:
    """Return the loan that is meant, or whose it is instead. card: None for what was typed."""
    if card is None:
        return find(tx, number)
    own = tx.identity.name()
    try:
        loan = tx.loans.get(card.loan)
    except NoSuchLoan:
        # A loan without a store's name is older than the names, and may have been this store's.
        return LostLoan(card.loan, is_taken=False) if card.store in ("", own) else StrangersCard(card.loan, card.store)
    if card.is_of(loan):
        return loan
    return LostLoan(card.loan, is_taken=True) if card.store == own else StrangersCard(card.loan, card.store)


def differs(tx: Tx, loan: Loan, found: Sequence[Change], desk: Desk) -> CardDiffers:
    """Return a refusal with the loan as it stands, and have its card drawn anew."""
    tx.outbox.card(loan.id, desk.now)
    return CardDiffers(one_loan(tx, loan, desk), tuple(found))
