"""Messages to send, written in the transaction of the change that they tell of: neither is ever there alone.

A loan's card is coalesced: however many changes, at most one card of a loan waits, and it is drawn when it is sent.
So is an alarm, in each place where it stands. `wanted` counts the changes that the waiting card stands for. Whoever
sends it says which count was read before the drawing; when it has gone up meanwhile, the card waits on. So the last
change always shows, without a claim that a crash could leave behind. Each message is sent at least once; a crash
between sending and `sent` sends it again.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, delete, func, select, text, update
from sqlmodel import col

from store.rows import insert_numbered, insert_on, read_all, select_as
from store.tables import ALARM, CARD
from store.tables import OutboxRow as _Row

_WAITING, _SENT, _DROPPED = "waiting", "sent", "dropped"


@dataclass(frozen=True)
class Letter:
    """A message to send.

    kind          CARD, ALARM, or who hears of the fact (conversion/news.py Audience)
    to            a Slack id; of an alarm its place; empty where the place is known by the loan
    fact_id       what it tells of; None for a card or an alarm, which tell how things stand
    id            0 until it is put
    tries         how often sending has failed
    wanted        of a card: how many changes it stands for
    next_try_at   made_at at first
    """

    kind: str
    loan_id: int | None
    to: str
    made_at: datetime
    fact_id: int | None = None
    id: int = 0
    tries: int = 0
    wanted: int = 1
    next_try_at: datetime | None = None
    alarm_id: int | None = None


@dataclass(frozen=True)
class Backlog:
    """What waits. oldest: when the first of it was made, None when nothing waits."""

    count: int
    oldest: datetime | None = field(default=None)


class Outbox:
    """The outbox, as one transaction sees it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, letter: Letter) -> Letter:
        """Add a message; it comes back with its number."""
        number = insert_numbered(self._connection, _Row, _columns(letter))
        return replace(letter, id=number, next_try_at=letter.next_try_at or letter.made_at)

    def card(self, loan_id: int, now: datetime) -> None:
        """Have a loan's card drawn and sent; one that waits already stands for this change too."""
        columns = _columns(Letter(CARD, loan_id, "", now))
        self._connection.execute(_put_or_count(self._connection.dialect.name), columns)

    def alarm(self, alarm_id: int, place: str, now: datetime) -> None:
        """Have an alarm's message in one place drawn and sent; one that waits already stands for this change too."""
        columns = _columns(Letter(ALARM, None, place, now, alarm_id=alarm_id))
        self._connection.execute(_put_or_count_alarm(self._connection.dialect.name), columns)

    def due(self, now: datetime, limit: int) -> tuple[Letter, ...]:
        """Return what is to be sent now, in the order in which it was put."""
        chosen = select_as(_Row, Letter).where(col(_Row.state) == _WAITING, col(_Row.next_try_at) <= now)
        return read_all(self._connection, chosen.order_by(col(_Row.id)).limit(limit), Letter)

    def sent(self, letter: Letter, at: datetime) -> bool:
        """Note that it was sent; False when its loan has changed since it was read, so that it waits on."""
        return self._done(letter, at, _SENT, why="")

    def dropped(self, letter: Letter, at: datetime, why: str) -> bool:
        """Note that it will never be sent, and why; False as with sent()."""
        return self._done(letter, at, _DROPPED, why)

    def _done(self, letter: Letter, at: datetime, state: str, why: str) -> bool:
        waits = update(_Row).where(col(_Row.id) == letter.id, col(_Row.state) == _WAITING)
        done = waits.where(col(_Row.wanted) == letter.wanted).values(state=state, done_at=at, why=why)
        if self._connection.execute(done).rowcount == 1:
            return True
        self._connection.execute(waits.values(next_try_at=at, tries=0, why=""))
        return False

    def failed(self, letter: Letter, why: str, next_try_at: datetime) -> None:
        """Note that sending failed, and when to try again."""
        waits = update(_Row).where(col(_Row.id) == letter.id, col(_Row.state) == _WAITING)
        self._connection.execute(waits.values(tries=col(_Row.tries) + 1, why=why, next_try_at=next_try_at))

    def try_now(self, now: datetime) -> None:
        """Let everything that waits be tried now: its next try was reckoned by a clock that has been set."""
        later = (col(_Row.state) == _WAITING, col(_Row.next_try_at) > now)
        self._connection.execute(update(_Row).where(*later).values(next_try_at=now))

    def backlog(self) -> Backlog:
        """Count what waits."""
        waiting = select(func.count(), func.min(_Row.made_at)).where(col(_Row.state) == _WAITING)
        count, oldest = self._connection.execute(waiting).one()
        return Backlog(count, oldest)

    def forget(self, before: datetime) -> int:
        """Delete what was sent or dropped before a moment; return how much that was."""
        return self._connection.execute(delete(_Row).where(col(_Row.done_at) < before)).rowcount


@cache
def _put_or_count(dialect: str) -> Insert:
    """Build the card's statement once: it goes with every line of every journal."""
    return insert_on(dialect, _Row).on_conflict_do_update(
        index_elements=["loan_id"],
        index_where=text(f"kind = '{CARD}' AND state = '{_WAITING}'"),
        set_={"wanted": col(_Row.wanted) + 1},
    )


@cache
def _put_or_count_alarm(dialect: str) -> Insert:
    return insert_on(dialect, _Row).on_conflict_do_update(
        index_elements=["alarm_id", "to"],
        index_where=text(f"kind = '{ALARM}' AND state = '{_WAITING}'"),
        set_={"wanted": col(_Row.wanted) + 1},
    )


def _columns(letter: Letter) -> dict[str, Any]:
    return {
        "kind": letter.kind,
        "loan_id": letter.loan_id,
        "to": letter.to,
        "fact_id": letter.fact_id,
        "alarm_id": letter.alarm_id,
        "made_at": letter.made_at,
        "state": _WAITING,
        "wanted": 1,
        "tries": 0,
        "next_try_at": letter.next_try_at or letter.made_at,
        "why": "",
    }
