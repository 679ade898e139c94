"""Which DaemonSets belong on a node, held against where the cluster's own controller puts their pods."""

import pytest

from adapters.kube.cluster import KubeCluster
from conversion.ports import DaemonPods
from tests.contract.kube.conftest import NODE
from tests.contract.kube.far_side import FarSide
from tests.contract.kube.world import Obj, World, eventually


@pytest.mark.usefixtures("node")
def test_we_expect_exactly_what_the_controller_makes(cluster: KubeCluster, world: World) -> None:
    """`lent` means that network and GPU plugin are there, and waits for no pod that never comes."""
    for name, spec in {
        "everywhere": {},
        "on-gpus": {"nodeSelector": {"gpu": "true"}},
        "in-zone-b": {"nodeSelector": {"zone": "b"}},
        "not-in-b": _affinity({"key": "zone", "operator": "NotIn", "values": ["b"]}),
        "has-no-gpu": _affinity({"key": "gpu", "operator": "DoesNotExist"}),
    }.items():
        world.daemonset(name, **spec)
    made = {"everywhere", "on-gpus", "not-in-b"}
    eventually(lambda: _on_node(world) >= made, "their pods are made")
    expected = len(_on_node(world))

    eventually(lambda: cluster.daemon_pods(NODE) == DaemonPods(expected), "all that we expect is ready")

    assert _on_node(world) & {"in-zone-b", "has-no-gpu"} == set()


@pytest.mark.usefixtures("node")
def test_a_daemon_pod_that_cannot_start_is_named(cluster: KubeCluster, world: World, far: FarSide) -> None:
    """A node whose GPU plugin hangs is not called lent, and the plugin is named."""
    if far.makes_all_pods_ready:
        pytest.skip("this cluster's kubelets know no pod that runs and serves nobody")
    world.daemonset("stuck", {"sandbox/never-ready": "1"})
    eventually(lambda: "default/stuck" in cluster.daemon_pods(NODE).missing, "the missing pod is named")


def _affinity(expression: Obj) -> Obj:
    terms = {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}}


def _on_node(world: World) -> set[str]:
    pods = world.core.list_pod_for_all_namespaces(field_selector=f"spec.nodeName={NODE}").items
    owners = (owner for pod in pods for owner in pod.metadata.owner_references or ())
    return {owner.name for owner in owners if owner.kind == "DaemonSet"}
