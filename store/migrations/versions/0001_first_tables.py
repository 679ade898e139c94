"""Loans and their nodes, the journal, the outbox, the audit, and what Slack's events leave behind."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _int(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _word(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.String(16), nullable=False)


def _of_loan(table: str, *, nullable: bool = False) -> tuple[sa.Column[object], sa.ForeignKeyConstraint]:
    return (
        sa.Column("loan_id", sa.Integer(), nullable=nullable),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name=f"fk_{table}_loan_id"),
    )


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _partial(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def upgrade() -> None:
    """Create everything."""
    _loans()
    _node_loans()
    _takings()
    _journal()
    _outbox()
    _audit()
    _from_slack()
    _leases()


def _loans() -> None:
    op.create_table(
        "loans",
        _int("id"),
        _int("version"),
        _text("requester"),
        _text("node_class"),
        _int("count"),
        _at("until"),
        _at("asked_at"),
        _at("lapses_at"),
        _text("purpose"),
        _text("channel", nullable=True),
        _at("starts_at", nullable=True),
        _word("state"),
        _text("decided_by", nullable=True),
        _at("decided_at", nullable=True),
        sa.Column("decided_yes", sa.Boolean(), nullable=True),
        _text("decided_note", nullable=True),
        _at("extension_until", nullable=True),
        _text("extension_asked_by", nullable=True),
        _at("extension_asked_at", nullable=True),
        _at("extension_lapses_at", nullable=True),
        _at("started_at", nullable=True),
        _at("lent_at", nullable=True),
        _text("return_why"),
        _text("returned_by", nullable=True),
        _at("ended_at", nullable=True),
        _key("loans", "id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_loans_requester", "loans", ["requester"])
    op.create_index("ix_loans_state_until", "loans", ["state", "until"])
    op.create_index("ix_loans_state_lapses_at", "loans", ["state", "lapses_at"])


def _node_loans() -> None:
    op.create_table(
        "node_loans",
        *_of_loan("node_loans"),
        _text("node"),
        _int("version"),
        _int("wave"),
        _at("since"),
        _at("look_at"),
        _word("state"),
        _int("run"),
        _text("step"),
        _text("note"),
        sa.Column("blocked", sa.Boolean(), nullable=False),
        _at("ask_at", nullable=True),
        _text("forced_by", nullable=True),
        _text("begin_at_step"),
        _at("lent_at", nullable=True),
        _at("left_at", nullable=True),
        _key("node_loans", "loan_id", "node"),
    )
    op.create_index("ix_node_loans_state_look_at", "node_loans", ["state", "look_at"])
    _partial("uq_node_loans_open_node", "node_loans", ["node"], "state NOT IN ('home', 'unwound')", unique=True)


def _takings() -> None:
    op.create_table(
        "takings",
        *_of_loan("takings"),
        _int("wave"),
        _int("version"),
        _int("count"),
        _at("look_at"),
        sa.Column("nodes", sa.JSON(), nullable=False),
        _word("state"),
        _text("step"),
        _text("note"),
        _key("takings", "loan_id", "wave"),
    )
    op.create_index("ix_takings_state_look_at", "takings", ["state", "look_at"])


def _journal() -> None:
    op.create_table(
        "journal",
        _int("id"),
        *_of_loan("journal"),
        _text("subject"),
        _int("run"),
        _text("plan"),
        _text("step"),
        _word("kind"),
        _at("at"),
        _text("detail"),
        _key("journal", "id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_journal_loan_id_subject_run", "journal", ["loan_id", "subject", "run"])
    op.create_index("ix_journal_plan_kind_id", "journal", ["plan", "kind", "id"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        _int("id"),
        _text("kind"),
        *_of_loan("outbox", nullable=True),
        _text("to"),
        sa.Column("args", sa.JSON(), nullable=False),
        _at("made_at"),
        _text("state"),
        _int("wanted"),
        _int("tries"),
        _at("next_try_at"),
        _at("done_at", nullable=True),
        _text("why"),
        _key("outbox", "id"),
        sqlite_autoincrement=True,
    )
    _partial("uq_outbox_waiting_card", "outbox", ["loan_id"], "kind = 'card' AND state = 'waiting'", unique=True)
    _partial("ix_outbox_waiting", "outbox", ["next_try_at", "id"], "state = 'waiting'")


def _audit() -> None:
    op.create_table(
        "audit",
        _int("id"),
        _at("at"),
        _text("who"),
        _text("what"),
        *_of_loan("audit", nullable=True),
        _text("node", nullable=True),
        _text("detail"),
        _key("audit", "id"),
    )
    op.create_index("ix_audit_loan_id", "audit", ["loan_id"])
    op.create_index("ix_audit_node", "audit", ["node"])


def _from_slack() -> None:
    op.create_table("seen", _text("key"), _at("at"), _key("seen", "key"))
    op.create_index("ix_seen_at", "seen", ["at"])
    op.create_table(
        "posts",
        *_of_loan("posts"),
        _text("kind"),
        _text("channel"),
        _text("ts"),
        _key("posts", "loan_id", "kind"),
    )
    op.create_table(
        "drafts",
        _int("id"),
        _text("who"),
        sa.Column("what", sa.JSON(), nullable=False),
        _at("made_at"),
        _key("drafts", "id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_drafts_made_at", "drafts", ["made_at"])


def _leases() -> None:
    op.create_table("leases", _text("name"), _text("holder"), _at("until"), _key("leases", "name"))
