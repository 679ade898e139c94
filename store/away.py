"""The far sides that are away, written down by the process that works: the others, and the next one, read it here."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete
from sqlmodel import col

from store.rows import columns_of, insert_into, read_all, select_as
from store.tables import AwaySideRow as _Row


@dataclass(frozen=True)
class AwaySide:
    """A side that does not answer. side: as people call it; is_told: on-call has been told."""

    side: str
    since: datetime
    said: str
    is_told: bool = False

    def holds(self, note: str) -> bool:
        """Return True when a node's note says that it waits for this side."""
        return note.startswith(f"paused: {self.side} ")


_EVERY = select_as(_Row, AwaySide)


class Away:
    """Who is away, as one transaction sees it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> tuple[AwaySide, ...]:
        """Return every side that is away, the longest first."""
        return tuple(read_all(self._connection, _EVERY.order_by(col(_Row.since)), AwaySide))

    def put(self, away: AwaySide) -> None:
        """Note that a side is away, over what was noted before."""
        row = insert_into(self._connection, _Row).values(columns_of(away))
        self._connection.execute(
            row.on_conflict_do_update(index_elements=["side"], set_=columns_of(away, without=("side",)))
        )

    def back(self, side: str) -> None:
        """Note that a side answers."""
        self._connection.execute(delete(_Row).where(col(_Row.side) == side))
