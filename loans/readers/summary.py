"""What does a loan add up to when it is over?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from loans.facts import Fact, Forced, NodeArrived, NodeHome, StepFact, StepFinished, StepStarted, Told
from loans.nodes import NodeName
from loans.runbook import PlanName, StepName


@dataclass(frozen=True)
class Summary:
    """How a loan went.

    home       nodes that were lent, or were on their way, and are back
    lent_for   from the first node that arrived to the last that came home; zero when none arrived
    slowest    (node, step, how long) of the step that took longest, waiting included
    forced     (node, by whom) for each node whose pods were removed against their budgets
    medians    per step, over the nodes, in the order in which the steps were first taken
    """

    home: int
    lent_for: timedelta
    slowest: tuple[NodeName, StepName, timedelta] | None = None
    forced: tuple[tuple[NodeName, str], ...] = ()
    medians: Mapping[StepName, timedelta] = field(default_factory=dict)


def summary(facts: Sequence[Told[Fact]]) -> Summary:
    """Add a loan up. facts: all of it, oldest first; what a wave does as one is no node's step."""
    spans = _spans(facts)
    arrived = {told.node: told.at for told in facts if isinstance(told.fact, NodeArrived)}
    home = {told.node: told.at for told in facts if told.fact == NodeHome(was_lent=True)}
    left = [at for node, at in home.items() if node in arrived]
    forced = {told.node: told.who.id for told in facts if isinstance(told.fact, Forced) and told.node is not None}
    return Summary(
        home=len(home),
        lent_for=max(left) - min(arrived.values()) if left else timedelta(),
        slowest=max(spans, key=lambda span: span[2], default=None),
        forced=tuple(sorted(forced.items())),
        medians=_medians(spans),
    )


def _spans(facts: Sequence[Told[Fact]]) -> list[tuple[NodeName, StepName, timedelta]]:
    """Return how long each finished step took, from the beginning of the try that succeeded."""
    began: dict[tuple[NodeName, int, PlanName, StepName], datetime] = {}
    spans = []
    for told in facts:
        if not isinstance(told.fact, StepFact) or told.node is None:
            continue
        key = (told.node, told.fact.run, told.fact.plan, told.fact.step)
        if isinstance(told.fact, StepStarted):
            began[key] = told.at
        elif isinstance(told.fact, StepFinished) and key in began:
            spans.append((told.node, told.fact.step, told.at - began.pop(key)))
    return spans


def _medians(spans: Sequence[tuple[NodeName, StepName, timedelta]]) -> Mapping[StepName, timedelta]:
    by_step: dict[StepName, list[float]] = {}
    for _, step, span in spans:
        by_step.setdefault(step, []).append(span.total_seconds())
    return {step: timedelta(seconds=median(all_of)) for step, all_of in by_step.items()}
