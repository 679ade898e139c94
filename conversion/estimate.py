"""How long a conversion takes, from past runs of the same class. Silent until there are any."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median
from typing import Final

from store.db import Tx

PAST_RUNS: Final = 40
"""How many past runs of a step count: about five loans of eight nodes, so that a new image shows within days."""


@dataclass(frozen=True)
class Estimate:
    """Medians over past runs. lend, back: the sum over the steps of a plan; None when it has never run."""

    lend: timedelta | None = None
    back: timedelta | None = None
    steps: Mapping[str, timedelta] = field(default_factory=dict)


def estimate(tx: Tx, node_class: str) -> Estimate:
    """Return what the journal says about a class."""
    lend = _medians(tx, node_class, "lend")
    back = _medians(tx, node_class, "return")
    return Estimate(_total(lend), _total(back), {**lend, **back})


def _medians(tx: Tx, node_class: str, plan: str) -> Mapping[str, timedelta]:
    spans = tx.journal.spans(node_class, plan, PAST_RUNS)
    return {step: timedelta(seconds=median(s.total_seconds() for s in took)) for step, took in spans.items() if took}


def _total(steps: Mapping[str, timedelta]) -> timedelta | None:
    return sum(steps.values(), timedelta()) if steps else None
