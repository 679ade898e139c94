"""What kubelets do with pods: start them, make them ready, end them; and what a power cut does to them.

It serves the site's own nodes, and nodes whose kubelet elsewhere only renews its lease (see `Cluster.attended`). A node
that is not heard of does nothing: its pods hang where they are, as they do on a real cluster.
"""

from collections.abc import Callable
from math import inf
from typing import Final

from sandbox.kube.api import Deletion
from sandbox.kube.cluster import Cluster
from sandbox.kube.machines import Machines
from sandbox.kube.node_life import NodeLife
from sandbox.kube.resources import NODES, PODS, Obj
from sandbox.kube.store import Change
from sandbox.kube.views import is_active, is_going, is_node_ready, is_pod_ready, is_running, is_workload, with_condition

STOPS_AFTER: Final = "sandbox/stops-after-s"
"""Annotation: how long the program takes to end once it is asked to; its grace period cuts it short."""
NEVER_READY: Final = "sandbox/never-ready"
"""Annotation: the pod runs and serves nobody."""
_PLUGIN: Final = "nvidia-device-plugin-ds"
_START_S: Final = (1.0, 3.0)
_READY_S: Final = (2.0, 6.0)
_STOP_S: Final = (1.0, 4.0)


class PodLife:
    """The pods' side of every kubelet. `killed` counts workload pods that a power cut ended."""

    def __init__(self, cluster: Cluster, machines: Machines, nodes: NodeLife) -> None:
        self._cluster = cluster
        self._machines = machines
        self._nodes = nodes
        self._starting: set[str] = set()
        self._ending: dict[str, float] = {}  # by uid, the grace that it was told last
        self._dirty: dict[str, None] = {}
        self.killed = 0

    def saw(self, change: Change) -> None:
        """Note pods that are bound, and nodes that came to life."""
        if change.resource is PODS:
            meta = change.obj["metadata"]
            pod = self._cluster.store.find(PODS, meta["namespace"], meta["name"])  # news may be old by now
            if pod and pod["spec"].get("nodeName"):
                self._look(pod)
        elif change.resource is NODES and change.type != "DELETED":
            before = change.before.obj if change.before else {"metadata": {}, "status": {}}
            if before["status"] != change.obj["status"]:
                self._dirty[change.obj["metadata"]["name"]] = None

    def sync(self) -> None:
        """Look again at the pods of nodes that changed."""
        dirty, self._dirty = self._dirty, {}
        for name in dirty:
            for pod in self._cluster.pods_on(name):
                self._look(pod)

    def power_lost(self, node: str) -> None:
        """Count the workload that ran on a node when its power went."""
        self.killed += sum(is_running(pod) and is_workload(pod) for pod in self._cluster.pods_on(node))

    def orphaned(self, node: str) -> None:
        """Count the workload that still runs on a living node whose pods are deleted, because its Node went first."""
        machine = self._machines.get(node)
        if machine is None or machine.alive:
            self.power_lost(node)

    def rebooted(self, node: str) -> None:
        """Begin anew with the pods still bound to a node that comes up: nothing of them runs."""
        for pod in self._cluster.pods_on(node):
            self._edit(pod, lambda old: with_condition(old, self._cluster.api.now(), "Ready", "False"))
            self._starting.discard(pod["metadata"]["uid"])
            self._ending.pop(pod["metadata"]["uid"], None)

    def _look(self, pod: Obj) -> None:
        uid = pod["metadata"]["uid"]
        node = pod["spec"]["nodeName"]
        if self._is_attended(node) or not self._nodes.is_fresh(node):
            return
        if is_going(pod):
            grace_s = float(pod["metadata"].get("deletionGracePeriodSeconds") or 0)
            if grace_s < self._ending.get(uid, inf):
                self._ending[uid] = grace_s
                self._after(self._stop_s(pod), pod, self._end)
        elif uid not in self._starting and self._may_start(pod):
            self._starting.add(uid)
            self._after(self._cluster.dice.uniform(*_START_S), pod, self._run)

    def _may_start(self, pod: Obj) -> bool:
        if is_pod_ready(pod) or pod["status"].get("phase") not in {"Pending", "Running"}:
            return False
        if NEVER_READY in (pod["metadata"].get("annotations") or {}) and is_running(pod):
            return False
        if pod["spec"].get("hostNetwork"):
            return True
        node = self._cluster.store.find(NODES, "", pod["spec"]["nodeName"])
        return node is not None and is_node_ready(node)

    def _after(self, span_s: float, pod: Obj, do: Callable[[Obj], None]) -> None:
        machine = self._machines.get(pod["spec"]["nodeName"])
        boots = machine.boots if machine else 0

        def due() -> None:
            now = self._machines.get(pod["spec"]["nodeName"])
            if boots == (now.boots if now else 0) and not self._is_attended(pod["spec"]["nodeName"]):
                do(pod)

        self._cluster.timers.after(span_s, due)

    def _is_attended(self, node: str) -> bool:
        return node in self._cluster.attended and self._machines.get(node) is None

    def _run(self, pod: Obj) -> None:
        if not self._is_here(pod):
            self._starting.discard(pod["metadata"]["uid"])
            return
        self._edit(pod, lambda old: _running(old, self._cluster.api.now()))
        if NEVER_READY in (pod["metadata"].get("annotations") or {}):
            self._starting.discard(pod["metadata"]["uid"])
        else:
            self._after(self._cluster.dice.uniform(*_READY_S), pod, self._serve)

    def _serve(self, pod: Obj) -> None:
        self._starting.discard(pod["metadata"]["uid"])
        if self._is_here(pod):
            self._edit(pod, lambda old: _serving(old, self._cluster.api.now()))
            if (pod["metadata"].get("labels") or {}).get("name") == _PLUGIN:
                self._machines.report_gpus(pod["spec"]["nodeName"])

    def _end(self, pod: Obj) -> None:
        meta = pod["metadata"]
        self._ending.pop(meta["uid"], None)
        found = self._cluster.store.find(PODS, meta["namespace"], meta["name"])
        is_same = found is not None and found["metadata"]["uid"] == meta["uid"]
        if not is_same or not self._nodes.is_fresh(pod["spec"]["nodeName"]):
            return
        if meta.get("finalizers"):
            self._ending[meta["uid"]] = 0.0  # it has ended; only its finalizer keeps the object
            self._edit(pod, lambda old: with_condition(old, self._cluster.api.now(), "Ready", "False"))
        self._cluster.api.delete(PODS, meta["namespace"], meta["name"], Deletion(grace_s=0, uid=meta["uid"]))

    def _is_here(self, pod: Obj) -> bool:
        """Whether a pod is still wanted and its node still lives."""
        meta = pod["metadata"]
        found = self._cluster.store.find(PODS, meta["namespace"], meta["name"])
        is_same = found is not None and found["metadata"]["uid"] == meta["uid"] and is_active(found)
        return is_same and self._nodes.is_fresh(pod["spec"]["nodeName"])

    def _stop_s(self, pod: Obj) -> float:
        told = (pod["metadata"].get("annotations") or {}).get(STOPS_AFTER)
        wanted_s = float(told) if told else self._cluster.dice.uniform(*_STOP_S)
        return min(wanted_s, float(pod["metadata"].get("deletionGracePeriodSeconds", 0)))

    def _edit(self, pod: Obj, change: Callable[[Obj], Obj]) -> None:
        self._cluster.api.edit(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"], change)


def _containers(pod: Obj, now: str, *, ready: bool) -> list[Obj]:
    return [
        {
            "name": one["name"],
            "image": one.get("image", ""),
            "imageID": "",
            "ready": ready,
            "started": ready,
            "restartCount": 0,
            "state": {"running": {"startedAt": now}},
        }
        for one in pod["spec"].get("containers", ())
    ]


def _running(pod: Obj, now: str) -> Obj:
    new = with_condition(pod, now, "Initialized", "True")
    new = with_condition(new, now, "ContainersReady", "False", "ContainersNotReady", "containers start")
    new = with_condition(new, now, "Ready", "False", "ContainersNotReady", "containers start")
    told = {"phase": "Running", "startTime": now, "containerStatuses": _containers(pod, now, ready=False)}
    return {**new, "status": {**new["status"], **told}}


def _serving(pod: Obj, now: str) -> Obj:
    new = with_condition(pod, now, "ContainersReady", "True")
    new = with_condition(new, now, "Ready", "True")
    return {**new, "status": {**new["status"], "containerStatuses": _containers(pod, now, ready=True)}}
