"""The facts, kept: only ever added to, each with the hash of the one before, so that a change made later shows.

A fact's number comes from the chain's head and never repeats. What is told in a transaction is written at its end, or
before the next read in it, many rows at once: a wave of 500 nodes is one statement.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar, cast

from sqlalchemy import Connection, Select, func, insert, select
from sqlmodel import col

from loans.facts import Actor, Fact, StepDid, StepFact, StepFailed, StepFinished, StepStarted, Told
from loans.nodes import NodeName
from loans.runbook import PlanName
from store.chain import GENESIS, Break, Line, breaks, link
from store.fact_codec import LIFTED, kind_of, read_fact, written
from store.rows import insert_into, table_of
from store.tables import ChainRow, LoanRow
from store.tables import FactRow as _Row

F = TypeVar("F", bound=Fact)

_STEPS: Final = (StepStarted, StepDid, StepFinished, StepFailed)
_STEP_KINDS: Final = tuple(kind_of(step) for step in _STEPS)
_TABLE: Final = table_of(_Row)
_PAGE: Final = 1000
_ONLY: Final = 1


class Facts:
    """The facts, as one transaction sees them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._head: tuple[int, str] | None = None
        self._pending: list[Line] = []

    @property
    def last(self) -> int:
        """Return the number of the last fact, 0 when there is none."""
        return (self._head or self._read_head())[0]

    def tell(self, told: Told[F]) -> Told[F]:
        """Add a fact; it comes back with its number."""
        last, before = self._head or self._read_head()
        line = link(_columns(told, last + 1), before)
        self._pending.append(line)
        self._head = (last + 1, line["hash"])
        return replace(told, id=last + 1)

    def flush(self) -> None:
        """Write what was told since; the store does so before it commits."""
        if self._pending:
            self._connection.execute(insert(_TABLE), cast("list[dict[str, Any]]", self._pending))
            last, digest = self._head or (0, GENESIS)
            head = insert_into(self._connection, ChainRow).values(only=_ONLY, last=last, hash=digest)
            self._connection.execute(
                head.on_conflict_do_update(index_elements=["only"], set_={"last": last, "hash": digest})
            )
            self._pending = []

    def get(self, fact_id: int) -> Told[Fact] | None:
        """Return a fact by its number, or None when there is none."""
        return next(iter(self._read(_every().where(col(_Row.id) == fact_id))), None)

    def of(self, loan_id: int, *kinds: type[Fact]) -> tuple[Told[Fact], ...]:
        """Return what happened to a loan and its nodes, in order; of these kinds only when any are named."""
        return self._read(_of_kinds(_every().where(col(_Row.loan_id) == loan_id), kinds).order_by(col(_Row.id)))

    def of_node(self, node: NodeName, *kinds: type[Fact], limit: int = 1000) -> tuple[Told[Fact], ...]:
        """Return the latest that happened to a node in whatever loan, oldest first."""
        chosen = _of_kinds(_every().where(col(_Row.node) == node), kinds)
        return self._read(chosen.order_by(col(_Row.id).desc()).limit(limit))[::-1]

    def recent(self, limit: int, *kinds: type[Fact]) -> tuple[Told[Fact], ...]:
        """Return the latest of all, oldest first."""
        return self._read(_of_kinds(_every(), kinds).order_by(col(_Row.id).desc()).limit(limit))[::-1]

    def but(self, kinds: Sequence[type[Fact]], limit: int, skip: int = 0) -> tuple[Told[Fact], ...]:
        """Return the latest of all but these kinds, oldest first. skip: how many newer ones to leave out."""
        chosen = _every().where(col(_Row.kind).not_in([kind_of(kind) for kind in kinds]))
        return self._read(chosen.order_by(col(_Row.id).desc()).offset(skip).limit(limit))[::-1]

    def of_loans_as_such(self, loans: Sequence[int]) -> tuple[Told[Fact], ...]:
        """Return what happened to these loans, but to none of their nodes, in order; without the engine's journal."""
        chosen = _every().where(col(_Row.loan_id).in_(loans), col(_Row.node).is_(None))
        return _in_order(self._read(chosen.where(col(_Row.kind).not_in(_STEP_KINDS))))

    def of_no_loan(self, *kinds: type[Fact]) -> tuple[Told[Fact], ...]:
        """Return what happened to no single loan and no single node, in order, of these kinds."""
        chosen = _of_kinds(_every().where(col(_Row.loan_id).is_(None), col(_Row.node).is_(None)), kinds)
        return self._read(chosen.order_by(col(_Row.id)))

    def journal(
        self, loan_id: int, node: NodeName | None = None, wave: int | None = None
    ) -> tuple[Told[StepFact], ...]:
        """Return what the engine did for a loan, in order; for one node of it, or one wave, when named."""
        chosen = _every().where(col(_Row.loan_id) == loan_id, col(_Row.kind).in_(_STEP_KINDS))
        if node is not None:
            chosen = chosen.where(col(_Row.node) == node)
        if wave is not None:
            chosen = chosen.where(col(_Row.wave) == wave)
        return cast("tuple[Told[StepFact], ...]", self._read(chosen.order_by(col(_Row.id))))

    def finished(self, node_class: str, plan: PlanName, limit: int) -> tuple[Told[StepFinished], ...]:
        """Return the latest steps of a plan that ended well in loans of a class, newest first."""
        ended_well = _every().where(col(_Row.kind) == kind_of(StepFinished), col(_Row.plan) == plan)
        of_class = ended_well.join(LoanRow, col(LoanRow.id) == col(_Row.loan_id)).where(
            col(LoanRow.node_class) == node_class
        )
        return cast("tuple[Told[StepFinished], ...]", self._read(of_class.order_by(col(_Row.id).desc()).limit(limit)))

    def of_class(self, node_class: str, since: datetime, *kinds: type[Fact]) -> tuple[Told[Fact], ...]:
        """Return what happened in loans of a class since then, in order."""
        chosen = _of_kinds(_every().where(col(_Row.at) >= since), kinds)
        of_class = chosen.join(LoanRow, col(LoanRow.id) == col(_Row.loan_id)).where(
            col(LoanRow.node_class) == node_class
        )
        return _in_order(self._read(of_class))

    def lasted(self, begun: type[Fact], over: type[Fact], node_class: str, limit: int) -> tuple[timedelta, ...]:
        """Return how long it took loans of a class from one kind of fact, told first, to another; the latest first."""
        self.flush()
        of_class = select(col(_Row.loan_id), col(_Row.at)).join(LoanRow, col(LoanRow.id) == col(_Row.loan_id))
        chosen = of_class.where(col(_Row.plan).is_(None), col(_Row.kind) == kind_of(over))
        chosen = chosen.where(col(LoanRow.node_class) == node_class).order_by(col(_Row.id).desc()).limit(limit)
        ended = {row.loan_id: row.at for row in self._connection.execute(chosen)}
        first = select(col(_Row.loan_id), func.min(col(_Row.at)).label("at")).where(
            col(_Row.loan_id).in_(ended), col(_Row.kind) == kind_of(begun)
        )
        began = {row.loan_id: row.at for row in self._connection.execute(first.group_by(col(_Row.loan_id)))}
        return tuple(at - began[loan_id] for loan_id, at in ended.items() if loan_id in began)

    def head(self) -> tuple[int, str]:
        """Return the number and the hash of the last fact."""
        self.flush()
        return self._read_head()

    def breaks(self) -> Iterator[Break]:
        """Yield each place where the chain does not hold; nothing when it does."""
        last, digest = self.head()
        return breaks(self.lines(), last, digest)

    def hash_of(self, fact_id: int) -> str | None:
        """Return the hash of a fact, or None when there is no such fact."""
        return self._connection.execute(select(col(_Row.hash)).where(col(_Row.id) == fact_id)).scalar()

    def lines(self, since: datetime | None = None) -> Iterator[Line]:
        """Yield everything as it lies in the table, oldest first, however much it is."""
        chosen = _every() if since is None else _every().where(col(_Row.at) >= since)
        last = 0
        while page := self._connection.execute(
            chosen.where(col(_Row.id) > last).order_by(col(_Row.id)).limit(_PAGE)
        ).all():
            yield from (cast("Line", dict(row._mapping)) for row in page)  # noqa: SLF001 - SQLAlchemy's public name
            last = page[-1].id

    def _read(self, query: Select[Any]) -> tuple[Told[Fact], ...]:
        self.flush()
        return tuple(_told(dict(row._mapping)) for row in self._connection.execute(query))  # noqa: SLF001 - as above

    def _read_head(self) -> tuple[int, str]:
        row = self._connection.execute(select(table_of(ChainRow))).first()
        return (0, GENESIS) if row is None else (row.last, row.hash)


def _in_order(told: Sequence[Told[Fact]]) -> tuple[Told[Fact], ...]:
    """Sort here: SQLite, told to sort by id, reads the whole table in that order instead of a few rows by an index."""
    return tuple(sorted(told, key=lambda each: each.id))


def _every() -> Select[Any]:
    return select(_TABLE)


def _of_kinds(query: Select[Any], kinds: Sequence[type[Fact]]) -> Select[Any]:
    return query.where(col(_Row.kind).in_([kind_of(kind) for kind in kinds])) if kinds else query


def _columns(told: Told[Any], number: int) -> dict[str, Any]:
    return {
        "id": number,
        "at": told.at,
        "who": told.who.id,
        "team": told.who.team,
        "loan_id": told.loan_id,
        "node": told.node,
        **written(told.fact),
    }


def _told(row: Mapping[str, Any]) -> Told[Fact]:
    fact = read_fact(row["kind"], row["version"], row["body"], {name: row[name] for name in LIFTED})
    node = NodeName(row["node"]) if row["node"] is not None else None
    return Told(fact, row["at"], Actor(row["who"], row["team"]), row["loan_id"], node, row["id"])
