"""Nodes: how they arrive, fall silent, come back, and what their pods do meanwhile."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes import client

from sandbox.faults import Fault
from tests.sandbox.kube_rig import Bench, running

CALICO = "calico-node"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A cluster whose clock runs 200 times as fast."""
    with running(tmp_path) as bench:
        yield bench


def taint_keys(bench: Bench, name: str) -> set[str]:
    return {taint.key for taint in bench.core.read_node(name).spec.taints or ()}


def ready_status(bench: Bench, name: str) -> str:
    conditions = bench.core.read_node(name).status.conditions or ()
    return next((one.status for one in conditions if one.type == "Ready"), "")


def apps_on(bench: Bench, name: str) -> set[str]:
    return {pod.metadata.owner_references[0].name for pod in bench.pods_on(name) if pod.metadata.owner_references}


def test_a_node_is_ready_once_its_network_is(bench: Bench) -> None:
    """Nobody is sent to a node that cannot talk yet."""
    bench.faults.set(Fault("daemonset", "forget", "gpu001"))
    bench.register("gpu001")
    bench.boot("gpu002")
    assert not bench.is_ready("gpu001")
    assert "node.kubernetes.io/not-ready" in taint_keys(bench, "gpu001")
    bench.faults.clear("daemonset")
    bench.until(lambda: bench.is_ready("gpu001"))
    bench.until(lambda: taint_keys(bench, "gpu001") == {"lendbot/loan"})


def test_every_daemonset_comes_to_a_lent_node(bench: Bench) -> None:
    """Network, monitoring and the GPUs' plugin are there; then, and only then, the node has GPUs."""
    bench.boot("gpu001")
    daemons = {CALICO, "node-exporter", "nvidia-device-plugin-daemonset"}
    bench.until(lambda: daemons <= apps_on(bench, "gpu001"))
    bench.until(lambda: bench.core.read_node("gpu001").status.allocatable.get("nvidia.com/gpu") == "4")
    apps = client.AppsV1Api(bench.bot)

    def are_all_ready() -> bool:
        sets = apps.list_daemon_set_for_all_namespaces().items
        return all(one.status.number_ready == one.status.desired_number_scheduled for one in sets)

    bench.until(are_all_ready)


def test_a_kubelet_that_forgets_to_register_is_not_there(bench: Bench) -> None:
    """A node that never comes is seen as missing, not as slow."""
    bench.faults.set(Fault("register", "forget", "gpu001", times=1))
    bench.register("gpu001")
    bench.boot("gpu002")
    assert "gpu001" not in bench.do(bench.site.tiles)
    bench.boot("gpu001")


def test_work_comes_to_lent_nodes(bench: Bench) -> None:
    """There is something to evict when the loan ends."""
    bench.boot("gpu001", "gpu002")
    bench.core.patch_node("gpu001", {"metadata": {"annotations": {"lendbot/loan": "12"}}})
    bench.until(lambda: bench.do(lambda: bench.site.pods_by_namespace(only_lent=True)).get("nanohub", 0) > 0)
    assert bench.do(bench.site.tiles)["gpu001"]["loan"] == "12"


def test_a_silent_node_is_given_up_after_fifty_seconds(bench: Bench) -> None:
    """Power lost is seen as Unknown, with the taints, and not before."""
    bench.boot("gpu001")
    began = bench.site.cluster.clock.now()
    bench.do(lambda: bench.site.node_silent("gpu001"))
    bench.until(lambda: ready_status(bench, "gpu001") == "Unknown")
    conditions = bench.core.read_node("gpu001").status.conditions
    noticed = next(one.last_transition_time for one in conditions if one.type == "Ready")
    assert 38 < (noticed - began).total_seconds() < 400  # a busy machine's hiccup is minutes at this speed
    bench.until(lambda: "node.kubernetes.io/unreachable" in taint_keys(bench, "gpu001"))
    bench.boot("gpu001")
    bench.until(lambda: "node.kubernetes.io/unreachable" not in taint_keys(bench, "gpu001"))


def test_power_cut_under_running_pods_is_counted(bench: Bench) -> None:
    """Whoever cuts the power before the drain is told how many pods that killed; the cluster's own do not count."""
    bench.boot("gpu001", "gpu002")
    bench.put_pod("mirror", "gpu002")
    bench.until(lambda: len(_running(bench, "gpu001")) > 3)
    bench.bot_core.patch_node("gpu002", {"spec": {"unschedulable": True}})
    for pod in bench.pods_on("gpu002"):
        if pod.metadata.owner_references[0].kind == "ReplicaSet":
            bench.core.delete_namespaced_pod(pod.metadata.name, pod.metadata.namespace, grace_period_seconds=0)
    bench.do(lambda: bench.site.node_silent("gpu002"))
    assert bench.site.pods_killed == 0
    bench.do(lambda: bench.site.node_silent("gpu001"))
    assert bench.site.pods_killed > 0


def _running(bench: Bench, node: str) -> list[str]:
    return [pod.metadata.name for pod in bench.pods_on(node) if pod.status.phase == "Running"]


def test_a_living_kubelet_registers_again_when_its_node_is_deleted(bench: Bench) -> None:
    """Deleting the Node alone sends nobody home."""
    bench.boot("gpu001")
    first = bench.core.read_node("gpu001").metadata.uid
    bench.bot_core.delete_node("gpu001")
    bench.until(lambda: bench.is_ready("gpu001"))
    assert bench.core.read_node("gpu001").metadata.uid != first


def test_a_node_deleted_after_its_power_went_stays_away(bench: Bench) -> None:
    """That is the order that brings a node home, and its pods are collected."""
    bench.boot("gpu001")
    bench.do(lambda: bench.site.node_silent("gpu001"))
    bench.bot_core.delete_node("gpu001")
    bench.until(lambda: bench.pods_on("gpu001") == [])
    assert "gpu001" not in bench.do(bench.site.tiles)


def test_a_kubelet_elsewhere_is_judged_by_its_lease(bench: Bench) -> None:
    """A node that another program registers is Ready while that program renews its lease."""
    leases = client.CoordinationV1Api(bench.admin)
    bench.core.create_node({"metadata": {"name": "lab001", "labels": {"kubernetes.io/hostname": "lab001"}}})
    meta = {"name": "lab001", "namespace": "kube-node-lease"}

    def renew() -> bool:
        spec = {"holderIdentity": "lab001", "renewTime": bench.site.cluster.clock.now().isoformat()}
        leases.replace_namespaced_lease("lab001", "kube-node-lease", {"metadata": meta, "spec": spec})
        return bench.is_ready("lab001")

    bench.until(renew)
    bench.until(lambda: ready_status(bench, "lab001") == "Unknown")
    bench.until(renew)


def test_a_kubelet_elsewhere_that_attends_its_pods_is_left_to_it(bench: Bench) -> None:
    """A lab's own kubelet decides how long its pods take to end."""
    bench.core.create_node({"metadata": {"name": "lab001", "labels": {"kubernetes.io/hostname": "lab001"}}})
    bench.put_pod("emptydir", "lab001")
    where = ("emptydir-lab001", "default")
    bench.core.patch_namespaced_pod_status(*where, {"status": {"phase": "Running"}})
    bench.core.delete_namespaced_pod(*where)
    began = bench.site.cluster.clock.now()
    bench.until(lambda: (bench.site.cluster.clock.now() - began).total_seconds() > 20)
    assert bench.core.read_namespaced_pod(*where).metadata.deletion_timestamp is not None
    bench.core.delete_namespaced_pod(*where, grace_period_seconds=0)
    bench.until(lambda: bench.core.list_namespaced_pod("default").items == [])


def test_a_mirror_pod_and_a_daemon_pod_stay_under_a_cordon(bench: Bench) -> None:
    """What a drain skips is still there after it."""
    bench.put_pod("mirror", "kube001")
    bench.bot_core.patch_node("kube001", {"spec": {"unschedulable": True}})
    names = {pod.metadata.name for pod in bench.pods_on("kube001")}
    assert "static-kube001" in names
    assert any(name.startswith(CALICO) for name in names)


def test_no_execute_moves_pods_that_do_not_bear_it(bench: Bench) -> None:
    """A NoExecute taint empties a node of all that does not tolerate it."""
    bench.boot("gpu001", taints=[])
    bench.put_pod("bare", "gpu001")
    taint = {"key": "out", "effect": "NoExecute"}
    bench.bot_core.patch_node("gpu001", {"spec": {"taints": [taint]}})
    bench.until(lambda: "bare-gpu001" not in {pod.metadata.name for pod in bench.pods_on("gpu001")})
    assert CALICO in apps_on(bench, "gpu001")


def test_two_hundred_nodes_arrive_at_once(bench: Bench) -> None:
    """A large loan is as many Ready nodes as were asked for, soon, with the server still answering."""
    names = [f"gpu{number:03}" for number in range(200)]
    began = time.monotonic()
    for name in names:
        bench.register(name)
    bench.until(lambda: sum(tile["status"] == "Ready" for tile in bench.do(bench.site.tiles).values()) == 203)
    print(f"200 nodes Ready after {time.monotonic() - began:.1f} s of real time")
    assert len(bench.bot_core.list_node().items) == 203
