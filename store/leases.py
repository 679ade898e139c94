"""Who does what only one process may do: the worker's tick, the publisher. A lease ends by itself unless renewed."""

from datetime import datetime

from sqlalchemy import Connection, delete, or_, select
from sqlmodel import col

from store.rows import insert_into, was_written
from store.tables import LeaseRow as _Row


class Leases:
    """The leases, as one transaction sees them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, name: str, holder: str, now: datetime, until: datetime) -> bool:
        """Take or renew a lease; False when another holder's has not run out yet."""
        row = insert_into(self._connection, _Row).values(name=name, holder=holder, until=until)
        attempt = row.on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": holder, "until": until},
            where=or_(col(_Row.holder) == holder, col(_Row.until) <= now),
        )
        return was_written(self._connection, attempt)

    def holder(self, name: str) -> str | None:
        """Return who took it last, whether or not it has run out; None when it was never taken or is released."""
        return self._connection.execute(select(col(_Row.holder)).where(col(_Row.name) == name)).scalar()

    def release(self, name: str, holder: str) -> None:
        """Give up a lease; another holder's is left alone."""
        self._connection.execute(delete(_Row).where(col(_Row.name) == name, col(_Row.holder) == holder))

    def forget(self, prefix: str, before: datetime) -> int:
        """Delete the leases of a kind that ran out before a moment, where each process has its own; return how many."""
        dead = delete(_Row).where(col(_Row.name).startswith(prefix, autoescape=True), col(_Row.until) < before)
        return self._connection.execute(dead).rowcount
