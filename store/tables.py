"""The tables. A column bears the name of the value's field wherever it can, so that a row becomes a value by name.

Rows are declared here and never handed out. A change here needs a migration beside it; a test compares the two.
"""

from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from sqlalchemy import JSON, Index, MetaData, text
from sqlmodel import Field, SQLModel

from loans.alarms import AlarmKind
from loans.loan import NODE_GONE, NodeState, State, TakingState
from loans.runbook import StepName
from store.columns import Instant, Key, Names, Span, Step, Words, choice

CARD: Final = "card"
ALARM: Final = "alarm"

_NEVER_AGAIN: Final = {"sqlite_autoincrement": True}
"""SQLite gives a deleted row's number away again unless told; what a button carries must not change hands."""

_GONE: Final = ", ".join(f"'{state}'" for state in sorted(NODE_GONE))


def _at(**options: Any) -> Any:
    return Field(sa_type=Instant, **options)


def _words(**options: Any) -> Any:
    return Field(sa_type=Words, **options)


def _waited() -> Any:
    return Field(sa_type=Span, sa_column_kwargs={"server_default": text("0")})


def _loan(**options: Any) -> Any:
    return Field(foreign_key="loans.id", **options)


def _only(columns: str, where: str, name: str, *, unique: bool = False) -> Index:
    """Build a partial index, alike on both databases."""
    condition = text(where)
    return Index(name, *columns.split(), unique=unique, sqlite_where=condition, postgresql_where=condition)


class Row(SQLModel):
    """What all tables share: a metadata of their own, with names that migrations can rely on."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        },
    )


class LoanRow(Row, table=True):
    """A loan. Its decision and its extension lie flat beside it, so that they can be asked for."""

    __tablename__ = "loans"
    __table_args__ = (Index(None, "state"), _NEVER_AGAIN)

    id: int | None = Field(default=None, primary_key=True)
    store: str | None
    version: int
    requester: str = Field(index=True)
    node_class: str
    count: int
    until: datetime = _at()
    asked_at: datetime = _at()
    lapses_at: datetime = _at()
    purpose: str = _words()
    channel: str | None
    starts_at: datetime | None = _at()
    state: State = Field(sa_type=choice(State))
    decided_by: str | None
    decided_at: datetime | None = _at()
    decided_yes: bool | None
    decided_note: str | None = _words()
    extension_until: datetime | None = _at()
    extension_asked_by: str | None
    extension_asked_at: datetime | None = _at()
    extension_lapses_at: datetime | None = _at()
    started_at: datetime | None = _at()
    lent_at: datetime | None = _at()
    return_why: str = _words()
    returned_by: str | None
    ended_at: datetime | None = _at()
    made_with: dict[str, Any] | None = Field(sa_type=JSON)


class NodeLoanRow(Row, table=True):
    """One node of a loan. The database itself holds that a node is in at most one open loan."""

    __tablename__ = "node_loans"
    __table_args__ = (
        _only("node", f"state NOT IN ({_GONE})", "uq_node_loans_open_node", unique=True),
        Index(None, "state", "look_at"),
    )

    loan_id: int = _loan(primary_key=True)
    node: str = Field(primary_key=True)
    version: int
    wave: int
    since: datetime = _at()
    look_at: datetime = _at()
    state: NodeState = Field(sa_type=choice(NodeState))
    run: int
    step: StepName | None = Field(sa_type=Step, nullable=False)
    note: str = _words()
    blocked: bool
    ask_at: datetime | None = _at()
    forced_by: str | None
    begin_at_step: StepName | None = Field(sa_type=Step, nullable=False)
    lent_at: datetime | None = _at()
    left_at: datetime | None = _at()
    waited: timedelta = _waited()
    boot_kernel: str = Field(sa_column_kwargs={"server_default": text("''")})
    boot_time: datetime | None = _at()
    boot_slurmd_start: datetime | None = _at()


class TakingRow(Row, table=True):
    """One wave of taking."""

    __tablename__ = "takings"
    __table_args__ = (Index(None, "state", "look_at"),)

    loan_id: int = _loan(primary_key=True)
    wave: int = Field(primary_key=True)
    version: int
    count: int
    look_at: datetime = _at()
    nodes: list[str] = Field(sa_type=Names)
    state: TakingState = Field(sa_type=choice(TakingState))
    step: StepName | None = Field(sa_type=Step, nullable=False)
    note: str = _words()
    waited: timedelta = _waited()


class FactRow(Row, table=True):
    """One fact; their order is their number, which the chain gives. What is searched for has a column."""

    __tablename__ = "facts"
    __table_args__ = (Index(None, "loan_id", "node"), Index(None, "node", "id"), Index(None, "plan", "kind", "id"))

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    kind: str
    version: int
    at: datetime = _at(index=True)
    who: str
    team: str
    loan_id: int | None = _loan(nullable=True)
    node: str | None
    plan: str | None
    step: str | None
    run: int | None
    wave: int | None
    body: str
    before: str
    hash: str


class ChainRow(Row, table=True):
    """The chain's head, in a row of its own: who deletes the last fact has to find this too."""

    __tablename__ = "fact_chain"

    only: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last: int
    hash: str


class OutboxRow(Row, table=True):
    """A message to send. Of a card, and of an alarm in one place, at most one waits; `wanted` counts its changes."""

    __tablename__ = "outbox"
    __table_args__ = (
        _only("loan_id", f"kind = '{CARD}' AND state = 'waiting'", "uq_outbox_waiting_card", unique=True),
        _only("alarm_id to", f"kind = '{ALARM}' AND state = 'waiting'", "uq_outbox_waiting_alarm", unique=True),
        _only("next_try_at id", "state = 'waiting'", "ix_outbox_waiting"),
        _NEVER_AGAIN,
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    loan_id: int | None = _loan(nullable=True)
    to: str
    fact_id: int | None
    made_at: datetime = _at()
    state: str
    wanted: int
    tries: int
    next_try_at: datetime = _at()
    done_at: datetime | None = _at()
    why: str = _words()
    alarm_id: int | None


class SeenRow(Row, table=True):
    """A key that has had its first time."""

    __tablename__ = "seen"

    key: str = Field(primary_key=True, sa_type=Key)
    at: datetime = _at(index=True)


class InboxRow(Row, table=True):
    """Something that a person said or pressed; of what is answered only its key is left."""

    __tablename__ = "inbox"
    __table_args__ = (Index(None, "done_at"),)

    key: str = Field(primary_key=True)
    kind: str
    person: str
    team: str
    channel: str | None
    what: dict[str, Any] = Field(sa_type=JSON)
    url: str
    received_at: datetime = _at()
    holder: str
    tries: int
    has_acted: bool
    done_at: datetime | None = _at()


class PostRow(Row, table=True):
    """Where a loan's card, or another message that is edited later, stands in Slack."""

    __tablename__ = "posts"

    loan_id: int = _loan(primary_key=True)
    kind: str = Field(primary_key=True)
    channel: str
    ts: str


class DraftRow(Row, table=True):
    """A wish that was understood and not yet confirmed."""

    __tablename__ = "drafts"
    __table_args__ = (_NEVER_AGAIN,)

    id: int | None = Field(default=None, primary_key=True)
    word: str | None
    who: str
    what: dict[str, Any] = Field(sa_type=JSON)
    made_at: datetime = _at(index=True)
    became: int | None


class LeaseRow(Row, table=True):
    """Who does a thing that only one may do, and until when. epoch: the how-manieth holder it is."""

    __tablename__ = "leases"

    name: str = Field(primary_key=True)
    holder: str
    until: datetime = _at()
    epoch: int


class IdentityRow(Row, table=True):
    """The store's own name; one row."""

    __tablename__ = "identity"

    name: str = Field(primary_key=True)
    compared_at: datetime | None = _at()


class SetMarkRow(Row, table=True):
    """What lendbot has set on a node in Slurm and not lifted since."""

    __tablename__ = "set_marks"

    node: str = Field(primary_key=True)
    loan_id: int = _loan()
    at: datetime = _at()
    slurm_at: datetime | None = _at()


class AwaySideRow(Row, table=True):
    """A far side that does not answer."""

    __tablename__ = "away_sides"

    side: str = Field(primary_key=True)
    since: datetime = _at()
    said: str = _words()
    is_told: bool


class BreakerRow(Row, table=True):
    """A class of which several nodes have failed alike. closed_at: None while no more are taken for them."""

    __tablename__ = "breakers"

    node_class: str = Field(primary_key=True)
    step: StepName | None = Field(sa_type=Step, nullable=False)
    reason: str = _words()
    failed: list[str] = Field(sa_type=Names)
    tried: int
    opened_at: datetime = _at()
    closed_at: datetime | None = _at()


class AlarmRow(Row, table=True):
    """An alarm. What it was raised for is a fact; who took and who solved it are facts as well."""

    __tablename__ = "alarms"
    __table_args__ = (
        _only("cause", "solved_at IS NULL", "ix_alarms_open"),
        _only("call_at", "call_at IS NOT NULL", "ix_alarms_to_call"),
        _NEVER_AGAIN,
    )

    id: int | None = Field(default=None, primary_key=True)
    cause: str = Field(sa_type=Key)
    kind: AlarmKind = Field(sa_type=choice(AlarmKind))
    about: str = _words()
    node_class: str
    said: str = _words()
    step: StepName | None = Field(sa_type=Step, nullable=False)
    fact: int
    loans: list[int] = Field(sa_type=JSON)
    waiting: list[str] = Field(sa_type=JSON)
    helped: list[str] = Field(sa_type=JSON)
    count: int
    raised_at: datetime = _at()
    joined_at: datetime = _at()
    called_from: datetime = _at()
    calls: int
    call_at: datetime | None = _at()
    called_at: datetime | None = _at()
    posts: int
    taken_by: str | None
    taken_team: str | None
    taken_at: datetime | None = _at()
    acted_by: str | None
    acted_team: str | None
    act: str
    solved_at: datetime | None = _at()


class AlarmPostRow(Row, table=True):
    """Where an alarm's message stands in Slack. ts: empty while its posting is begun and nobody knows how it ended."""

    __tablename__ = "alarm_posts"

    alarm_id: int = Field(foreign_key="alarms.id", primary_key=True)
    place: str = Field(primary_key=True)
    channel: str
    ts: str


class PoolRow(Row, table=True):
    """A class's nodes as Slurm last told of them: what is promised for a date is judged by them."""

    __tablename__ = "pools"

    node_class: str = Field(primary_key=True)
    nodes: list[str] = Field(sa_type=Names)
    kept: list[dict[str, Any]] = Field(sa_type=JSON)
    seen_at: datetime = _at()


class NameRow(Row, table=True):
    """How Slack calls a person, a group or a channel."""

    __tablename__ = "names"

    id: str = Field(primary_key=True)
    name: str = _words()
