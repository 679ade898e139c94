"""Loans as JSON, for scripts. Names of keys stay; new ones may come. Instants are ISO 8601 with their offset."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from commands.replies import Loans, OneLoan, Reply
from loans.loan import Loan, NodeLoan


def as_json(answer: Reply) -> Any:
    """Return a list of loans, or one loan with its nodes. TypeError for what is none."""
    match answer:
        case Loans():
            return [_brief(loan, answer) for loan in answer.loans]
        case OneLoan(loan, _, parts):
            return _loan(loan) | {"at": [_node(part) for part in parts]}
        case other:
            raise TypeError(f"{type(other).__name__} has no JSON")


def _brief(loan: Loan, of: Loans) -> Mapping[str, Any]:
    counts: tuple[tuple[str, Mapping[int, int]], ...] = (
        ("lent", of.arrived), ("stuck", of.stuck), ("blocked", of.blocked),
    )  # fmt: skip
    return _loan(loan) | {f"nodes_{word}": counted.get(loan.id, 0) for word, counted in counts}


def _loan(loan: Loan) -> dict[str, Any]:
    return {
        "loan": loan.id,
        "state": loan.state,
        "class": loan.node_class,
        "nodes": loan.count,
        "requester": loan.requester,
        "purpose": loan.purpose,
        "starts_at": _iso(loan.starts_at),
        "until": _iso(loan.until),
        "awaits_decision": bool(loan.awaits),
        "ended_at": _iso(loan.ended_at),
    }


def _node(part: NodeLoan) -> Mapping[str, Any]:
    return {
        "node": part.node,
        "state": part.state,
        "step": part.step,
        "since": _iso(part.since),
        "blocked": part.blocked,
        "note": part.note,
    }


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at is not None else None
