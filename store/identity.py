"""The store's own name, and what it must have asked before it gives a loan a number.

Numbers come back: a lost store counts from 1 again, and one restored from a backup counts on from where it was.
Marks, buttons and drafts carry the name beside the number, so that an old one is never taken for a new loan's.
"""

import secrets
from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlmodel import col

from loans.marks import STORE_LENGTH, STORE_LETTERS
from store.tables import IdentityRow as _Row


def random_word(length: int) -> str:
    """Return a word of the letters that a store's name is made of; nobody can guess it."""
    return "".join(secrets.choice(STORE_LETTERS) for _ in range(length))


class Identity:
    """Who this store is, as one transaction sees it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def name(self) -> str:
        """Return the store's name; empty while it has none."""
        return str(self._connection.execute(select(col(_Row.name))).scalar() or "")

    def named(self) -> str:
        """Return the store's name, and give it one first when it has none."""
        if found := self.name():
            return found
        name = random_word(STORE_LENGTH)
        self._connection.execute(insert(_Row).values(name=name, compared_at=None))
        return name

    def compared_at(self) -> datetime | None:
        """Return when the loans' numbers were last held against Slurm and Kubernetes; None when not since the start."""
        return self._connection.execute(select(col(_Row.compared_at))).scalar()

    def not_compared(self) -> None:
        """Note that nothing is known of what is out there: the store may have been restored since it was compared."""
        self.named()
        self._connection.execute(update(_Row).values(compared_at=None))

    def compared(self, now: datetime) -> None:
        """Note that the loans' numbers begin above all that is out there."""
        self.named()
        self._connection.execute(update(_Row).values(compared_at=now))
