"""Who decided, and what changed on a node: a row each, only ever added to."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlmodel import col

from loans.nodes import NodeName
from store.rows import columns_of, insert_row, read_all, select_as
from store.tables import AuditRow as _Row


@dataclass(frozen=True)
class Audit:
    """One row.

    who      a Slack user id, `cli:<account>`, or "lendbot" for what it did by itself
    what     a verb of ours: "approve", "extend", "take", "write role"
    detail   for people; never a secret
    """

    at: datetime
    who: str
    what: str
    loan_id: int | None = None
    node: NodeName | None = None
    detail: str = ""


_EVERY = select_as(_Row, Audit)


class Audits:
    """The audit, as one transaction sees it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def write(self, audit: Audit) -> None:
        """Add a row."""
        insert_row(self._connection, _Row, columns_of(audit))

    def newest(self) -> int:
        """Return the number of the newest row, 0 when there is none."""
        return self._connection.execute(select(func.max(_Row.id))).scalar() or 0

    def of(self, loan_id: int) -> tuple[Audit, ...]:
        """Return what happened to a loan, in order."""
        chosen = _EVERY.where(col(_Row.loan_id) == loan_id).order_by(col(_Row.id))
        return read_all(self._connection, chosen, Audit)

    def of_node(self, node: NodeName, limit: int = 100) -> tuple[Audit, ...]:
        """Return what happened to a node in whatever loan, newest first."""
        chosen = _EVERY.where(col(_Row.node) == node).order_by(col(_Row.id).desc())
        return read_all(self._connection, chosen.limit(limit), Audit)

    def recent(self, limit: int) -> tuple[Audit, ...]:
        """Return the newest rows, newest first."""
        return read_all(self._connection, _EVERY.order_by(col(_Row.id).desc()).limit(limit), Audit)
