"""How Slack calls people, groups and channels; and one index for the state of loans instead of two.

Every query that looks for loans by state takes the state alone (EXPLAIN QUERY PLAN): no query used the second column.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, and make the index."""
    op.create_table(
        "names",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_names"),
    )
    op.drop_index("ix_loans_state_until", table_name="loans")
    op.drop_index("ix_loans_state_lapses_at", table_name="loans")
    op.create_index("ix_loans_state", "loans", ["state"])
