"""Evictions and the budgets that refuse them."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from tests.sandbox.kube_rig import Bench, running


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A cluster whose clock runs 200 times as fast."""
    with running(tmp_path) as bench:
        yield bench


def is_running(bench: Bench, name: str, namespace: str = "default") -> bool:
    pods = bench.core.list_namespaced_pod(namespace, field_selector=f"metadata.name={name}").items
    return any(one.type == "Ready" and one.status == "True" for pod in pods for one in pod.status.conditions or ())


def refusal(bench: Bench, name: str, namespace: str = "default") -> tuple[int, dict]:
    with pytest.raises(ApiException) as refused:
        bench.evict(name, namespace)
    return refused.value.status, json.loads(refused.value.body)


def test_an_evicted_pod_is_asked_to_end_and_then_is_gone(bench: Bench) -> None:
    """An eviction that is granted ends the pod, with its grace."""
    bench.put_pod("bare", "kube001")
    bench.until(lambda: is_running(bench, "bare-kube001"))
    assert bench.evict("bare-kube001") == 201
    bench.until(lambda: bench.core.list_namespaced_pod("default").items == [])


def test_a_budget_refuses_as_the_real_server_does(bench: Bench) -> None:
    """The blocker can be read from the answer: 429, its cause, and no Retry-After."""
    bench.put_pod("blocked", "kube001")
    bench.until(lambda: is_running(bench, "blocked-kube001"))
    bench.until(lambda: _budget(bench, "blocked-kube001").status.observed_generation == 1)
    bench.until(lambda: _budget(bench, "blocked-kube001").status.current_healthy == 1)
    with pytest.raises(ApiException) as refused:
        bench.evict("blocked-kube001")
    assert refused.value.status == 429
    assert "Retry-After" not in refused.value.headers
    assert json.loads(refused.value.body) == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "Cannot evict pod as it would violate the pod's disruption budget.",
        "reason": "TooManyRequests",
        "details": {
            "causes": [
                {
                    "reason": "DisruptionBudget",
                    "message": "The disruption budget blocked-kube001 needs 1 healthy pods and has 1 currently",
                }
            ]
        },
        "code": 429,
    }


def _budget(bench: Bench, name: str, namespace: str = "default") -> client.V1PodDisruptionBudget:
    return client.PolicyV1Api(bench.admin).read_namespaced_pod_disruption_budget(name, namespace)


def test_a_pod_with_two_budgets_can_never_be_evicted(bench: Bench) -> None:
    """Two budgets are an error of the site's, told as a 500."""
    bench.put_pod("two-budgets", "kube001")
    bench.until(lambda: is_running(bench, "two-budgets-kube001"))
    code, body = refusal(bench, "two-budgets-kube001")
    assert code == 500
    assert "more than one PodDisruptionBudget" in body["message"]


def test_a_budget_is_recounted_when_its_pod_is_back(tmp_path: Path) -> None:
    """A budget grants one disruption at a time, and the next once the replacement is ready."""
    with running(tmp_path, speed=10) as bench:  # slow enough for two requests before a replacement is ready
        bench.until(lambda: _budget(bench, "webfront", "nanohub").status.disruptions_allowed == 1)
        names = [pod.metadata.name for pod in bench.core.list_namespaced_pod("nanohub").items]
        bench.evict(names[0], "nanohub")
        code, _ = refusal(bench, names[1], "nanohub")
        assert code == 429
        bench.until(lambda: _budget(bench, "webfront", "nanohub").status.disruptions_allowed == 1)
        bench.evict(names[1], "nanohub")


def test_an_eviction_of_what_is_not_there_is_404(bench: Bench) -> None:
    """A pod that went by itself is not an error to be afraid of."""
    code, body = refusal(bench, "nobody")
    assert (code, body["reason"]) == (404, "NotFound")


def test_an_eviction_of_another_pod_of_that_name_is_409(bench: Bench) -> None:
    """A replacement of the same name is not evicted in its predecessor's place."""
    bench.put_pod("bare", "kube001")
    with pytest.raises(ApiException) as refused:
        bench.evict("bare-kube001", preconditions=client.V1Preconditions(uid="another"))
    assert refused.value.status == 409


def test_a_pod_that_is_ending_may_be_evicted_again(bench: Bench) -> None:
    """Asking twice does no harm and costs the budget nothing."""
    bench.put_pod("finalizer", "kube001")
    bench.until(lambda: is_running(bench, "finalizer-kube001"))
    bench.evict("finalizer-kube001")
    assert bench.evict("finalizer-kube001") == 201
    pod = bench.core.read_namespaced_pod("finalizer-kube001", "default")
    assert pod.metadata.deletion_timestamp is not None
    bench.core.patch_namespaced_pod("finalizer-kube001", "default", [{"op": "remove", "path": "/metadata/finalizers"}])
    bench.until(lambda: bench.core.list_namespaced_pod("default").items == [])


def test_an_evicted_pod_is_made_anew_elsewhere_and_never_on_a_cordoned_node(bench: Bench) -> None:
    """Draining moves the work: it comes up on another node."""
    bench.until(lambda: len(bench.core.list_namespaced_pod("gateway").items) == 2)
    bench.until(lambda: all(pod.spec.node_name for pod in bench.core.list_namespaced_pod("gateway").items))
    pod = bench.core.list_namespaced_pod("gateway").items[0]
    bench.bot_core.patch_node(pod.spec.node_name, {"spec": {"unschedulable": True}})
    before = {one.metadata.name for one in bench.core.list_namespaced_pod("gateway").items}
    bench.evict(pod.metadata.name, "gateway")

    def moved() -> bool:
        pods = bench.core.list_namespaced_pod("gateway").items
        names = {one.metadata.name for one in pods}
        return len(pods) == 2 and pod.metadata.name not in names and all(one.spec.node_name for one in pods)

    bench.until(moved)
    new = [one for one in bench.core.list_namespaced_pod("gateway").items if one.metadata.name not in before]
    assert len(new) == 1
    assert new[0].spec.node_name != pod.spec.node_name


def test_a_pod_that_tolerates_the_cordon_comes_straight_back(bench: Bench) -> None:
    """A drain that looks once would believe the node empty."""
    bench.put_pod("tolerant", "kube001")
    bench.bot_core.patch_node("kube001", {"spec": {"unschedulable": True}})

    def its() -> list[str]:
        return [pod.metadata.name for pod in bench.pods_on("kube001") if pod.metadata.name.startswith("tolerant-")]

    bench.until(lambda: len(its()) == 1)
    first = its()[0]
    bench.evict(first)
    bench.until(lambda: its() not in ([], [first]) and first not in its())


def test_a_drained_loan_can_always_end(bench: Bench) -> None:
    """When all lent nodes leave at once their budgets block for a while, and then people let go of what has no room."""
    bench.boot("gpu001", "gpu002")
    lent = ("gpu001", "gpu002")
    bench.until(lambda: all(len(work(bench, node)) >= 3 for node in lent))
    for node in lent:
        bench.bot_core.patch_node(node, {"spec": {"unschedulable": True}})

    def is_empty() -> bool:
        left = [pod for node in lent for pod in work(bench, node)]
        for pod in left:
            with contextlib.suppress(ApiException):
                bench.evict(pod.metadata.name, pod.metadata.namespace)
        return not left

    bench.until(is_empty)
    for node in lent:
        bench.do(lambda node=node: bench.site.node_silent(node))
    assert bench.site.pods_killed == 0


def work(bench: Bench, node: str) -> list[client.V1Pod]:
    return [pod for pod in bench.pods_on(node) if pod.metadata.owner_references[0].kind == "ReplicaSet"]
