"""What lendbot has set on nodes in Slurm and not lifted since: the first witness of whose drain it is.

The second is the mark in Slurm's reason, a display text, which Slurm itself adds to and replaces.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete
from sqlmodel import col

from loans.nodes import NodeName
from store.rows import columns_of, insert_into, read_all, read_one, select_as
from store.tables import SetMarkRow as _Row


@dataclass(frozen=True)
class SetMark:
    """DRAIN, or DOWN beside it, that a loan has set on a node.

    at         by our clock: just before Slurm was asked to
    slurm_at   by Slurm's clock, as the reason says it; None until it was read back. The two are never compared
    """

    node: NodeName
    loan_id: int
    at: datetime
    slurm_at: datetime | None = None


_EVERY = select_as(_Row, SetMark)


class SetMarks:
    """What is set, as one transaction sees it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, mark: SetMark) -> None:
        """Note what is set on a node, over what was noted before."""
        row = insert_into(self._connection, _Row).values(columns_of(mark))
        self._connection.execute(
            row.on_conflict_do_update(index_elements=["node"], set_=columns_of(mark, without=("node",)))
        )

    def all(self) -> Mapping[NodeName, SetMark]:
        """Return everything that is set, by node."""
        return {mark.node: mark for mark in read_all(self._connection, _EVERY, SetMark)}

    def of(self, node: NodeName) -> SetMark | None:
        """Return what is set on a node."""
        return read_one(self._connection, _EVERY.where(col(_Row.node) == node), SetMark)

    def lifted(self, nodes: Collection[NodeName]) -> None:
        """Note that nothing of ours is set on these nodes any more."""
        self._connection.execute(delete(_Row).where(col(_Row.node).in_(nodes)))
