"""Loans of a class that the settings do not have any more: they stand still, loudly, and all others go on.

Nobody knows what such a node was called in Kubernetes, who its BMC is or what a clean one looks like: a guess could cut
another machine's power. The class is put back, and they go on where they stood.
"""

import structlog

from conversion.news import tell
from conversion.subjects import Ground
from loans.facts import Mismatch, Wrong
from loans.loan import OPEN, Loan

log = structlog.get_logger()


def loans_of(ground: Ground) -> tuple[Loan, ...]:
    """Return the open loans whose class is not there."""
    with ground.store.read() as tx:
        return tuple(loan for loan in tx.loans.in_states(sorted(OPEN)) if not ground.knows(loan))


def said(loan: Loan) -> str:
    """Say what is wrong with one, and what to do."""
    return (
        f"loan #{loan.id} stands still: the settings have no class {loan.node_class!r} any more. "
        f"Put [classes.{loan.node_class}] back until the loan has ended"
    )


def tell_all(ground: Ground) -> tuple[str, ...]:
    """Tell on-call of each once a day, and return what is said of them."""
    lost, now = loans_of(ground), ground.now()
    for loan in lost:
        with ground.store.write() as tx:
            if tx.seen.first(f"lost class:{now:%Y-%m-%d}:{loan.id}", now):
                log.error("loan.stopped", loan=loan.id, node_class=loan.node_class)
                tell(tx, Mismatch(Wrong.LOST_CLASS, said(loan)), now, loan=loan)
    return tuple(map(said, lost))
