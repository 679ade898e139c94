"""How a node leaves Kubernetes: what is waited for before its power goes, and what is named."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conversion.pace import Pace
from conversion.ports import FarSides
from conversion.returning import check_left
from conversion.steps import Done, NodeWork, NotYet, Seen
from conversion.volumes import check_detached, leave_attached
from loans.classes import NodeClass
from loans.loan import Loan, NodeLoan
from loans.nodes import KubeNode, NodeName, PowerState

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
GPU3 = NodeName("gpu003")


class Board:
    """A BMC with one answer."""

    def __init__(self, says: PowerState) -> None:
        self._says = says

    def state(self, node: NodeName) -> PowerState:
        del node
        return self._says


class Cluster:
    """A cluster with one node."""

    def __init__(self, node: KubeNode | None) -> None:
        self._node = node

    def node(self, name: str) -> KubeNode | None:
        del name
        return self._node

    node_itself = node


def work_in(node: KubeNode | None, power: PowerState = PowerState.ON) -> NodeWork:
    far: Any = FarSides(None, Cluster(node), None, {"bmc": Board(power)})  # type: ignore[arg-type]
    loan = Loan("U1", "gpu", 1, NOW + timedelta(hours=2), NOW, NOW, id=12)
    part, gpu = NodeLoan(12, GPU3, 1, NOW, NOW), NodeClass("gpu", "gpu", power="bmc")
    return NodeWork(loan, gpu, part, far, Pace(), (), NOW, timedelta(), note_boot=lambda _: None)


IN_KUBE = KubeNode(GPU3, "u1", ready=True, schedulable=False)
VOLUMES = replace(IN_KUBE, volumes=("csi^a", "csi^b", "csi^c", "csi^d"))


@pytest.mark.parametrize(
    ("work", "seen"),
    [
        pytest.param(work_in(None), Done(), id="not in Kubernetes"),
        pytest.param(work_in(IN_KUBE), Done(), id="no volume"),
        pytest.param(
            work_in(VOLUMES), NotYet("volumes `csi^a`, `csi^b`, `csi^c` and 1 more are still attached"), id="volumes"
        ),
        pytest.param(
            work_in(replace(VOLUMES, ready=False)),
            NotYet("volumes `csi^a`, `csi^b`, `csi^c` and 1 more are still attached"),
            id="silent, and its power is on",
        ),
        pytest.param(
            work_in(replace(VOLUMES, ready=False), PowerState.OFF),
            Done("its power is off: waiting frees no volume"),
            id="silent, and its power is off",
        ),
    ],
)
def test_volumes_are_waited_for_while_waiting_can_free_them(work: NodeWork, seen: Seen) -> None:
    """Cut off with its disk attached, a pod cannot start elsewhere for minutes."""
    assert check_detached(work) == seen


def test_volumes_that_stay_attached_do_not_keep_a_node_for_ever() -> None:
    """The wait is bounded, and the history says with which volume the power went."""
    one = replace(IN_KUBE, volumes=("csi^a",))
    assert leave_attached(work_in(one)) == Done("went on while volume `csi^a` is still attached")


def test_the_finalizers_that_keep_a_deleted_node_are_named() -> None:
    """People look at that controller's log, and at no other."""
    held = replace(IN_KUBE, finalizers=("site.example/inventory",))
    seen = check_left(work_in(held))
    assert seen == NotYet("Kubernetes still has the node: finalizer `site.example/inventory` holds it")
    assert check_left(work_in(IN_KUBE)) == NotYet("Kubernetes still has the node")
