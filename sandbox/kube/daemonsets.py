"""The DaemonSet controller: one pod of each set on every node that fits it.

A pod whose node forbids it by a label or an untolerated taint is not made; what is there already stays.
"""

from functools import partial
from typing import Final

from sandbox.kube.cluster import Cluster
from sandbox.kube.defaults import NOT_READY, UNREACHABLE, UNSCHEDULABLE
from sandbox.kube.pods import owned_pod
from sandbox.kube.resources import DAEMONSETS, NODES, PODS, Obj
from sandbox.kube.store import Change
from sandbox.kube.views import blocking_taints, is_going, is_pod_ready, is_wanted_on, owner

_RETRY_S: Final = 5.0
_COUNT_EVERY_S: Final = 1.0
_LEAST_WALL_S: Final = 0.1
_OWN_TOLERATIONS: Final = [
    *({"key": key, "operator": "Exists", "effect": "NoExecute"} for key in (NOT_READY, UNREACHABLE)),
    {"key": UNSCHEDULABLE, "operator": "Exists", "effect": "NoSchedule"},
    *(
        {"key": f"node.kubernetes.io/{kind}", "operator": "Exists", "effect": "NoSchedule"}
        for kind in ("disk-pressure", "memory-pressure", "pid-pressure")
    ),
]
_HOST_NETWORK: Final = {"key": "node.kubernetes.io/network-unavailable", "operator": "Exists", "effect": "NoSchedule"}


class DaemonSets:
    """A fault `daemonset` on a node makes this controller forget that node while it lasts."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._nodes: set[str] = set()
        self._uncounted: set[str] = set()

    def start(self) -> None:
        """Begin to count, and to retry what was forgotten."""
        self._cluster.timers.every(_COUNT_EVERY_S, self._count, at_least_wall_s=_LEAST_WALL_S)

    def saw(self, change: Change) -> None:
        """Note nodes that may miss a pod, and sets whose numbers changed."""
        if change.resource is NODES:
            self._saw_node(change)
        elif change.resource is DAEMONSETS and change.type == "ADDED":
            self._nodes |= {stored.obj["metadata"]["name"] for stored in self._cluster.store.all(NODES)}
            self._uncounted.add(change.obj["metadata"]["uid"])
        elif change.resource is PODS:
            above = owner(change.obj)
            if above and above["kind"] == "DaemonSet":
                self._uncounted.add(above["uid"])
                if change.type == "DELETED":
                    self._nodes.add(change.obj["spec"]["nodeName"])

    def sync(self) -> None:
        """Make the missing pods of the nodes that were noted."""
        nodes, self._nodes = self._nodes, set()
        for name in sorted(nodes):
            node = self._cluster.store.find(NODES, "", name)
            if node:
                self._serve(node)

    def _saw_node(self, change: Change) -> None:
        old = change.before.obj if change.before else None
        same = old and all(
            old[part].get(key) == change.obj[part].get(key)
            for part, key in (("metadata", "labels"), ("spec", "taints"))
        )
        if change.type == "DELETED" or not same:
            self._nodes.add(change.obj["metadata"]["name"])
            self._uncounted |= {stored.obj["metadata"]["uid"] for stored in self._cluster.store.all(DAEMONSETS)}

    def _serve(self, node: Obj) -> None:
        name = node["metadata"]["name"]
        here = {above["uid"] for pod in self._cluster.pods_on(name) if (above := owner(pod))}
        for stored in self._cluster.store.all(DAEMONSETS):
            if stored.obj["metadata"]["uid"] in here or not _fits(stored.obj, node):
                continue
            if self._cluster.faults.take("daemonset", name) == "forget":
                self._cluster.timers.after(_RETRY_S, lambda: self._retry(name))
                return
            pod = owned_pod(DAEMONSETS, stored.obj)
            pod["spec"] |= {"nodeName": name, "tolerations": _tolerations(stored.obj)}
            self._cluster.api.create(PODS, stored.obj["metadata"]["namespace"], pod)

    def _retry(self, name: str) -> None:
        self._nodes.add(name)
        self._cluster.wake()

    def _count(self) -> None:
        uncounted, self._uncounted = self._uncounted, set()
        if not uncounted:
            return
        nodes = [stored.obj for stored in self._cluster.store.all(NODES)]
        for stored in self._cluster.store.all(DAEMONSETS):
            meta = stored.obj["metadata"]
            if meta["uid"] in uncounted:
                told = self._numbers(stored.obj, nodes)
                self._cluster.api.edit(DAEMONSETS, meta["namespace"], meta["name"], partial(_with_status, told=told))

    def _numbers(self, daemonset: Obj, nodes: list[Obj]) -> Obj:
        wanted = sum(_fits(daemonset, node) for node in nodes)
        pods = [pod for pod in self._cluster.pods_of(daemonset["metadata"]["uid"]) if not is_going(pod)]
        ready = sum(is_pod_ready(pod) for pod in pods)
        return {
            "desiredNumberScheduled": wanted,
            "currentNumberScheduled": len(pods),
            "updatedNumberScheduled": len(pods),
            "numberMisscheduled": max(len(pods) - wanted, 0),
            "numberReady": ready,
            "numberAvailable": ready,
            "numberUnavailable": max(wanted - ready, 0),
            "observedGeneration": daemonset["metadata"]["generation"],
        }


def _with_status(daemonset: Obj, told: Obj) -> Obj:
    return {**daemonset, "status": told}


def _tolerations(daemonset: Obj) -> list[Obj]:
    spec = daemonset["spec"]["template"]["spec"]
    own = spec.get("tolerations") or []
    return [*own, *_OWN_TOLERATIONS, *([_HOST_NETWORK] if spec.get("hostNetwork") else [])]


def _fits(daemonset: Obj, node: Obj) -> bool:
    spec = daemonset["spec"]["template"]["spec"]
    if not is_wanted_on(spec, node):
        return False
    return not blocking_taints({"tolerations": _tolerations(daemonset)}, node)
