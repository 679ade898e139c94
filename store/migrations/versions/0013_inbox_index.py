"""Without the inbox's index of what waits: every query takes the index by done_at (EXPLAIN QUERY PLAN)."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop it."""
    op.drop_index("ix_inbox_waiting", table_name="inbox")
