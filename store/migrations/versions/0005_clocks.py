"""How long a step has been waited for, and which boot a node was on: neither is worked out across clocks any more."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. What is under way now has waited for nothing yet, and of its boot nothing is known."""
    op.add_column("node_loans", sa.Column("waited", sa.Float(), nullable=False, server_default=sa.text("0")))
    op.add_column("node_loans", sa.Column("boot_kernel", sa.String(), nullable=False, server_default=sa.text("''")))
    op.add_column("node_loans", sa.Column("boot_time", sa.DateTime(timezone=True), nullable=True))
    op.add_column("node_loans", sa.Column("boot_slurmd_start", sa.DateTime(timezone=True), nullable=True))
    op.add_column("takings", sa.Column("waited", sa.Float(), nullable=False, server_default=sa.text("0")))
