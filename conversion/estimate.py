"""How long a conversion takes, from past runs of the same class. Silent until there are any."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from conversion.plans import LEND, RETURN
from conversion.steps import NodeWork, Plan
from loans.readers.usual import PAST_RUNS, usual
from loans.runbook import PlanName, StepName
from store.db import Tx

_STEPS_A_RUN: Final = 16
"""More than any plan has: how far back to read so that the rarest step still finds its share."""


@dataclass(frozen=True)
class Estimate:
    """Medians over past runs. lend, back: the sum over the steps of a plan; None when none has run to its end."""

    lend: timedelta | None = None
    back: timedelta | None = None
    steps: Mapping[StepName, timedelta] = field(default_factory=dict)


def estimate(tx: Tx, node_class: str) -> Estimate:
    """Return what past loans say about a class."""
    lend = usual(tx.facts.finished(node_class, PlanName.LEND, PAST_RUNS * _STEPS_A_RUN))
    back = usual(tx.facts.finished(node_class, PlanName.RETURN, PAST_RUNS * _STEPS_A_RUN))
    return Estimate(_total(lend, LEND), _total(back, RETURN), {**lend, **back})


def _total(steps: Mapping[StepName, timedelta], plan: Plan[NodeWork]) -> timedelta | None:
    """Add up a plan; half of one would promise nodes that are there in a minute while Puppet has only begun."""
    return sum(steps.values(), timedelta()) if plan[-1].name in steps else None
