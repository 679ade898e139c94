"""How long does it usually take? Medians of a step over its latest runs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from statistics import median
from typing import Final

from loans.facts import StepFinished, Told
from loans.runbook import StepName

PAST_RUNS: Final = 40
"""How many past runs of a step count: about five loans of eight nodes, so that a new image shows within days."""


def usual(finished: Sequence[Told[StepFinished]]) -> Mapping[StepName, timedelta]:
    """Return the median length of each step, failed tries included. finished: of one class and plan, newest first."""
    took: dict[StepName, list[float]] = defaultdict(list)
    for told in finished:
        lengths = took[told.fact.step]
        if told.fact.took is not None and len(lengths) < PAST_RUNS:
            lengths.append(told.fact.took.total_seconds())
    return {step: timedelta(seconds=median(lengths)) for step, lengths in took.items() if lengths}
