"""A store has a name, a loan keeps what it was made with and what was signed; what is set in Slurm is remembered."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and tables. Loans that are open now have no store's name: their marks have none either."""
    op.add_column("loans", sa.Column("store", sa.String(), nullable=True))
    op.add_column("loans", sa.Column("made_with", sa.JSON(), nullable=True))
    op.add_column("drafts", sa.Column("word", sa.String(), nullable=True))
    op.create_table(
        "identity",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("compared_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_identity"),
    )
    op.create_table(
        "set_marks",
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("loan_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("slurm_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name="fk_set_marks_loan_id"),
        sa.PrimaryKeyConstraint("node", name="pk_set_marks"),
    )
