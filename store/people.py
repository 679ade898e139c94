"""How Slack calls the people, groups and channels that lendbot has met: for whoever reads where Slack is not asked."""

from collections.abc import Mapping

from sqlalchemy import Connection, select
from sqlmodel import col

from store.rows import insert_into
from store.tables import NameRow as _Row


class People:
    """The names, as one transaction sees them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def names(self) -> Mapping[str, str]:
        """Return the name of each Slack id that is known."""
        rows = self._connection.execute(select(col(_Row.id), col(_Row.name)))
        return {row.id: row.name for row in rows}

    def call(self, names: Mapping[str, str]) -> None:
        """Keep how these ids are called now, over what they were called before."""
        for each, name in names.items():
            row = insert_into(self._connection, _Row).values(id=each, name=name)
            self._connection.execute(row.on_conflict_do_update(index_elements=["id"], set_={"name": name}))
