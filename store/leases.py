"""Who does what only one process may do: the worker's looks, the publisher; and which processes live.

A lease changes whenever its holder renews it. Whoever waits for it may watch by a clock of its own whether it stands
still: then clocks that disagree, or jump, neither end a lease nor keep one. `epoch` counts the holders: an order given
under one epoch is void in the next.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, case, delete, or_, update
from sqlmodel import col

from store.rows import insert_into, read_all, read_one, select_as, was_written
from store.tables import LeaseRow as _Row

NOBODY = ""
"""The holder of a lease that was given up: its epoch goes on from there."""


@dataclass(frozen=True)
class Held:
    """A lease as it stands. Two that are equal are of one holder who has not renewed in between."""

    holder: str
    until: datetime
    epoch: int


@dataclass(frozen=True)
class _Named(Held):
    """A lease with its name."""

    name: str


class Leases:
    """The leases, as one transaction sees them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, name: str, holder: str, now: datetime, until: datetime) -> bool:
        """Take or renew a lease; False when another holder's has not run out yet by this clock."""
        return self._take(name, holder, until, or_(col(_Row.holder) == holder, col(_Row.until) <= now))

    def succeed(self, name: str, holder: str, until: datetime, dead: Held | None = None) -> Held | None:
        """Take a lease that nobody holds, or that stands exactly as its dead holder left it; None when it does not.

        The clocks are not asked: who is dead, the caller has watched.
        """
        taken = self._take(name, holder, until, _stands_as(dead) if dead is not None else None)
        return self.get(name) if taken else None

    def renew(self, name: str, holder: str, epoch: int, until: datetime) -> bool:
        """Renew a lease; False when it is not this holder's, of this epoch, any more."""
        ours = (col(_Row.name) == name, col(_Row.holder) == holder, col(_Row.epoch) == epoch)
        return self._connection.execute(update(_Row).where(*ours).values(until=until)).rowcount == 1

    def get(self, name: str) -> Held | None:
        """Return a lease as it stands, run out or not; None when nobody ever took it."""
        return read_one(self._connection, select_as(_Row, Held).where(col(_Row.name) == name), Held)

    def holder(self, name: str) -> str | None:
        """Return who took it last, whether or not it has run out; None when it was never taken or is released."""
        held = self.get(name)
        return held.holder or None if held is not None else None

    def release(self, name: str, holder: str) -> None:
        """Give up a lease; another holder's is left alone."""
        ours = (col(_Row.name) == name, col(_Row.holder) == holder)
        self._connection.execute(update(_Row).where(*ours).values(holder=NOBODY))

    def of_kind(self, prefix: str) -> dict[str, Held]:
        """Return the leases of a kind, of which each process has its own, by the rest of their names."""
        query = select_as(_Row, _Named).where(col(_Row.name).startswith(prefix, autoescape=True))
        found = read_all(self._connection, query, _Named)
        return {each.name.removeprefix(prefix): Held(each.holder, each.until, each.epoch) for each in found}

    def drop(self, name: str) -> None:
        """Forget a lease that nobody will take again."""
        self._connection.execute(delete(_Row).where(col(_Row.name) == name))

    def _take(self, name: str, holder: str, until: datetime, may: ColumnElement[bool] | None) -> bool:
        row = insert_into(self._connection, _Row).values(name=name, holder=holder, until=until, epoch=1)
        free = col(_Row.holder) == NOBODY
        changes = case((col(_Row.holder) == holder, col(_Row.epoch)), else_=col(_Row.epoch) + 1)
        attempt = row.on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": holder, "until": until, "epoch": changes},
            where=free if may is None else or_(free, may),
        )
        return was_written(self._connection, attempt)


def _stands_as(left: Held) -> ColumnElement[bool]:
    return and_(col(_Row.holder) == left.holder, col(_Row.until) == left.until, col(_Row.epoch) == left.epoch)
