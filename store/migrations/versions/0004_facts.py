"""Facts instead of an audit and a journal: what both held is carried over, in the order in which it happened.

What is here of codec and chain is as it was at this version, on purpose: a migration does not change with the code.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

Row = Mapping[str, Any]
Found = tuple[str, dict[str, Any]]
"""(kind, fields)"""

_LIFTED: Final = ("plan", "step", "run", "wave")
_HASHED: Final = (
    "id",
    "kind",
    "version",
    "at",
    "who",
    "team",
    "loan_id",
    "node",
    "plan",
    "step",
    "run",
    "wave",
    "body",
)
_STEP_KIND: Final = {
    "started": "step_started",
    "did": "step_did",
    "finished": "step_finished",
    "failed": "step_failed",
}
_WHY_RETURN: Final = {
    "the deadline has come": "deadline",
    "asked for": "asked",
    "recalled": "recalled",
    "every node has been given back": "all given back",
    "try again": "again",
}
_STEPS: Final = frozenset({
    "reserve", "drain", "quiet", "unreserve", "down", "out of Slurm", "prepare", "role", "Puppet", "join", "label",
    "ready", "daemons", "cordon", "evict", "power off", "leave", "power on", "boot", "verify", "resume", "settle",
})  # fmt: skip
_SET_IN_SLURM: Final = {"drain": "drained", "down": "downed"}
_NEWS: Final = {
    "approved": ("decided",),
    "declined": ("decided",),
    "lapsed": ("lapsed",),
    "withdrawn": ("withdrawn",),
    "lent": ("arrived",),
    "short": ("arrived",),
    "failed": ("failed",),
    "node_unwinding": ("node_broke",),
    "node_home": ("node_home",),
    "reminder": ("reminded",),
    "returning": ("return_ordered",),
    "blocked": ("blocked",),
    "stuck": ("got_stuck",),
    "home": ("home",),
    "extension_asked": ("extension_asked",),
    "extension_decided": ("extension_decided", "extension_lapsed"),
    "mismatch": ("mismatch",),
    "orphan": ("mismatch",),
}
"""What a letter that still waits tells of, by the word that it was written with."""


def upgrade() -> None:
    """Make the tables, carry everything over, and drop what was carried."""
    _make_tables()
    bind = op.get_bind()
    loans = {row["id"]: row for row in _rows(bind, "loans", "id")}
    chain = _Chain(bind)
    for at, _, row, made in sorted(_carried(bind, loans), key=lambda each: each[:2]):
        for kind, fields in made:
            chain.add(kind, fields, at, row)
    _link_letters(bind, chain)
    chain.close()
    for old, new in _WHY_RETURN.items():
        bind.execute(sa.text("UPDATE loans SET return_why = :new WHERE return_why = :old"), {"new": new, "old": old})
    _carry_drafts(bind)
    op.drop_table("audit")
    op.drop_table("journal")
    _drop_args(bind)


def _make_tables() -> None:
    op.create_table(
        "facts",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        *(sa.Column(name, kind, nullable=False) for name, kind in (("kind", sa.String()), ("version", sa.Integer()))),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("who", "team")),
        sa.Column("loan_id", sa.Integer(), nullable=True),
        *(sa.Column(name, sa.String(), nullable=True) for name in ("node", "plan", "step")),
        *(sa.Column(name, sa.Integer(), nullable=True) for name in ("run", "wave")),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("body", "before", "hash")),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name="fk_facts_loan_id"),
        sa.PrimaryKeyConstraint("id", name="pk_facts"),
    )
    op.create_index("ix_facts_at", "facts", ["at"])
    op.create_index("ix_facts_loan_id_node", "facts", ["loan_id", "node"])
    op.create_index("ix_facts_node_id", "facts", ["node", "id"])
    op.create_index("ix_facts_plan_kind_id", "facts", ["plan", "kind", "id"])
    op.create_table(
        "fact_chain",
        sa.Column("only", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("only", name="pk_fact_chain"),
    )
    op.add_column("outbox", sa.Column("fact_id", sa.Integer(), nullable=True))
    op.add_column("drafts", sa.Column("became", sa.Integer(), nullable=True))


def _drop_args(bind: sa.Connection) -> None:
    """Drop a column: SQLite before 3.35 (RHEL 9 has 3.34) cannot, so its table is made anew, numbers and all."""
    if bind.dialect.name != "sqlite":
        op.drop_column("outbox", "args")
        return
    columns = 'id, kind, loan_id, "to", fact_id, made_at, state, wanted, tries, next_try_at, done_at, why'
    for index in ("uq_outbox_waiting_card", "ix_outbox_waiting"):
        op.drop_index(index, "outbox")
    op.rename_table("outbox", "outbox_with_args")
    _make_outbox()
    op.execute(f"INSERT INTO outbox ({columns}) SELECT {columns} FROM outbox_with_args")  # noqa: S608 - our own words
    op.execute(
        "UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'outbox_with_args') "
        "WHERE name = 'outbox'"
    )
    op.drop_table("outbox_with_args")
    waiting = sa.text("kind = 'card' AND state = 'waiting'")
    op.create_index("uq_outbox_waiting_card", "outbox", ["loan_id"], unique=True, sqlite_where=waiting)
    op.create_index("ix_outbox_waiting", "outbox", ["next_try_at", "id"], sqlite_where=sa.text("state = 'waiting'"))


def _make_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("loan_id", sa.Integer(), nullable=True),
        sa.Column("to", sa.String(), nullable=False),
        sa.Column("fact_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name="fk_outbox_loan_id"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sqlite_autoincrement=True,
    )


def _rows(bind: sa.Connection, table: str, order: str) -> list[Row]:
    found = sa.Table(table, sa.MetaData(), autoload_with=bind)
    return [dict(row._mapping) for row in bind.execute(sa.select(found).order_by(found.c[order]))]  # noqa: SLF001


class _Chain:
    """Writes facts, each with the hash of the one before."""

    def __init__(self, bind: sa.Connection) -> None:
        self._bind = bind
        self._table = sa.Table("facts", sa.MetaData(), autoload_with=bind)
        self._last, self._hash = 0, "0" * 64
        self.latest: dict[tuple[str, int | None, str | None], int] = {}

    def add(self, kind: str, fields: Mapping[str, Any], at: datetime, row: Row) -> int:
        """Write one. row: who, loan_id and node of it."""
        rest = dict(fields)
        lifted = {name: rest.pop(name, None) for name in _LIFTED}
        body = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        node = row.get("node")
        columns = {
            "id": self._last + 1, "kind": kind, "version": 1, "at": at, "who": row["who"], "team": "",
            "loan_id": row["loan_id"], "node": node, **lifted, "body": body,
        }  # fmt: skip
        said = [columns[name] for name in _HASHED]
        said[3] = at.astimezone(UTC).isoformat(timespec="microseconds")
        digest = hashlib.sha256(
            json.dumps([self._hash, *said], separators=(",", ":"), ensure_ascii=False).encode()
        ).hexdigest()
        stored = at.replace(tzinfo=None) if self._bind.dialect.name == "sqlite" else at
        self._bind.execute(self._table.insert(), {**columns, "at": stored, "before": self._hash, "hash": digest})
        self._last, self._hash = self._last + 1, digest
        self.latest[kind, row["loan_id"], node] = self._last
        return self._last

    def close(self) -> None:
        """Write the head down."""
        self._bind.execute(
            sa.text('INSERT INTO fact_chain ("only", "last", hash) VALUES (1, :last, :hash)'),
            {"last": self._last, "hash": self._hash},
        )


def _carried(bind: sa.Connection, loans: Mapping[int, Row]) -> Iterator[tuple[datetime, int, Row, list[Found]]]:
    """Yield (when, order among the same moment, whose, facts) of every row of both tables."""
    began: dict[tuple[Any, ...], datetime] = {}
    for row in _rows(bind, "journal", "id"):
        of: Row = {"who": "lendbot", "loan_id": row["loan_id"], "node": None if _wave(row) else row["subject"]}
        yield _aware(row["at"]), 0, of, [_step(row, began)]
    audit = _rows(bind, "audit", "id")
    asked = _deadlines(audit)
    for number, row in enumerate(audit, start=1):
        for whose, made in _of_audit(row, loans, asked):
            yield _aware(row["at"]), number, whose, [made]


def _wave(row: Row) -> int | None:
    subject = str(row["subject"])
    return int(subject.removeprefix("take.")) if subject.startswith("take.") else None


def _step(row: Row, began: dict[tuple[Any, ...], datetime]) -> Found:
    key = (row["loan_id"], row["subject"], row["run"], row["plan"], row["step"])
    at = _aware(row["at"])
    fields: dict[str, Any] = {
        "plan": row["plan"], "step": row["step"], "run": row["run"], "wave": _wave(row), "said": row["detail"],
    }  # fmt: skip
    if row["kind"] == "started":
        began.setdefault(key, at)
    if row["kind"] == "finished":
        fields["took"] = _iso(at - began[key]) if key in began else None
    return _STEP_KIND[row["kind"]], fields


def _deadlines(audit: list[Row]) -> Mapping[int, str]:
    """Return, per row of the audit that settles a later deadline, which deadline that was."""
    asked: dict[int, str] = {}
    found: dict[int, str] = {}
    for row in audit:
        if row["what"] == "askextension":
            asked[row["loan_id"]] = row["detail"].removeprefix("until ")
        elif row["what"] in ("approveextension", "dropextension") and row["loan_id"] in asked:
            found[row["id"]] = asked.pop(row["loan_id"])
    return found


def _of_audit(row: Row, loans: Mapping[int, Row], asked: Mapping[int, str]) -> Iterator[tuple[Row, Found]]:
    """Yield what a row of the audit is now. What the journal says as well (a step's change) is not said twice."""
    what, detail, loan = str(row["what"]), str(row["detail"]), loans.get(row["loan_id"])
    verb, _, names = what.partition(" ")
    if row["who"] == "lendbot" and (what in _STEPS or (row["node"] is None and verb in _STEPS)):
        if verb in _SET_IN_SLURM and row["node"] is None:
            for node in names.split(","):
                of = {"who": "lendbot", "loan_id": row["loan_id"], "node": node}
                mark = f"lendbot #{row['loan_id']}"
                yield of, ("set_in_slurm", {"change": _SET_IN_SLURM[verb], "mark": mark})
        return
    yield row, _of_word(row, what, detail, loan, asked) or ("noted", {"what": what, "said": detail})


def _of_word(row: Row, what: str, detail: str, loan: Row | None, asked: Mapping[int, str]) -> Found | None:
    """Return the fact that a word of the audit stands for, or None when it is no word of ours."""
    until = asked.get(row["id"])
    made: dict[str, Found | None] = {
        "request": ("requested", _terms(loan)) if loan else None,
        "approve": ("decided", {"approved": True, "note": detail, "on": ""}),
        "decline": ("decided", {"approved": False, "note": detail, "on": ""}),
        "withdraw": ("withdrawn", {}),
        "lapse": ("lapsed", {"why": "deadline passed" if detail else "nobody decided"}),
        "start": ("began", {}),
        "unwound": ("failed", {}),
        "return": ("return_ordered", {"why": _WHY_RETURN[detail]}) if detail in _WHY_RETURN else None,
        "home": ("home", {}),
        "jam": ("jammed", {}),
        "arrive": ("arrived", {"arrived": _arrived(loan), "asked": loan["count"]}) if loan else None,
        "askextension": ("extension_asked", {"until": detail.removeprefix("until "), "lapses_at": None}),
        "node is lent": ("node_arrived", {}),
        "node is unwinding": ("node_broke", _broke(detail)),
        "node is unwound": ("node_home", {"was_lent": False}),
        "node is home": ("node_home", {"was_lent": True}),
        "node is stuck": ("got_stuck", {"step": None, "why": detail}),
        "give up": ("node_broke", {"step": None, "why": detail}),
        "give back": ("node_sent_home", {"from_step": detail if detail in _STEPS else None}),
        "force eviction": ("forced", {"blocked": detail}),
        "mismatch": ("mismatch", {"about": "orphan" if row["loan_id"] is None else "unmarked", "what": detail}),
    }
    if until and what == "approveextension":
        return "extension_decided", {"until": until, "granted": True, "note": detail, "on": ""}
    if until and what == "dropextension":
        return _dropped(row["who"], until, detail)
    return made.get(what)


def _dropped(who: str, until: str, detail: str) -> Found:
    if who == "lendbot":
        early = "deadline passed" if detail.startswith("the present deadline") else "nobody decided"
        return "extension_lapsed", {"until": until, "why": early}
    return "extension_decided", {"until": until, "granted": False, "note": detail, "on": ""}


def _terms(loan: Row) -> dict[str, Any]:
    starts = loan["starts_at"]
    return {
        "node_class": loan["node_class"],
        "count": loan["count"],
        "until": _aware(loan["until"]).isoformat(),
        "starts_at": _aware(starts).isoformat() if starts else None,
        "purpose": loan["purpose"],
    }


def _arrived(loan: Row) -> int:
    arrived = sa.text("SELECT count(*) FROM node_loans WHERE loan_id = :loan AND lent_at IS NOT NULL")
    return int(op.get_bind().execute(arrived, {"loan": loan["id"]}).scalar_one())


def _broke(detail: str) -> dict[str, Any]:
    step, separator, why = detail.partition(": ")
    return {"step": step, "why": why} if separator and step in _STEPS else {"step": None, "why": detail}


def _link_letters(bind: sa.Connection, chain: _Chain) -> None:
    """Give every letter that waits the fact that it tells of; what has none is dropped with its reason."""
    for row in _rows(bind, "outbox", "id"):
        if row["kind"] == "card" or row["state"] != "waiting":
            continue
        args = row["args"]
        node = args.get("node")
        found = [chain.latest.get((kind, row["loan_id"], node)) for kind in _NEWS.get(args["news"], ())]
        fact = next((each for each in found if each), None) or _made(chain, row, args)
        update = sa.text("UPDATE outbox SET fact_id = :fact WHERE id = :id")
        bind.execute(update, {"fact": fact, "id": row["id"]})


def _made(chain: _Chain, row: Row, args: Mapping[str, Any]) -> int:
    """Make the fact of a letter of which neither table had a row: reminders, and questions about blocked nodes."""
    of = {"who": "lendbot", "loan_id": row["loan_id"], "node": args.get("node")}
    at = _aware(row["made_at"])
    match args["news"]:
        case "reminder":
            return chain.add("reminded", {"until": at.isoformat()}, at, of)
        case "blocked" if args.get("step") in _STEPS:
            blocked = {"step": args["step"], "why": str(args.get("why", "")), "by_others": True}
            return chain.add("blocked", blocked, at, of)
        case news:
            said = str(args.get("why") or args.get("what") or "")
            return chain.add("noted", {"what": str(news), "said": said}, at, of)


def _carry_drafts(bind: sa.Connection) -> None:
    """Move the loan that a wish became into its column: "loan" also meant the loan that is to be extended."""
    for row in _rows(bind, "drafts", "id"):
        what = dict(row["what"])
        if what.get("verb") == "lend" and "loan" in what:
            loan = what.pop("loan")
            update = sa.text("UPDATE drafts SET what = :what, became = :loan WHERE id = :id")
            bind.execute(update, {"what": json.dumps(what), "loan": loan, "id": row["id"]})


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _iso(span: timedelta) -> str:
    return f"P0DT{span.total_seconds():.6f}S"
