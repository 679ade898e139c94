"""When several nodes that fail are hardly the nodes' fault."""

from datetime import timedelta

import pytest

from loans.breaker import Attempt, Rule, Trip, reason, tripped
from loans.nodes import NodeName
from loans.runbook import StepName
from tests.store.values import MINUTE, NOW

PUPPET = "Puppet failed with 6: Error: /Package[containerd] on {node}, after 2 tries"
RULE = Rule()


def failed(number: int, why: str = PUPPET, step: StepName = StepName.PUPPET, ago: timedelta = MINUTE) -> Attempt:
    name = NodeName(f"gpu{number:03}")
    return Attempt(name, NOW - ago, step, why.format(node=name))


def arrived(number: int) -> Attempt:
    return Attempt(NodeName(f"gpu{number:03}"), NOW - MINUTE)


def test_three_that_fail_alike_are_no_accident() -> None:
    """A broken package repository costs three nodes a reboot, and not thirty."""
    many = [arrived(9), failed(1), failed(2), failed(3)]
    assert tripped(many[:3], RULE, NOW) is None
    nodes = tuple(attempt.node for attempt in many[1:])
    assert tripped(many, RULE, NOW) == Trip(StepName.PUPPET, "Puppet failed with 6", nodes, 4)


def test_the_first_two_of_two_are_enough() -> None:
    """Nobody has seen a node of this class arrive today: a third would not either."""
    trip = tripped([failed(1), failed(2)], RULE, NOW)
    assert trip is not None
    assert (len(trip.failed), trip.tried) == (2, 2)


@pytest.mark.parametrize(
    "attempts",
    [
        [],
        [failed(1)],
        [failed(1), failed(1)],
        [failed(1), failed(2, "Puppet failed with 1: syntax error")],
        [failed(1), failed(2, step=StepName.PREPARE)],
        [failed(1), failed(2), arrived(3)],
        [failed(1), failed(2), arrived(3), failed(4)],
        [failed(1, ago=40 * MINUTE), failed(2, ago=35 * MINUTE), failed(3)],
    ],
    ids=["none", "one", "one twice", "other reasons", "other steps", "one arrived", "one since", "long ago"],
)
def test_what_may_be_the_nodes_own_fault_stops_nobody(attempts: list[Attempt]) -> None:
    """A workshop gets its nodes although two old ones are broken."""
    assert tripped(attempts, RULE, NOW) is None


@pytest.mark.parametrize(
    ("said", "common"),
    [
        (PUPPET, "Puppet failed with 6"),
        ("Kubernetes has not seen the node register (for 15 min)", "Kubernetes has not seen the node register"),
        ("waiting to be Ready: container runtime is down (for 15 min)", "waiting to be Ready"),
        ("{node} (ssh) does not answer (timed out) (for 10 min)", "the node (ssh) does not answer"),
        ("{node} (BMC) does not answer (no route to 10.1.2.3: down)", "the node (BMC) does not answer"),
        ("`nvidia-smi -pm 1` failed with 9: no devices, after 2 tries", "`nvidia-smi -pm 1` failed with 9"),
    ],
)
def test_a_reason_is_what_the_nodes_have_in_common(said: str, common: str) -> None:
    """Two nodes that print their own names fail for one reason all the same."""
    assert reason(failed(1, said)) == common
    assert reason(failed(2, said)) == common


def test_the_rule_is_the_sites() -> None:
    """A site of five hundred nodes waits for more of them to fail."""
    many = [arrived(9), *(failed(number) for number in range(1, 5))]
    assert tripped(many, Rule(nodes=5), NOW) is None
    assert tripped([*many, failed(5)], Rule(nodes=5), NOW) is not None
