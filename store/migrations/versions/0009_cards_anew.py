"""The cards of open loans are drawn anew: their buttons say from now on whose loan they mean, and what they showed."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ENDED = ("declined", "withdrawn", "lapsed", "failed", "returned")


def upgrade() -> None:
    """Put a card into the outbox for each open loan that has one in Slack and none waiting."""
    loans = sa.table("loans", sa.column("id"), sa.column("state"))
    posts = sa.table("posts", sa.column("loan_id"), sa.column("kind"))
    outbox = sa.table("outbox", sa.column("loan_id"), sa.column("kind"), sa.column("state"))
    waiting = sa.select(outbox.c.loan_id).where(outbox.c.kind == "card", outbox.c.state == "waiting")
    now = datetime.now(UTC)
    if op.get_bind().dialect.name == "sqlite":
        now = now.replace(tzinfo=None)
    card = {
        "kind": sa.literal("card"),
        "loan_id": loans.c.id,
        "to": sa.literal(""),
        "state": sa.literal("waiting"),
        "wanted": sa.literal(1),
        "tries": sa.literal(0),
        "why": sa.literal(""),
        "made_at": sa.literal(now, sa.DateTime(timezone=True)),
        "next_try_at": sa.literal(now, sa.DateTime(timezone=True)),
    }
    open_cards = (
        sa.select(*card.values())
        .join_from(loans, posts, posts.c.loan_id == loans.c.id)
        .where(posts.c.kind == "card", loans.c.state.not_in(_ENDED), loans.c.id.not_in(waiting))
    )
    into = sa.table("outbox", *map(sa.column, card))
    op.execute(sa.insert(into).from_select(list(card), open_cards))
