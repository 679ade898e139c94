"""Alarms: what people are asked for, who took it, and where its messages stand, so that they end with it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_KINDS = ("side", "stuck", "blocked", "breaker", "slack")
_OPEN = sa.text("solved_at IS NULL")
_TO_CALL = sa.text("call_at IS NOT NULL")
_WAITING = sa.text("kind = 'alarm' AND state = 'waiting'")


def upgrade() -> None:
    """Add the tables, and let a message in the outbox be an alarm's."""
    op.create_table(
        "alarms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("kind", sa.Enum(*_KINDS, native_enum=False, length=16), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("node_class", sa.String(), nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("fact", sa.Integer(), nullable=False),
        sa.Column("loans", sa.JSON(), nullable=False),
        sa.Column("waiting", sa.JSON(), nullable=False),
        sa.Column("helped", sa.JSON(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("called_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("call_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("taken_by", sa.String(), nullable=True),
        sa.Column("taken_team", sa.String(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acted_by", sa.String(), nullable=True),
        sa.Column("acted_team", sa.String(), nullable=True),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("solved_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_alarms"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alarms_open", "alarms", ["cause"], sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.create_index("ix_alarms_to_call", "alarms", ["call_at"], sqlite_where=_TO_CALL, postgresql_where=_TO_CALL)
    op.create_table(
        "alarm_posts",
        sa.Column("alarm_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("ts", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarms.id"], name="fk_alarm_posts_alarm_id"),
        sa.PrimaryKeyConstraint("alarm_id", "place", name="pk_alarm_posts"),
    )
    op.add_column("outbox", sa.Column("alarm_id", sa.Integer(), nullable=True))
    op.create_index(
        "uq_outbox_waiting_alarm",
        "outbox",
        ["alarm_id", "to"],
        unique=True,
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
