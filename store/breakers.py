"""The classes of which several nodes have failed alike, so that no more are taken in their place."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from sqlmodel import col

from loans.nodes import NodeName
from loans.runbook import StepName
from store.rows import columns_of, insert_into, read_all, read_one, select_as
from store.tables import BreakerRow as _Row


@dataclass(frozen=True)
class Breaker:
    """failed: the nodes; tried: how many were in that time; closed_at: since when it is over; None while it is not."""

    node_class: str
    step: StepName
    reason: str
    failed: tuple[NodeName, ...]
    tried: int
    opened_at: datetime
    closed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Return True while no node is taken in place of one that failed."""
        return self.closed_at is None


_EVERY = select_as(_Row, Breaker)


class Breakers:
    """The breakers, as one transaction sees them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, node_class: str) -> Breaker | None:
        """Return a class's last one, open or closed."""
        return read_one(self._connection, _EVERY.where(col(_Row.node_class) == node_class), Breaker)

    def open(self) -> tuple[Breaker, ...]:
        """Return those that are open."""
        return tuple(read_all(self._connection, _EVERY.where(col(_Row.closed_at).is_(None)), Breaker))

    def put(self, breaker: Breaker) -> None:
        """Keep it, over the class's last one."""
        row = insert_into(self._connection, _Row).values(columns_of(breaker))
        self._connection.execute(
            row.on_conflict_do_update(index_elements=["node_class"], set_=columns_of(breaker, without=("node_class",)))
        )
