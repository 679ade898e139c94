"""Finding the loan and the nodes that a person means, and saying so when there are none."""

from collections.abc import Iterable, Sequence

from commands.desk import Desk
from commands.refusals import NoLoan
from loans.loan import OPEN, Loan
from loans.names import find as find_node
from loans.nodes import NodeName
from store.db import Tx
from store.errors import NoSuchLoan


def find(tx: Tx, loan_id: int) -> Loan | NoLoan:
    """Return the loan, or a reply with the numbers of those that are open."""
    try:
        return tx.loans.get(loan_id)
    except NoSuchLoan:
        return NoLoan(loan_id, tuple(loan.id for loan in tx.loans.in_states(OPEN)))


def meant(words: Sequence[str], known: Iterable[NodeName], desk: Desk) -> tuple[NodeName, ...]:
    """Return the nodes that people mean, in Slurm's words or in Kubernetes'; what is none of them stays as said."""
    names = frozenset(known)
    return tuple(find_node(word, names, desk.kube_names) or NodeName(word) for word in words)
