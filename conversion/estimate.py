"""How long a conversion takes, from past runs of the same class. Silent until there are any."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median
from typing import Final

from conversion.plans import LEND, RETURN
from conversion.steps import NodeWork, Plan
from store.db import Tx

PAST_RUNS: Final = 40
"""How many past runs of a step count: about five loans of eight nodes, so that a new image shows within days."""


@dataclass(frozen=True)
class Estimate:
    """Medians over past runs. lend, back: the sum over the steps of a plan; None when none has run to its end."""

    lend: timedelta | None = None
    back: timedelta | None = None
    steps: Mapping[str, timedelta] = field(default_factory=dict)


def estimate(tx: Tx, node_class: str) -> Estimate:
    """Return what the journal says about a class."""
    lend = _medians(tx, node_class, "lend")
    back = _medians(tx, node_class, "return")
    return Estimate(_total(lend, LEND), _total(back, RETURN), {**lend, **back})


def _medians(tx: Tx, node_class: str, plan: str) -> Mapping[str, timedelta]:
    spans = tx.journal.spans(node_class, plan, PAST_RUNS)
    return {step: timedelta(seconds=median(s.total_seconds() for s in took)) for step, took in spans.items() if took}


def _total(steps: Mapping[str, timedelta], plan: Plan[NodeWork]) -> timedelta | None:
    """Add up a plan; half of one would promise nodes that are there in a minute while Puppet has only begun."""
    return sum(steps.values(), timedelta()) if plan[-1].name in steps else None
