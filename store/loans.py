"""Loans, kept. A save is refused when somebody else saved since: two people press Approve, one wins."""

from collections.abc import Collection
from dataclasses import asdict, fields, replace
from typing import Any

from sqlalchemy import Connection, select
from sqlmodel import col

from loans.facts import WhyReturn
from loans.loan import Decision, Extension, Loan, State
from loans.made_with import MadeWith
from loans.nodes import Taint
from loans.promised import Term
from store.errors import NoSuchLoan, Stale
from store.identity import Identity
from store.rows import LARGEST, begin_above, columns_of, insert_numbered, read_all, read_one, save_versioned, table_of
from store.tables import LoanRow

_EVERY = select(table_of(LoanRow))


class Loans:
    """The loans, as one transaction sees them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, loan: Loan) -> Loan:
        """Keep a new loan; it comes back with its number, this store's name and version 1."""
        kept = replace(loan, store=Identity(self._connection).named(), version=1)
        return replace(kept, id=insert_numbered(self._connection, LoanRow, _columns(kept) | {"version": 1}))

    def begin_above(self, number: int) -> bool:
        """Give no new loan this number or a lower one; return False when none would have had it anyway."""
        highest = begin_above(self._connection, LoanRow, number)
        return highest < number

    def get(self, loan_id: int) -> Loan:
        """Return a loan, or raise NoSuchLoan."""
        known = 0 < loan_id <= LARGEST
        loan = read_one(self._connection, _EVERY.where(col(LoanRow.id) == loan_id), _loan) if known else None
        if loan is None:
            raise NoSuchLoan(loan_id)
        return loan

    def save(self, loan: Loan) -> Loan:
        """Write over a loan; it comes back with its version counted on. Raises Stale, or NoSuchLoan."""
        if not save_versioned(self._connection, LoanRow, {"id": loan.id}, loan.version, _columns(loan)):
            raise Stale(self.get(loan.id).id)
        return replace(loan, version=loan.version + 1)

    def in_states(self, states: Collection[State]) -> tuple[Loan, ...]:
        """Return the loans in any of these states, oldest first."""
        chosen = _EVERY.where(col(LoanRow.state).in_(states)).order_by(col(LoanRow.id))
        return read_all(self._connection, chosen, _loan)

    def terms(self, states: Collection[State]) -> tuple[Term, ...]:
        """Return what the book needs of the loans in any of these states, oldest first: a fifth of a whole row."""
        columns = [table_of(LoanRow).c[name.name] for name in fields(Term)]
        chosen = select(*columns).where(col(LoanRow.state).in_(states)).order_by(col(LoanRow.id))
        return tuple(Term(*row) for row in self._connection.execute(chosen))

    def undecided_of(self, requester: str, node_class: str) -> tuple[int, ...]:
        """Return the requests of one person for a class that await their decision, oldest first."""
        theirs = (col(LoanRow.requester) == requester, col(LoanRow.node_class) == node_class)
        chosen = select(col(LoanRow.id)).where(*theirs, col(LoanRow.state) == State.REQUESTED)
        return tuple(row.id for row in self._connection.execute(chosen.order_by(col(LoanRow.id))))

    def recent(self, limit: int, requester: str | None = None) -> tuple[Loan, ...]:
        """Return the newest loans, newest first; those of one requester when given."""
        chosen = _EVERY if requester is None else _EVERY.where(col(LoanRow.requester) == requester)
        return read_all(self._connection, chosen.order_by(col(LoanRow.id).desc()).limit(limit), _loan)


def _columns(loan: Loan) -> dict[str, Any]:
    decision, extension = loan.decision, loan.extension
    return columns_of(loan, without=("id", "version", "decision", "extension")) | {
        "return_why": loan.return_why or "",
        "store": loan.store or None,
        "made_with": loan.made_with and asdict(loan.made_with),
        "decided_by": decision and decision.by,
        "decided_at": decision and decision.at,
        "decided_yes": decision and decision.approved,
        "decided_note": decision and decision.note,
        "extension_until": extension and extension.until,
        "extension_asked_by": extension and extension.asked_by,
        "extension_asked_at": extension and extension.asked_at,
        "extension_lapses_at": extension and extension.lapses_at,
    }


def _loan(**row: Any) -> Loan:
    decided = {name: row.pop(f"decided_{name}") for name in ("by", "at", "yes", "note")}
    extended = {name: row.pop(f"extension_{name}") for name in ("until", "asked_by", "asked_at", "lapses_at")}
    why = row.pop("return_why")
    return Loan(
        return_why=WhyReturn(why) if why else None,
        **row | {"store": row["store"] or "", "made_with": row["made_with"] and _made_with(**row["made_with"])},
        decision=_decision(**decided) if decided["by"] is not None else None,
        extension=Extension(**extended) if extended["until"] is not None else None,
    )


def _decision(*, yes: bool, **rest: Any) -> Decision:
    return Decision(approved=yes, **rest)


def _made_with(**kept: Any) -> MadeWith:
    taints = tuple(Taint(**taint) for taint in kept["taints"])
    return MadeWith(**kept | {"taints": taints, "prepare": tuple(tuple(argv) for argv in kept["prepare"])})
