"""Where a loan's messages stand in Slack, so that they are edited and answered in place."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, select
from sqlmodel import col

from store.rows import columns_of, insert_into
from store.tables import PostRow as _Row


class PostKind(StrEnum):
    """Which of a loan's messages is remembered: those that are edited later."""

    CARD = "card"
    QUESTION = "question"
    """It asks approvers about a later deadline."""


@dataclass(frozen=True)
class Post:
    """A message in Slack: its channel and its ts, which is its id there."""

    loan_id: int
    kind: PostKind
    channel: str
    ts: str


class Posts:
    """The posts, as one transaction sees them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, loan_id: int, kind: PostKind, channel: str, ts: str) -> Post:
        """Remember where a loan's message of this kind stands; the last word counts."""
        post = Post(loan_id, kind, channel, ts)
        row = insert_into(self._connection, _Row).values(columns_of(post))
        place = {"channel": channel, "ts": ts}
        self._connection.execute(row.on_conflict_do_update(index_elements=["loan_id", "kind"], set_=place))
        return post

    def get(self, loan_id: int, kind: PostKind) -> Post | None:
        """Return where it stands, or None when it was never posted."""
        chosen = select(col(_Row.channel), col(_Row.ts)).where(col(_Row.loan_id) == loan_id, col(_Row.kind) == kind)
        found = self._connection.execute(chosen).first()
        return None if found is None else Post(loan_id, kind, found.channel, found.ts)
