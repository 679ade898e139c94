"""The memory of what a loan has set in Slurm, as the store keeps it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from loans.loan import Loan
from loans.nodes import NodeName, SlurmNode
from loans.whose import Whose, whose
from store.db import Store
from store.set_marks import SetMark


@dataclass(frozen=True)
class StoredMemory:
    """The memory of one loan, in the store."""

    store: Store
    loan: Loan
    now: Callable[[], datetime]

    def has_set(self, node: NodeName) -> bool:
        """Return True when this loan has set DRAIN or DOWN on a node, and not lifted it since."""
        return self._of(node) is not None

    def has_never_set(self, node: NodeName) -> bool:
        """Return True when it is certain that this loan has nothing set on a node: older loans wrote nothing down."""
        return bool(self.loan.store) and not self.has_set(node)

    def is_older(self, node: SlurmNode) -> bool:
        """Return True when a node's reason was there before this loan set anything on it, by Slurm's own clock."""
        ours = self._of(node.name)
        if ours is None or ours.slurm_at is None or node.reason_at is None:
            return False
        return node.reason_at < ours.slurm_at

    def about_to_set(self, nodes: Sequence[NodeName]) -> None:
        """Write down that Slurm is about to be asked for DRAIN or DOWN."""
        with self.store.write() as tx:
            for node in nodes:
                tx.set_marks.put(SetMark(node, self.loan.id, self.now()))

    def read_back(self, nodes: Sequence[SlurmNode]) -> None:
        """Write down when Slurm says that it was set, on those that carry the loan's mark."""
        with self.store.write() as tx:
            for node in nodes:
                if whose(node, self.loan.mark) is Whose.OURS:
                    tx.set_marks.put(SetMark(node.name, self.loan.id, self.now(), node.reason_at))

    def _of(self, node: NodeName) -> SetMark | None:
        with self.store.read() as tx:
            found = tx.set_marks.of(node)
        return found if found and found.loan_id == self.loan.id else None
