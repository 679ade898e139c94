"""Finding the loan that a person means, and saying so when there is none."""

from commands.replies import NoLoan
from loans.loan import HOLDING, Loan, State
from store.db import Tx
from store.errors import NoSuchLoan

OPEN = (State.REQUESTED, State.APPROVED, *sorted(HOLDING))
"""What "open" means to people: not ended."""


def find(tx: Tx, loan_id: int) -> Loan | NoLoan:
    """Return the loan, or a reply with the numbers of those that are open."""
    try:
        return tx.loans.get(loan_id)
    except NoSuchLoan:
        return NoLoan(loan_id, tuple(loan.id for loan in tx.loans.in_states(OPEN)))
