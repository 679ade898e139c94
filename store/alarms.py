"""Alarms, and where their messages stand in Slack, as one transaction sees them."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, select, update
from sqlmodel import col

from loans.alarms import Alarm, AlarmKind, Member
from loans.facts import Actor
from store.rows import LARGEST, columns_of, insert_into, insert_numbered, table_of
from store.tables import AlarmPostRow as _Post
from store.tables import AlarmRow as _Row


@dataclass(frozen=True)
class AlarmPost:
    """A message of an alarm: its place (conversion/alarms.py names them), and where that is. ts: empty when unknown."""

    alarm_id: int
    place: str
    channel: str
    ts: str


class Alarms:
    """The alarms."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, alarm: Alarm) -> Alarm:
        """Keep a new one; it comes back with its number."""
        return replace(alarm, id=insert_numbered(self._connection, _Row, _columns(alarm)))

    def save(self, alarm: Alarm) -> Alarm:
        """Keep it as it is now: whoever changes it has read it in this very transaction."""
        self._connection.execute(update(_Row).where(col(_Row.id) == alarm.id).values(_columns(alarm)))
        return alarm

    def get(self, number: int) -> Alarm | None:
        """Return it, or None when there is none of that number."""
        found = self._read(_every().where(col(_Row.id) == number)) if 0 < number <= LARGEST else ()
        return found[0] if found else None

    def open(self, kind: AlarmKind | None = None) -> tuple[Alarm, ...]:
        """Return those that ask for something, the oldest first."""
        chosen = _every().where(col(_Row.solved_at).is_(None))
        return self._read(chosen if kind is None else chosen.where(col(_Row.kind) == kind))

    def of_cause(self, cause: str) -> Alarm | None:
        """Return the newest open one of a cause."""
        found = self._read(_every().where(col(_Row.solved_at).is_(None), col(_Row.cause) == cause))
        return found[-1] if found else None

    def to_call(self, now: datetime) -> tuple[Alarm, ...]:
        """Return those for which people are to be called again."""
        return self._read(_every().where(col(_Row.call_at) <= now, col(_Row.solved_at).is_(None)))

    def posts(self, alarm_id: int) -> dict[str, AlarmPost]:
        """Return its messages that are out, or may be, by place."""
        columns = (col(_Post.alarm_id), col(_Post.place), col(_Post.channel), col(_Post.ts))
        rows = self._connection.execute(select(*columns).where(col(_Post.alarm_id) == alarm_id))
        return {row.place: AlarmPost(**row._asdict()) for row in rows}

    def is_post(self, channel: str, ts: str) -> bool:
        """Return True for the place of a message of an alarm, whichever."""
        chosen = select(col(_Post.place)).where(col(_Post.channel) == channel, col(_Post.ts) == ts)
        return self._connection.execute(chosen).first() is not None

    def put_post(self, post: AlarmPost) -> None:
        """Note where a message stands; with an empty ts, that it is about to be posted there."""
        row = insert_into(self._connection, _Post).values(columns_of(post))
        stands = {"channel": post.channel, "ts": post.ts}
        self._connection.execute(row.on_conflict_do_update(index_elements=["alarm_id", "place"], set_=stands))

    def is_not_out(self, alarm_id: int, place: str) -> None:
        """Note that nothing was posted there: Slack said no."""
        gone = delete(_Post).where(col(_Post.alarm_id) == alarm_id, col(_Post.place) == place, col(_Post.ts) == "")
        self._connection.execute(gone)

    def _read(self, query: Select[Any]) -> tuple[Alarm, ...]:
        return tuple(_alarm(row) for row in self._connection.execute(query.order_by(col(_Row.id))))


def _every() -> Select[Any]:
    return select(table_of(_Row))


def _columns(alarm: Alarm) -> dict[str, Any]:
    return columns_of(alarm, without=("id", "taken", "acted")) | {
        "loans": list(alarm.loans),
        "waiting": [member.text for member in alarm.waiting],
        "helped": [member.text for member in alarm.helped],
        **_who("taken", alarm.taken),
        **_who("acted", alarm.acted),
    }


def _who(name: str, actor: Actor | None) -> dict[str, str | None]:
    return {f"{name}_by": actor.id if actor else None, f"{name}_team": actor.team if actor else None}


def _alarm(row: Row[Any]) -> Alarm:
    told = row._asdict()
    who = {name: (told.pop(f"{name}_by"), told.pop(f"{name}_team")) for name in ("taken", "acted")}
    told |= {name: Actor(by, team or "") if by is not None else None for name, (by, team) in who.items()}
    told |= {name: tuple(map(Member.parse, told[name])) for name in ("waiting", "helped")}
    return Alarm(**told | {"loans": tuple(told["loans"])})
