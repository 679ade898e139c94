"""Loans' numbers begin above all that is out there, for a store that is new, or was restored from a backup, forgets.

A backup also says that it was compared: it was, before the loans that it lacks. So every start has it compared anew.
Without that the marks, reservations and cards of a loan that nobody remembers would be taken for the next one's.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import structlog

from conversion.news import tell
from conversion.ports import FarSides
from loans.facts import Mismatch, Wrong
from loans.marks import Mark, read_reservation
from loans.nodes import KubeNode, NodeName, Reservation, SlurmNode
from loans.whose import marked_by
from store.db import Store, Tx
from store.errors import NoSuchLoan

log = structlog.get_logger()


def ask_far_sides(store: Store, far: FarSides, now: datetime) -> None:
    """Hold the numbers against Slurm and Kubernetes. Raises FarSideError: then nothing is known, and nothing noted."""
    seen = marks(far.slurm.nodes(), far.kubernetes.nodes(), far.slurm.reservations())
    with store.write() as tx:
        begin_above(tx, seen, now)
        tx.identity.compared(now)


def be_sure(store: Store, far: FarSides, now: datetime) -> None:
    """Ask the far sides unless that was done: a store's first loan waits for their answer. Raises FarSideError."""
    with store.read() as tx:
        if tx.identity.compared_at() is not None:
            return
    ask_far_sides(store, far, now)


def ask_anew(store: Store) -> None:
    """Let the next comparison, or else the next loan, ask the far sides again: this may be a store of yesterday."""
    with store.write() as tx:
        tx.identity.not_compared()


def begin_above(tx: Tx, seen: Iterable[Mark], now: datetime) -> None:
    """Let the next loan's number be above every mark; tell on-call when this store has forgotten loans of its own."""
    numbers = {mark.loan: mark for mark in seen}
    if not numbers or not tx.loans.begin_above(highest := max(numbers)):
        return
    log.warning("numbers.raised", above=highest)
    if numbers[highest].store == tx.identity.name():
        what = (
            f"this store knows less than it once did: marks of its own go up to #{highest}. Was it restored from a "
            f"backup? New loans begin at #{highest + 1}; nodes that still carry such a mark are told one by one"
        )
        tell(tx, Mismatch(Wrong.FORGOTTEN, what), now)


def marks(
    slurm: Mapping[NodeName, SlurmNode], kube: Mapping[str, KubeNode], reservations: Mapping[str, Reservation]
) -> list[Mark]:
    """Return every lendbot's mark that is out there, ours and strangers'."""
    found = [marked_by(node) for node in slurm.values()]
    found += [node.mark for node in kube.values()]
    found += [of[0] for name in reservations if (of := read_reservation(name))]
    return [mark for mark in found if mark is not None]


def origin(tx: Tx, mark: Mark) -> str:
    """Say of a mark whether this store knows it: "the mark of loan #12, which has ended"."""
    try:
        known = tx.loans.get(mark.loan).store == mark.store
    except NoSuchLoan:
        known = False
    if known:
        return f"the mark of loan #{mark.loan}, which has ended"
    if mark.store and mark.store == tx.identity.name():
        return f"the mark of loan #{mark.loan}, of which this store knows nothing: was it restored from a backup?"
    return f"the mark of {mark.said}, a stranger to this one"
