"""The scheduler: pods that wait are bound to the fitting node with the fewest pods.

It heeds cordons, taints, selectors, affinity, GPUs and the number of pods a node takes. Processors and memory it does
not count: nothing in the sandbox lacks them.
"""

import heapq
from typing import Final

from sandbox.kube.cluster import Cluster
from sandbox.kube.defaults import UNSCHEDULABLE
from sandbox.kube.resources import NODES, PODS, Obj
from sandbox.kube.store import Change, Key
from sandbox.kube.views import blocking_taints, gpus, is_going, is_wanted_on, tolerates, with_condition

_CORDON: Final = {"key": UNSCHEDULABLE, "effect": "NoSchedule"}


class Scheduler:
    """Binds what waits, in the order of arrival; what fits nowhere is tried again when a node changes."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._waiting: dict[Key, None] = {}
        self._is_due = False

    def saw(self, change: Change) -> None:
        """Note pods that wait, and nodes where there may be room now."""
        if change.resource is PODS:
            self._saw_pod(change)
        elif change.resource is NODES:
            before = change.before.obj if change.before else {"metadata": {}, "spec": {}, "status": {}}
            parts = (("spec", "taints"), ("spec", "unschedulable"), ("metadata", "labels"), ("status", "allocatable"))
            if any(before[part].get(key) != change.obj[part].get(key) for part, key in parts):
                self._is_due = True

    def _saw_pod(self, change: Change) -> None:
        meta = change.obj["metadata"]
        key = (meta["namespace"], meta["name"])
        if change.type == "DELETED":
            self._waiting.pop(key, None)
            self._is_due |= bool(change.obj["spec"].get("nodeName") and self._waiting)
        elif change.type == "ADDED" and not change.obj["spec"].get("nodeName"):
            self._waiting[key] = None
            self._is_due = True

    def sync(self) -> None:
        """Bind what can be bound."""
        if not self._is_due or not self._waiting:
            self._is_due = False
            return
        self._is_due = False
        rooms: dict[str, list[tuple[int, str]]] = {}
        for key in list(self._waiting):
            pod = self._cluster.store.find(PODS, *key)
            if pod is None or is_going(pod) or pod["spec"].get("nodeName"):
                self._waiting.pop(key, None)
                continue
            self._place(pod, rooms)

    def _place(self, pod: Obj, rooms: dict[str, list[tuple[int, str]]]) -> None:
        """Bind one pod; pods that ask alike share one look at the nodes, kept current as they fill it."""
        spec = pod["spec"]
        asks = repr((spec.get("tolerations"), spec.get("nodeSelector"), spec.get("affinity"), gpus(spec)))
        if asks not in rooms:
            rooms[asks] = self._fitting(spec)
        while rooms[asks]:
            load, name = heapq.heappop(rooms[asks])
            if self._has_room(name, gpus(spec)):
                heapq.heappush(rooms[asks], (load + 1, name))
                self._bind(pod, name)
                return
        self._refuse(pod)

    def _bind(self, pod: Obj, node: str) -> None:
        meta = pod["metadata"]
        self._waiting.pop((meta["namespace"], meta["name"]), None)
        self._cluster.api.edit(PODS, meta["namespace"], meta["name"], lambda old: self._bound(old, node))

    def _fitting(self, spec: Obj) -> list[tuple[int, str]]:
        rooms = [
            (len(self._cluster.pods_on(stored.obj["metadata"]["name"])), stored.obj["metadata"]["name"])
            for stored in self._cluster.store.all(NODES)
            if _fits(spec, stored.obj)
        ]
        heapq.heapify(rooms)
        return rooms

    def _has_room(self, name: str, wanted_gpus: int) -> bool:
        node = self._cluster.store.find(NODES, "", name)
        if node is None:
            return False
        room = node["status"].get("allocatable") or {}
        pods = self._cluster.pods_on(name)
        if len(pods) >= int(room.get("pods", 110)):
            return False
        return not wanted_gpus or sum(gpus(pod["spec"]) for pod in pods) + wanted_gpus <= int(
            room.get("nvidia.com/gpu", 0)
        )

    def _bound(self, pod: Obj, node: str) -> Obj:
        new = with_condition(pod, self._cluster.api.now(), "PodScheduled", "True")
        return {**new, "spec": {**new["spec"], "nodeName": node}}

    def _refuse(self, pod: Obj) -> None:
        nodes = len(list(self._cluster.store.all(NODES)))
        why = f"0/{nodes} nodes are available: {nodes} did not fit the pod's tolerations, selector or requests."
        self._cluster.api.edit(
            PODS,
            pod["metadata"]["namespace"],
            pod["metadata"]["name"],
            lambda old: with_condition(old, self._cluster.api.now(), "PodScheduled", "False", "Unschedulable", why),
        )


def _fits(spec: Obj, node: Obj) -> bool:
    cordoned = node["spec"].get("unschedulable") and not tolerates(spec.get("tolerations") or (), _CORDON)
    return not cordoned and is_wanted_on(spec, node) and not blocking_taints(spec, node)
