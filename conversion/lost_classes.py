"""Loans whose class, or whose BMCs, the settings do not have any more: they stand still, loudly, and all others go on.

Nobody knows what such a node was called in Kubernetes, who its BMC is or what a clean one looks like: a guess could cut
another machine's power. The table is put back, and they go on where they stood.
"""

import structlog

from conversion.news import tell
from conversion.subjects import Ground
from loans.facts import Mismatch, Wrong
from loans.loan import OPEN, Loan

log = structlog.get_logger()


def loans_of(ground: Ground) -> tuple[Loan, ...]:
    """Return the open loans that stand still."""
    with ground.store.read() as tx:
        return tuple(loan for loan in tx.loans.in_states(sorted(OPEN)) if not ground.knows(loan))


def said(ground: Ground, loan: Loan) -> str:
    """Say what is wrong with one, and what to do."""
    if loan.node_class in ground.classes and loan.made_with is not None:
        table = f"[power.{loan.made_with.power}]"
        return (
            f"loan #{loan.id} stands still: it was made when its nodes were switched by {table}, and the settings have "
            f"no such table any more. Put {table} back until the loan has ended"
        )
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
                tell(tx, Mismatch(Wrong.LOST_CLASS, said(ground, loan)), now, loan=loan)
    return tuple(said(ground, loan) for loan in lost)
