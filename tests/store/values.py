"""Loans, nodes and takings to keep, and a moment to keep them at."""

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

from loans.loan import Loan, NodeLoan, Taking
from loans.nodes import NodeName
from tests.moment import MOMENT

NOW = MOMENT.astimezone(UTC).replace(microsecond=123456)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def a_loan(**changes: Any) -> Loan:
    plain = Loan(
        requester="U0REQUESTER",
        node_class="gpu",
        count=2,
        until=NOW + 72 * HOUR,
        asked_at=NOW,
        lapses_at=NOW + 8 * HOUR,
    )
    return replace(plain, **changes)


def a_node(loan_id: int, name: str = "gpu001", **changes: Any) -> NodeLoan:
    plain = NodeLoan(loan_id=loan_id, node=NodeName(name), wave=1, since=NOW, look_at=NOW)
    return replace(plain, **changes)


def a_taking(loan_id: int, wave: int = 1, **changes: Any) -> Taking:
    return replace(Taking(loan_id=loan_id, wave=wave, count=2, look_at=NOW), **changes)
