"""The journal, kept: only ever added to. A restart resumes from it, and estimates are read from it."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, ScalarSelect, and_, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from loans.journal import Entry, EntryKind
from store.rows import columns_of, insert_row, read_all, select_as
from store.tables import JournalRow as _Row
from store.tables import LoanRow

_STEPS_A_RUN: Final = 16
"""More than any plan has: how far back to read so that the rarest step still finds its share."""


class Journal:
    """The journal, as one transaction sees it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def write(self, entry: Entry) -> None:
        """Add a line."""
        insert_row(self._connection, _Row, columns_of(entry))

    def of(self, loan_id: int, subject: str | None = None, run: int | None = None) -> tuple[Entry, ...]:
        """Return a loan's lines in the order in which they were written; of one subject, or one run of it."""
        chosen = select_as(_Row, Entry).where(col(_Row.loan_id) == loan_id)
        if subject is not None:
            chosen = chosen.where(col(_Row.subject) == subject)
        if run is not None:
            chosen = chosen.where(col(_Row.run) == run)
        return read_all(self._connection, chosen.order_by(col(_Row.id)), Entry)

    def spans(self, node_class: str, plan: str, limit: int) -> dict[str, tuple[timedelta, ...]]:
        """Return how long each step took in past runs of a plan, newest first, at most `limit` times a step.

        A span runs from the step's first STARTED to its FINISHED, so that retries count.
        """
        finished = (
            select(col(_Row.step), _began(), col(_Row.at))
            .join(LoanRow, col(LoanRow.id) == col(_Row.loan_id))
            .where(col(LoanRow.node_class) == node_class)
            .where(col(_Row.plan) == plan, col(_Row.kind) == EntryKind.FINISHED)
            .order_by(col(_Row.id).desc())
            .limit(limit * _STEPS_A_RUN)
        )
        spans: dict[str, list[timedelta]] = defaultdict(list)
        for step, start, end in self._connection.execute(finished):
            if start is not None and len(spans[step]) < limit:
                spans[step].append(end - start)
        return {step: tuple(lengths) for step, lengths in spans.items()}


def _began() -> ScalarSelect[datetime]:
    """Select, for a line of the journal, when its step was first started in the same run."""
    first = aliased(_Row)
    same_step = and_(
        col(first.loan_id) == col(_Row.loan_id),
        col(first.subject) == col(_Row.subject),
        col(first.run) == col(_Row.run),
        col(first.step) == col(_Row.step),
        col(first.kind) == EntryKind.STARTED,
    )
    return select(func.min(first.at)).where(same_step).scalar_subquery()
