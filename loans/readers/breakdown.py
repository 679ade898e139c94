"""Why did it fail? Of a node, and of a loan: the one place that answers, for the card, the thread and the history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loans.facts import Fact, NodeBroke, NodeReplaced, Told, WaveFailed
from loans.nodes import NodeName
from loans.runbook import StepName


@dataclass(frozen=True)
class Breakdown:
    """Why something did not make it. step: at which it failed, None when it never got to one of ours."""

    step: StepName | None
    why: str


@dataclass(frozen=True)
class Failure:
    """Why not one node of a loan could be lent. nodes: those that failed in the same step as the last one, in order."""

    nodes: tuple[NodeName, ...]
    last: Breakdown


NO_NODE = Breakdown(None, "no node could be had")


def broke(facts: Sequence[Told[Fact]]) -> Mapping[NodeName, Breakdown]:
    """Return why each node of a loan that did not make it did not. facts: of one loan, oldest first."""
    return {
        told.node: Breakdown(told.fact.step, told.fact.why)
        for told in facts
        if isinstance(told.fact, NodeBroke) and told.node is not None
    }


def failure(facts: Sequence[Told[Fact]]) -> Failure:
    """Return why a loan failed: what broke its nodes, or else why it never got any.

    A wave that finds no other node comes after the fault and is not it.
    """
    nodes = broke(facts)
    if nodes:
        last = list(nodes.values())[-1]
        return Failure(tuple(node for node, each in nodes.items() if each.step == last.step), last)
    waves = [told.fact for told in facts if isinstance(told.fact, WaveFailed)]
    return Failure((), Breakdown(waves[-1].step, waves[-1].why) if waves else NO_NODE)


def no_more(facts: Sequence[Told[Fact]]) -> str:
    """Return why the last wave of a loan that came short found no other node; empty when none was looked for."""
    waves = [told.fact for told in facts if isinstance(told.fact, WaveFailed)]
    return waves[-1].why if waves else ""


def replaced(facts: Sequence[Told[Fact]]) -> Mapping[NodeName, NodeName]:
    """Return which node took the place of which."""
    return {told.node: told.fact.by for told in facts if isinstance(told.fact, NodeReplaced) and told.node is not None}


def without_replacement(facts: Sequence[Told[Fact]]) -> tuple[NodeName, ...]:
    """Return the nodes that broke and have nobody in their place yet, in the order in which they broke."""
    taken = replaced(facts)
    return tuple(node for node in broke(facts) if node not in taken)
