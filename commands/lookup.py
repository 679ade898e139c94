"""Finding the loan and the nodes that a person means, and saying so when there are none."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from commands.replies import NoLoan
from loans.loan import OPEN, Loan
from loans.nodes import NodeName
from store.db import Tx
from store.errors import NoSuchLoan


def find(tx: Tx, loan_id: int) -> Loan | NoLoan:
    """Return the loan, or a reply with the numbers of those that are open."""
    try:
        return tx.loans.get(loan_id)
    except NoSuchLoan:
        return NoLoan(loan_id, tuple(loan.id for loan in tx.loans.in_states(OPEN)))


def meant(words: Sequence[str], known: Iterable[NodeName]) -> tuple[NodeName, ...]:
    """Return the nodes that people mean: as written, or else the only one that differs in capitals alone."""
    exact: set[str] = set()
    by_lower: dict[str, list[NodeName]] = defaultdict(list)
    for name in known:
        exact.add(name)
        by_lower[name.lower()].append(name)
    alike = {word: by_lower.get(word.lower(), []) for word in words if word not in exact}
    return tuple(alike[word][0] if len(alike.get(word, ())) == 1 else NodeName(word) for word in words)
