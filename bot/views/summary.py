"""What a loan's journal adds up to when it is over. Pure: entries and parts in, a value out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from loans.journal import Entry, EntryKind
from loans.loan import NodeLoan, NodeState
from loans.nodes import NodeName


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
    slowest: tuple[NodeName, str, timedelta] | None = None
    forced: tuple[tuple[NodeName, str], ...] = ()
    medians: Mapping[str, timedelta] = field(default_factory=dict)


def summary(entries: Sequence[Entry], parts: Sequence[NodeLoan]) -> Summary:
    """Add a loan up. entries: its whole journal, oldest first; waves of taking are not a node's steps."""
    names = {part.node for part in parts}
    spans = _spans([entry for entry in entries if entry.subject in names])
    slowest = max(spans, key=lambda span: span[2], default=None)
    arrived = [part.lent_at for part in parts if part.lent_at is not None]
    left = [part.left_at for part in parts if part.lent_at is not None and part.left_at is not None]
    return Summary(
        home=sum(part.state is NodeState.HOME for part in parts),
        lent_for=max(left) - min(arrived) if left else timedelta(),
        slowest=slowest,
        forced=tuple((part.node, part.forced_by) for part in parts if part.forced_by is not None),
        medians=_medians(spans),
    )


def _spans(entries: Sequence[Entry]) -> list[tuple[NodeName, str, timedelta]]:
    """Return how long each finished step took, from the beginning of the try that succeeded."""
    began: dict[tuple[str, int, str, str], datetime] = {}
    spans = []
    for entry in entries:
        key = (entry.subject, entry.run, entry.plan, entry.step)
        if entry.kind is EntryKind.STARTED:
            began[key] = entry.at
        elif entry.kind is EntryKind.FINISHED and key in began:
            spans.append((NodeName(entry.subject), entry.step, entry.at - began.pop(key)))
    return spans


def _medians(spans: Sequence[tuple[NodeName, str, timedelta]]) -> Mapping[str, timedelta]:
    by_step: dict[str, list[float]] = {}
    for _, step, span in spans:
        by_step.setdefault(step, []).append(span.total_seconds())
    return {step: timedelta(seconds=median(all_of)) for step, all_of in by_step.items()}
