"""Whether a node counts as Ready, and the taints that follow from it.

Readiness follows the Lease: heard of within 50 s, and its calico pod ready once. The controller goes by when it saw a
lease change, on its own clock, as the real node lifecycle controller does; a kubelet's clock may differ from ours.
"""

from typing import Final

from sandbox.kube.cluster import Cluster
from sandbox.kube.defaults import NOT_READY, UNREACHABLE, UNSCHEDULABLE
from sandbox.kube.machines import LEASE_NAMESPACE, Machines
from sandbox.kube.resources import LEASES, NODES, PODS, Obj
from sandbox.kube.store import Change
from sandbox.kube.views import condition, is_pod_ready, tolerates, with_condition

SILENCE_S: Final = 50.0
_TICK_S: Final = 5.0
_LEAST_WALL_S: Final = 0.05
_OURS: Final = (NOT_READY, UNREACHABLE, UNSCHEDULABLE)
_KINDS: Final = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
NETWORK_LABEL: Final = ("k8s-app", "calico-node")


class NodeLife:
    """The node lifecycle controller, with taint eviction."""

    def __init__(self, cluster: Cluster, machines: Machines) -> None:
        self._cluster = cluster
        self._machines = machines
        self._heard_s: dict[str, float] = {}
        self._dirty: set[str] = set()
        self._patient: set[tuple[str, str]] = set()

    def start(self) -> None:
        """Begin to look for silent nodes."""
        self._cluster.timers.every(_TICK_S, self._look, at_least_wall_s=_LEAST_WALL_S)

    def is_fresh(self, name: str) -> bool:
        """Whether a node was heard of lately."""
        return self._age_s(name) < SILENCE_S

    def saw(self, change: Change) -> None:
        """Note heartbeats, and nodes to judge."""
        meta = change.obj["metadata"]
        if change.resource is LEASES and meta["namespace"] == LEASE_NAMESPACE and change.type != "DELETED":
            self._hear(meta["name"])
        elif change.resource is NODES:
            if change.type == "ADDED":
                self._hear(meta["name"])
            self._dirty.add(meta["name"])
        elif change.resource is PODS and (_is_network(change.obj) or change.type == "ADDED"):
            self._dirty.add(change.obj["spec"].get("nodeName", ""))

    def sync(self) -> None:
        """Judge the nodes that were noted."""
        dirty, self._dirty = self._dirty, set()
        for name in dirty:
            self._judge(name)

    def _hear(self, name: str) -> None:
        was_fresh = self.is_fresh(name)
        self._heard_s[name] = self._cluster.timers.now_s()
        if not was_fresh:
            self._dirty.add(name)

    def _age_s(self, name: str) -> float:
        machine = self._machines.get(name)
        if machine and machine.alive:
            return 0.0  # its renewals are thinned out when the clock runs fast
        heard_s = machine.silent_since_s if machine else self._heard_s.get(name, 0.0)
        return self._cluster.timers.now_s() - heard_s

    def _look(self) -> None:
        """Judge the nodes whose freshness has changed; the other causes come as changes."""
        for stored in self._cluster.store.all(NODES):
            ready = condition(stored.obj, "Ready")
            is_lost = ready is not None and ready["status"] == "Unknown"
            if self.is_fresh(stored.obj["metadata"]["name"]) is is_lost:
                self._dirty.add(stored.obj["metadata"]["name"])
        if self._dirty:
            self._cluster.wake()

    def _judge(self, name: str) -> None:
        node = self._cluster.api.edit(NODES, "", name, self._judged)
        if node is None:
            return
        for taint in node["spec"].get("taints") or ():
            if taint["effect"] == "NoExecute":
                self._clear(name, taint)
        ready = condition(node, "Ready")
        if ready and ready["status"] == "Unknown":
            self._doubt_pods(name)

    def _judged(self, node: Obj) -> Obj:
        now = self._cluster.api.now()
        ready = self._readiness(node)
        known = condition(node, "Ready")
        if known and known["status"] == ready:
            return self._tainted(node, ready)
        if ready == "Unknown":
            for kind in _KINDS:
                why = "Kubelet stopped posting node status."
                node = with_condition(node, now, kind, "Unknown", "NodeStatusUnknown", why)
        elif ready == "True":
            for kind in _KINDS[1:]:
                node = with_condition(node, now, kind, "False", f"KubeletHasSufficient{kind[:-8]}", "kubelet is fine")
            node = with_condition(node, now, "Ready", "True", "KubeletReady", "kubelet is posting ready status")
        else:
            why = "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady"
            node = with_condition(node, now, "Ready", "False", "KubeletNotReady", why)
        return self._tainted(node, ready)

    def _readiness(self, node: Obj) -> str:
        name = node["metadata"]["name"]
        if not self.is_fresh(name):
            return "Unknown"
        ready = condition(node, "Ready")
        is_ours = self._machines.get(name) is not None
        if ready and ready["status"] == "True" and is_ours:
            return "True"  # the network, once set up, outlives its pod
        has_network = any(_is_network(pod) and is_pod_ready(pod) for pod in self._cluster.pods_on(name))
        return "True" if has_network else "False"

    def _tainted(self, node: Obj, ready: str) -> Obj:
        wanted = [(UNSCHEDULABLE, "NoSchedule")] if node["spec"].get("unschedulable") else []
        if ready != "True":
            key = NOT_READY if ready == "False" else UNREACHABLE
            wanted += [(key, "NoSchedule"), (key, "NoExecute")]
        known = node["spec"].get("taints") or []
        kept = [one for one in known if one["key"] not in _OURS or (one["key"], one["effect"]) in wanted]
        there = {(one["key"], one["effect"]) for one in kept}
        new = [
            {"key": key, "effect": effect, "timeAdded": self._cluster.api.now()}
            for key, effect in wanted
            if (key, effect) not in there
        ]
        if not new and kept == known:
            return node
        spec = {key: value for key, value in node["spec"].items() if key != "taints"}
        return {**node, "spec": {**spec, "taints": [*kept, *new]} if kept or new else spec}

    def _clear(self, name: str, taint: Obj) -> None:
        """Delete the pods that do not bear a NoExecute taint: now, or once their patience ends."""
        for pod in self._cluster.pods_on(name):
            covered = tolerates(pod["spec"].get("tolerations") or (), taint)
            if covered is None:
                self._delete(pod, name, None)
            elif "tolerationSeconds" in covered:
                self._wait_out(pod, name, taint, covered["tolerationSeconds"])

    def _wait_out(self, pod: Obj, name: str, taint: Obj, patience_s: float) -> None:
        waits = (pod["metadata"]["uid"], taint["key"])
        if waits in self._patient:
            return
        self._patient.add(waits)

        def ended() -> None:
            self._patient.discard(waits)
            self._delete(pod, name, taint)

        self._cluster.timers.after(patience_s, ended)

    def _delete(self, pod: Obj, node: str, taint: Obj | None) -> None:
        """Delete a pod unless it is another by now, or the taint that it was waiting out is gone."""
        meta = pod["metadata"]
        found = self._cluster.store.find(PODS, meta["namespace"], meta["name"])
        if found is None or found["metadata"]["uid"] != meta["uid"] or "deletionTimestamp" in found["metadata"]:
            return
        on = self._cluster.store.find(NODES, "", node)
        if taint is None or (on and taint in (on["spec"].get("taints") or ())):
            self._cluster.api.delete(PODS, meta["namespace"], meta["name"])

    def _doubt_pods(self, name: str) -> None:
        """Pods of a silent node are not ready any more; budgets count them so."""
        now = self._cluster.api.now()
        for pod in self._cluster.pods_on(name):
            meta = pod["metadata"]
            if is_pod_ready(pod):
                self._cluster.api.edit(
                    PODS, meta["namespace"], meta["name"], lambda old: with_condition(old, now, "Ready", "False")
                )


def _is_network(pod: Obj) -> bool:
    key, value = NETWORK_LABEL
    return bool((pod["metadata"].get("labels") or {}).get(key) == value)
