"""When the fault is hardly the nodes': several of a class fail at one step for one reason. Pure.

Decides when that is so. What is done about it, and for how long, is conversion/breakers.py.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from loans.nodes import NodeName
from loans.runbook import StepName

_AT_LEAST: Final = 2
"""One node that fails is that node."""
_TRIES: Final = re.compile(r", after \d+ tries$")
_OF_ONE: Final = re.compile(r": | \((?!ssh\)|BMC\))")
"""Where a sentence turns to what is a node's own: its last line, its address, how long it was waited for."""


@dataclass(frozen=True)
class Rule:
    """nodes: how many failures within a time are no accident; of the first two that were tried, two are enough."""

    nodes: int = 3
    within: timedelta = timedelta(minutes=30)


@dataclass(frozen=True)
class Attempt:
    """How one node's way into Kubernetes ended. failed_at: None when it arrived; why: a sentence for people."""

    node: NodeName
    at: datetime
    failed_at: StepName | None = None
    why: str = ""


@dataclass(frozen=True)
class Trip:
    """Several nodes have failed alike. reason: what they have in common; tried: how many were, in that time."""

    step: StepName
    reason: str
    failed: tuple[NodeName, ...]
    tried: int


def tripped(attempts: Sequence[Attempt], rule: Rule, now: datetime) -> Trip | None:
    """Judge what has become of a class's nodes since one last arrived.

    attempts   in order, since somebody last said "go on"
    """
    recent = [attempt for attempt in attempts if now - attempt.at <= rule.within]
    since = _since_arrival(recent)
    if not since or since[-1].failed_at is None:
        return None
    last = since[-1]
    step = last.failed_at
    assert step is not None
    alike = [each for each in since if each.failed_at is step and reason(each) == reason(last)]
    nodes = tuple(dict.fromkeys(each.node for each in alike))
    are_all = len(nodes) >= _AT_LEAST and len(recent) == len(alike)
    if len(nodes) < rule.nodes and not are_all:
        return None
    return Trip(step, reason(last), nodes, len({each.node for each in recent}))


def reason(attempt: Attempt) -> str:
    """Return why a node failed, without what is only its own: its name, its last line, how long it was waited for.

    >>> reason(Attempt(NodeName("gpu1"), datetime.max, StepName.PUPPET, "Puppet failed with 6: on gpu1, after 2 tries"))
    'Puppet failed with 6'
    """
    why = _TRIES.sub("", attempt.why).replace(attempt.node, "the node")
    return _OF_ONE.split(why, maxsplit=1)[0].strip()


def _since_arrival(attempts: Sequence[Attempt]) -> Sequence[Attempt]:
    arrived = [index for index, attempt in enumerate(attempts) if attempt.failed_at is None]
    return attempts[arrived[-1] + 1 :] if arrived else attempts
