"""What a Node and a Pod say, in words that nobody knows too."""

from typing import Any

import pytest

from adapters.kube.objects import held_node, pod_of
from conversion.ports import UnexpectedAnswer
from loans.nodes import KubeNode
from tests.adapters.kube_rig import raw_node


def node_saying(*conditions: dict[str, Any], **spec: Any) -> KubeNode:
    raw = raw_node(**spec)
    raw["status"] = {"conditions": list(conditions)}
    return held_node(raw).node


def ready(status: object) -> dict[str, Any]:
    return {"type": "Ready", "status": status}


@pytest.mark.parametrize(
    "conditions",
    [
        (ready("Unknown"),),
        (ready("False"),),
        (ready("true"),),
        (ready(True),),
        (ready("Mostly"),),
        (ready(None),),
        ({"type": "Ready"},),
        ({"type": "ready", "status": "True"},),
        ({"type": "AlmostReady", "status": "True"},),
        ({"status": "True"},),
        (),
    ],
)
def test_a_node_is_ready_when_kubernetes_says_so_and_in_no_other_words(conditions: tuple[dict[str, Any], ...]) -> None:
    """A workshop isn't told "lent" over a node whose kubelet has said something new."""
    node = node_saying(*conditions)
    assert not node.ready
    assert node.not_ready_why
    assert node_saying(ready("True")).ready


@pytest.mark.parametrize("said", [False, None, "true", "false", 1, "Later", {}])
def test_a_node_is_closed_to_pods_when_kubernetes_says_so_and_in_no_other_words(said: object) -> None:
    """A cordon that cannot be read is made once more, before a job starts beside pods."""
    assert node_saying(unschedulable=said).schedulable
    assert not node_saying(unschedulable=True).schedulable


@pytest.mark.parametrize("odd", [{"key": "site/x"}, {"effect": "NoSchedule"}, "site/x", None])
def test_a_taint_that_cannot_be_read_is_not_taken_for_none(odd: object) -> None:
    """It may be what keeps every pod away."""
    with pytest.raises(UnexpectedAnswer, match="its node"):
        node_saying(ready("True"), taints=[odd])


@pytest.mark.parametrize("phase", ["Unknown", "Pending", "Evaporated", "succeeded", "", None])
def test_a_pod_in_a_phase_that_nobody_knows_is_still_there(phase: str | None) -> None:
    """The power isn't cut over it."""
    meta = {"namespace": "jupyter", "name": "hub-0", "uid": "p1"}
    assert not pod_of({"metadata": meta, "status": {"phase": phase}}).is_finished
    assert pod_of({"metadata": meta, "status": {"phase": "Succeeded"}}).is_finished
