"""Which try of its present step a node is at."""

from collections.abc import Mapping, Sequence

from loans.facts import Fact, StepFailed, Told
from loans.loan import NODE_MOVING, NodeLoan
from loans.nodes import NodeName


def tries(happened: Sequence[Told[Fact]], parts: Sequence[NodeLoan]) -> Mapping[NodeName, int]:
    """Return, for nodes on their way that are beyond the first try of their step, which one they are at.

    happened   of one loan, StepFailed among it
    """
    at = {(part.node, part.run, part.step): part.node for part in parts if part.state in NODE_MOVING and part.step}
    found: dict[NodeName, int] = {}
    for told in happened:
        if isinstance(told.fact, StepFailed) and told.node is not None:
            node = at.get((told.node, told.fact.run, told.fact.step))
            if node is not None:
                found[node] = found.get(node, 1) + 1
    return found
