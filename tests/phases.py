"""A loan where its card has some of its buttons: all phases together have all. A test puts it there, not the engine."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from loans.loan import Decision, Extension, Loan, NodeLoan, NodeState, State
from loans.nodes import NodeName
from store.db import Tx

PHASES = ("requested", "approved", "lent", "asked", "stuck")
NODES = (NodeName("gpu001"), NodeName("gpu002"))
_HOUR = timedelta(hours=1)


def stand(tx: Tx, number: int, phase: str, now: datetime, *, signed_by: str, asked_by: str) -> Loan:
    """Put a loan into a phase, from whichever it is in.

    signed_by   whose yes it has had
    asked_by    who asks for a later deadline, in the phase "asked"
    """
    signed = {"decision": Decision(signed_by, now, approved=True)}
    began = signed | {"started_at": now}
    later = Extension(tx.loans.get(number).until + _HOUR, asked_by, now, now + _HOUR)
    stands: dict[str, dict[str, Any]] = {
        "requested": {"state": State.REQUESTED},
        "approved": signed | {"state": State.APPROVED},
        "lent": began | {"state": State.LENT, "lent_at": now},
        "asked": began | {"state": State.LENT, "lent_at": now, "extension": later},
        "stuck": began | {"state": State.STUCK},
    }
    plain = dict.fromkeys(("decision", "extension", "started_at", "lent_at", "returned_by", "return_why", "ended_at"))
    loan = tx.loans.save(replace(tx.loans.get(number), **plain | stands[phase]))
    _put_nodes(tx, number, phase, now)
    return loan


def _put_nodes(tx: Tx, number: int, phase: str, now: datetime) -> None:
    lent: tuple[dict[str, Any], ...] = ({"state": NodeState.LENT}, {"state": NodeState.LENT})
    stuck: tuple[dict[str, Any], ...] = ({"state": NodeState.STUCK}, {"state": NodeState.RETURNING, "blocked": True})
    changes = {"lent": lent, "asked": lent, "stuck": stuck}.get(phase, ())
    kept = {part.node: part for part in tx.nodes.of(number)}
    for name, change in zip(NODES, changes, strict=False):
        fresh = replace(NodeLoan(number, name, 1, now, now), **change)
        if known := kept.get(name):
            tx.nodes.save(replace(fresh, version=known.version))
        else:
            tx.nodes.add(fresh)
