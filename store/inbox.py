"""What people said and pressed, from before Slack hears that it arrived until it is answered.

A row is the promise that nothing said is lost: it is on the disk before the ack, and it goes with the answer. What was
in the middle when lendbot died is taken over from the dead process: done if nothing of it was done, else answered.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, exists, func, literal, select, update
from sqlmodel import col

from store.errors import NotOurs
from store.rows import columns_of, insert_numbered, read_all, select_as
from store.seen import Seen
from store.tables import InboxRow as _Row
from store.tables import LeaseRow

LEASE: Final = "inbox "
"""Before a process's name: the lease by which the others see that it lives."""


@dataclass(frozen=True)
class Errand:
    """Something that a person said or pressed, to be done once and answered.

    key           names the envelope: Slack sends again what it believes lost, and the second is dropped
    kind          which listener carries it out
    person, team  who, as Slack names them
    channel       where it was said; None in a modal
    what          JSON for the listener: the words, or the button and its value
    url           Slack's response URL, empty when there is none. Whoever has it may write where it points for half an
                  hour: it goes with the row, and is in no log
    received_at   when it came
    holder        the process that has it in hand
    tries         how often another one has taken it over
    has_acted     a change that it asked for is in the store; only the answer may be missing
    id            0 until it is received
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
    id: int = 0


class Inbox:
    """The inbox, as one transaction sees it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def receive(self, errand: Errand) -> Errand | None:
        """Keep an errand; it comes back with its number, or as None when its key was seen before."""
        if not Seen(self._connection).first(f"slack:{errand.key}", errand.received_at):
            return None
        columns = columns_of(errand, without=("id",)) | {"what": dict(errand.what)}
        return replace(errand, id=insert_numbered(self._connection, _Row, columns))

    def hold(self, errand_id: int, holder: str) -> None:
        """Make sure that an errand is still this process's. Raises NotOurs when it is another's by now, or done."""
        mine = select(col(_Row.id)).where(col(_Row.id) == errand_id, col(_Row.holder) == holder)
        if self._connection.execute(mine).first() is None:
            raise NotOurs(errand_id)

    def acted(self, errand_id: int) -> None:
        """Note that what was asked for is in the store, in the transaction that puts it there."""
        self._connection.execute(update(_Row).where(col(_Row.id) == errand_id).values(has_acted=True))

    def done(self, errand_id: int, holder: str) -> None:
        """Take an answered errand away, its response URL and words with it; one that another process has stays."""
        self._connection.execute(delete(_Row).where(col(_Row.id) == errand_id, col(_Row.holder) == holder))

    def put_back(self, errand_id: int, holder: str) -> None:
        """Let go of an errand that could not be answered now: any process may take it over."""
        mine = update(_Row).where(col(_Row.id) == errand_id, col(_Row.holder) == holder)
        self._connection.execute(mine.values(holder=""))

    def take_over(self, holder: str, now: datetime, limit: int) -> tuple[Errand, ...]:
        """Take the errands that nobody alive has in hand, in the order in which they came.

        holder   whose they are now; its own are left alone, for it is at work on them
        """
        lives = exists().where(col(LeaseRow.name) == literal(LEASE).concat(col(_Row.holder)), col(LeaseRow.until) > now)
        orphans = select_as(_Row, Errand).where(col(_Row.holder) != holder, ~lives).order_by(col(_Row.id)).limit(limit)
        found = read_all(self._connection, orphans, Errand)
        self._adopt([errand.id for errand in found], holder)
        return tuple(replace(errand, holder=holder, tries=errand.tries + 1) for errand in found)

    def _adopt(self, numbers: Collection[int], holder: str) -> None:
        if numbers:
            mine = update(_Row).where(col(_Row.id).in_(numbers))
            self._connection.execute(mine.values(holder=holder, tries=col(_Row.tries) + 1))

    def waiting(self) -> int:
        """Count what is not answered yet."""
        return self._connection.execute(select(func.count()).select_from(_Row)).scalar_one()
