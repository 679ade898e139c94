"""Where a loan's messages stand in Slack, so that they are edited and answered in place."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, delete, select
from sqlmodel import col

from store.rows import columns_of, insert_into
from store.tables import PostRow as _Row


class PostKind(StrEnum):
    """Which of a loan's messages is remembered: those that are edited later."""

    CARD = "card"
    QUESTION = "question"
    """It asks approvers about a later deadline."""


_POSTING = "posting "
"""Before the kind of a message whose posting was begun."""


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

    def begin(self, loan_id: int, kind: PostKind, channel: str) -> None:
        """Note that such a message is about to be posted: from now on it may be out, whether or not we hear so."""
        self._put(Post(loan_id, kind, channel, ""), f"{_POSTING}{kind}")

    def may_be_out(self, loan_id: int, kind: PostKind) -> bool:
        """Return True while such a posting was begun, and nobody knows how it ended."""
        chosen = select(col(_Row.ts)).where(col(_Row.loan_id) == loan_id, col(_Row.kind) == f"{_POSTING}{kind}")
        return self._connection.execute(chosen).first() is not None

    def is_not_out(self, loan_id: int, kind: PostKind) -> None:
        """Note that what was begun did not come about: Slack said no."""
        begun = delete(_Row).where(col(_Row.loan_id) == loan_id, col(_Row.kind) == f"{_POSTING}{kind}")
        self._connection.execute(begun)

    def put(self, loan_id: int, kind: PostKind, channel: str, ts: str) -> Post:
        """Remember where a loan's message of this kind stands; the last word counts, and a begun posting has ended."""
        post = Post(loan_id, kind, channel, ts)
        self._put(post, kind)
        self.is_not_out(loan_id, kind)
        return post

    def get(self, loan_id: int, kind: PostKind) -> Post | None:
        """Return where it stands, or None when it was never posted."""
        chosen = select(col(_Row.channel), col(_Row.ts)).where(col(_Row.loan_id) == loan_id, col(_Row.kind) == kind)
        found = self._connection.execute(chosen).first()
        return None if found is None else Post(loan_id, kind, found.channel, found.ts)

    def _put(self, post: Post, kind: str) -> None:
        row = insert_into(self._connection, _Row).values({**columns_of(post), "kind": kind})
        place = {"channel": post.channel, "ts": post.ts}
        self._connection.execute(row.on_conflict_do_update(index_elements=["loan_id", "kind"], set_=place))
