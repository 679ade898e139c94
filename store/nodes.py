"""The nodes of loans, kept. That a node is in at most one open loan is held by the database itself, not by who asks."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Select, and_, literal_column, or_, select, update
from sqlmodel import col

from loans.boots import Boot
from loans.loan import NODE_GONE, NODE_MOVING, NodeLoan
from loans.nodes import NodeName
from store.errors import NodeTaken, NoSuchNode, Stale
from store.rows import columns_of, insert_into, read_all, read_one, save_versioned, table_of, was_written
from store.tables import NodeLoanRow as _Row

_EVERY = select(table_of(_Row))
_OPEN = col(_Row.state).not_in([literal_column(f"'{state}'") for state in sorted(NODE_GONE)])
"""Spelled out, as in uq_node_loans_open_node: SQLite sees only then that the index has all that is asked for."""


class Nodes:
    """The nodes of loans, as one transaction sees them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, node: NodeLoan) -> NodeLoan:
        """Put a node into a loan; it comes back with version 1.

        raises   NodeTaken when it is in another open loan, or has been in this one
        """
        added = replace(node, version=1)
        attempt = insert_into(self._connection, _Row).values(_columns(added)).on_conflict_do_nothing()
        if not was_written(self._connection, attempt):
            raise NodeTaken(node.node, by_loan=self._in_the_way_of(node))
        return added

    def _in_the_way_of(self, node: NodeLoan) -> int:
        """Return the loan that has the node; writes are one at a time, so what refused the row is still there."""
        same_node = and_(col(_Row.node) == node.node, or_(_OPEN, col(_Row.loan_id) == node.loan_id))
        return int(self._connection.execute(select(col(_Row.loan_id)).where(same_node).limit(1)).scalar_one())

    def get(self, loan_id: int, node: NodeName) -> NodeLoan:
        """Return a node's part in a loan, or raise NoSuchNode."""
        key = and_(col(_Row.loan_id) == loan_id, col(_Row.node) == node)
        found = read_one(self._connection, _EVERY.where(key), _node)
        if found is None:
            raise NoSuchNode(loan_id, node)
        return found

    def save(self, node: NodeLoan) -> NodeLoan:
        """Write over a node's part; it comes back with its version counted on. Raises Stale, or NoSuchNode."""
        key = {"loan_id": node.loan_id, "node": node.node}
        if not save_versioned(self._connection, _Row, key, node.version, _columns(node)):
            raise Stale(self.get(node.loan_id, node.node).loan_id, node.node)
        return replace(node, version=node.version + 1)

    def of(self, loan_id: int) -> tuple[NodeLoan, ...]:
        """Return a loan's nodes by name, those that are gone as well."""
        return self.of_many([loan_id])[loan_id]

    def of_many(self, loan_ids: Iterable[int]) -> dict[int, tuple[NodeLoan, ...]]:
        """Return the nodes of several loans, by loan and then by name; a loan without nodes has an empty tuple."""
        wanted = set(loan_ids)
        found = self._sorted(_EVERY.where(col(_Row.loan_id).in_(wanted)))
        by_loan = {loan_id: tuple(nodes) for loan_id, nodes in groupby(found, key=attrgetter("loan_id"))}
        return {loan_id: by_loan.get(loan_id, ()) for loan_id in wanted}

    def due(self, now: datetime) -> tuple[NodeLoan, ...]:
        """Return the moving nodes that are to be looked at now, the longest due first."""
        chosen = _EVERY.where(col(_Row.state).in_(NODE_MOVING), col(_Row.look_at) <= now)
        return read_all(self._connection, chosen.order_by(col(_Row.look_at), col(_Row.node)), _node)

    def held(self) -> tuple[NodeLoan, ...]:
        """Return every node that an open loan has a claim on, by loan and name."""
        return self._sorted(_EVERY.where(_OPEN))

    def _sorted(self, query: Select[Any]) -> tuple[NodeLoan, ...]:
        """Sort here: PostgreSQL would follow its locale, SQLite the bytes."""
        return tuple(sorted(read_all(self._connection, query, _node), key=lambda node: (node.loan_id, node.node)))

    def look_now(self, now: datetime) -> None:
        """Let every moving node be looked at now: what was to come later was reckoned by a clock that has been set."""
        later = and_(col(_Row.state).in_(NODE_MOVING), col(_Row.look_at) > now)
        self._connection.execute(update(_Row).where(later).values(look_at=now))


def _columns(node: NodeLoan) -> dict[str, Any]:
    return columns_of(node, without=("boot",)) | {
        "boot_kernel": node.boot.kernel,
        "boot_time": node.boot.boot_time,
        "boot_slurmd_start": node.boot.slurmd_start,
    }


def _node(*, boot_kernel: str, boot_time: datetime | None, boot_slurmd_start: datetime | None, **row: Any) -> NodeLoan:
    return NodeLoan(**row, boot=Boot(boot_kernel, boot_time, boot_slurmd_start))
