"""What people said and pressed, from before Slack hears that it arrived until it is answered.

A row is the promise that nothing said is lost: it is on the disk before the ack. What was in the middle when lendbot
died is taken over from the dead process: done if nothing of it was done, else answered. Once answered, a row keeps its
key and nothing that anybody wrote, so that the same envelope is known when Slack sends it again.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Insert, delete, func, select, update
from sqlmodel import col

from store.errors import NotOurs
from store.rows import columns_of, insert_on, read_all, select_as
from store.tables import InboxRow as _Row


@dataclass(frozen=True)
class Errand:
    """Something that a person said or pressed, to be done once and answered.

    key           names the envelope, and with it the errand: Slack sends again what it believes lost
    kind          which listener carries it out
    person, team  who, as Slack names them
    channel       where it was said; None in a modal
    what          JSON for the listener: the words, or the button and its value
    url           Slack's response URL, empty when there is none. Whoever has it may write where it points for half an
                  hour: it is wiped with the answer, and is in no log
    received_at   when it came
    holder        the process that has it in hand
    tries         how often it was taken over from a process that died with it
    has_acted     a change that it asked for is in the store; only the answer may be missing
    """

    key: str
    kind: str
    person: str
    received_at: datetime
    holder: str
    team: str = ""
    channel: str | None = None
    what: Mapping[str, Any] = field(default_factory=dict)
    url: str = ""
    tries: int = 0
    has_acted: bool = False


class Inbox:
    """The inbox, as one transaction sees it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def receive(self, errand: Errand) -> bool:
        """Keep an errand; False when its key was seen before, and then nothing is written."""
        columns = columns_of(errand) | {"what": dict(errand.what)}
        return self._connection.execute(_receive(self._connection.dialect.name), columns, **_COUNTED).rowcount == 1

    def hold(self, key: str, holder: str) -> None:
        """Make sure that an errand is still this process's. Raises NotOurs when it is another's by now, or done."""
        mine = select(col(_Row.key)).where(*_mine(key, holder))
        if self._connection.execute(mine).first() is None:
            raise NotOurs(key)

    def acted(self, key: str) -> None:
        """Note that what was asked for is in the store, in the transaction that puts it there."""
        self._connection.execute(update(_Row).where(col(_Row.key) == key).values(has_acted=True))

    def done(self, key: str, holder: str, at: datetime) -> None:
        """Note that an errand is answered, and wipe what was said and where to; another process's is left alone."""
        self._connection.execute(update(_Row).where(*_mine(key, holder)).values(done_at=at, what={}, url=""))

    def put_back(self, key: str, holder: str) -> None:
        """Let go of an errand that could not be answered now: any process may take it over, and that is no new try."""
        mine = update(_Row).where(*_mine(key, holder))
        self._connection.execute(mine.values(holder="", tries=col(_Row.tries) - 1))

    def take_over(self, holder: str, living: Collection[str], limit: int) -> tuple[Errand, ...]:
        """Take the errands that nobody alive has in hand, in the order in which they came.

        holder   whose they are now; its own are left alone, for it is at work on them
        living   the other processes that are not known to be dead
        """
        chosen = select_as(_Row, Errand).where(col(_Row.done_at).is_(None), col(_Row.holder).not_in([holder, *living]))
        found = read_all(self._connection, chosen.order_by(col(_Row.received_at)).limit(limit), Errand)
        if found:
            taken = update(_Row).where(col(_Row.key).in_([errand.key for errand in found]))
            self._connection.execute(taken.values(holder=holder, tries=col(_Row.tries) + 1))
        return tuple(replace(errand, holder=holder, tries=errand.tries + 1) for errand in found)

    def waiting(self) -> int:
        """Count what is not answered yet."""
        waits = select(func.count()).select_from(_Row).where(col(_Row.done_at).is_(None))
        return self._connection.execute(waits).scalar_one()

    def forget(self, before: datetime) -> int:
        """Delete what was answered before a moment; return how much that was. Slack sends nothing again by then."""
        return self._connection.execute(delete(_Row).where(col(_Row.done_at) < before)).rowcount


_COUNTED: Final[Mapping[str, Any]] = {"execution_options": {"preserve_rowcount": True}}


@cache
def _receive(dialect: str) -> Insert:
    """Build the statement once: an ack waits for it."""
    return insert_on(dialect, _Row).on_conflict_do_nothing()


def _mine(key: str, holder: str) -> tuple[ColumnElement[bool], ...]:
    return col(_Row.key) == key, col(_Row.holder) == holder, col(_Row.done_at).is_(None)
