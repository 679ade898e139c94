"""Pods that make draining hard, one of each kind, put on a node by a test or by the demo's fault panel."""

from collections.abc import Callable, Mapping
from typing import Final

from sandbox.kube.api import Api
from sandbox.kube.defaults import UNSCHEDULABLE
from sandbox.kube.pod_life import STOPS_AFTER
from sandbox.kube.pods import owner_reference
from sandbox.kube.resources import BUDGETS, DEPLOYMENTS, NODES, PODS, STATEFULSETS, Obj
from sandbox.kube.seed import deployment, pod
from sandbox.kube.views import MIRROR

NAMESPACE: Final = "default"


def _bare(api: Api, node: str) -> Obj:
    return api.create(PODS, NAMESPACE, pod(f"bare-{node}", node))


def _owned(api: Api, node: str, name: str) -> Obj:
    """Return a pod of a StatefulSet. No controller here makes it anew: evicted, it stays away."""
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "main"}]}}
    spec = {"replicas": 1, "serviceName": name, "selector": {"matchLabels": {"app": name}}, "template": template}
    found = api.store.find(STATEFULSETS, NAMESPACE, name)
    owner = found or api.create(STATEFULSETS, NAMESPACE, {"metadata": {"name": name}, "spec": spec})
    one = pod(name, node)
    one["metadata"]["ownerReferences"] = [owner_reference(STATEFULSETS, owner)]
    return one


def _emptydir(api: Api, node: str) -> Obj:
    one = _owned(api, node, f"emptydir-{node}")
    one["spec"]["volumes"] = [{"name": "scratch", "emptyDir": {}}]
    return api.create(PODS, NAMESPACE, one)


def _mirror(api: Api, node: str) -> Obj:
    one = pod(f"static-{node}", node)
    one["metadata"]["annotations"] = {MIRROR: "0", "kubernetes.io/config.source": "file"}
    one["metadata"]["ownerReferences"] = [owner_reference(NODES, api.store.get(NODES, "", node))]
    return api.create(PODS, NAMESPACE, one)


def _tolerant(api: Api, node: str) -> Obj:
    """A pod that tolerates the cordon: evicted, it comes straight back to this node."""
    bears = [{"key": UNSCHEDULABLE, "operator": "Exists"}, {"operator": "Exists", "effect": "NoSchedule"}]
    here = {"kubernetes.io/hostname": node}
    return api.create(DEPLOYMENTS, NAMESPACE, deployment(f"tolerant-{node}", 1, tolerations=bears, nodeSelector=here))


def _finalizer(api: Api, node: str) -> Obj:
    one = _owned(api, node, f"finalizer-{node}")
    one["metadata"]["finalizers"] = ["sandbox/hold"]
    return api.create(PODS, NAMESPACE, one)


def _budget(api: Api, name: str, app: str) -> None:
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": app}}}
    api.create(BUDGETS, NAMESPACE, {"metadata": {"name": name}, "spec": spec})


def _two_budgets(api: Api, node: str) -> Obj:
    name = f"two-budgets-{node}"
    for number in (1, 2):
        _budget(api, f"{name}-{number}", name)
    return api.create(PODS, NAMESPACE, _owned(api, node, name))


def _blocked(api: Api, node: str) -> Obj:
    """A pod whose budget allows no disruption, ever."""
    name = f"blocked-{node}"
    _budget(api, name, name)
    return api.create(PODS, NAMESPACE, _owned(api, node, name))


def _patient(api: Api, node: str) -> Obj:
    """A pod that may take two hours to end, and does."""
    one = _owned(api, node, f"patient-{node}")
    one["metadata"]["annotations"] = {STOPS_AFTER: "7200"}
    one["spec"]["terminationGracePeriodSeconds"] = 7200
    return api.create(PODS, NAMESPACE, one)


def _volume(api: Api, node: str) -> Obj:
    """A pod with a disk of its own, which is detached a while after it."""
    one = _owned(api, node, f"volume-{node}")
    one["spec"]["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": f"data-{node}"}}]
    return api.create(PODS, NAMESPACE, one)


def _stays(api: Api, node: str) -> Obj:
    """A pod that asks autoscalers to leave it where it is."""
    one = _owned(api, node, f"stays-{node}")
    one["metadata"]["annotations"] = {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}
    return api.create(PODS, NAMESPACE, one)


SPECIAL: Final[Mapping[str, Callable[[Api, str], Obj]]] = {
    "bare": _bare,
    "emptydir": _emptydir,
    "mirror": _mirror,
    "tolerant": _tolerant,
    "finalizer": _finalizer,
    "two-budgets": _two_budgets,
    "blocked": _blocked,
    "patient": _patient,
    "volume": _volume,
    "stays": _stays,
}
"""Each kind of difficult pod."""
