"""Keys that have had their first time: event ids of Slack, reminders that went out."""

from datetime import datetime

from sqlalchemy import Connection, delete
from sqlmodel import col

from store.rows import insert_into, was_written
from store.tables import SeenRow as _Row


class Seen:
    """What has been seen, as one transaction sees it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def first(self, key: str, now: datetime) -> bool:
        """Return True exactly once a key, whoever else asks at the same time."""
        attempt = insert_into(self._connection, _Row).values(key=key, at=now).on_conflict_do_nothing()
        return was_written(self._connection, attempt)

    def forget(self, before: datetime) -> int:
        """Delete the keys seen before a moment; return how many."""
        return self._connection.execute(delete(_Row).where(col(_Row.at) < before)).rowcount
