"""The kubelets of the site's own nodes: they register, renew their leases, and fall silent with the power.

A kubelet that lives registers again when somebody deletes its Node, as real ones do. What pods do on a node is in
`pod_life.py`; whether a node counts as Ready is judged in `node_life.py`.
"""

from dataclasses import dataclass
from typing import Final

from sandbox.kube.certificates import Certificates
from sandbox.kube.cluster import Cluster
from sandbox.kube.defaults import NOT_READY
from sandbox.kube.resources import LEASES, NODES, Obj
from sandbox.kube.store import Change
from sandbox.kube.views import with_condition

HEARTBEAT_S: Final = 10.0
RE_REGISTER_S: Final = 10.0
LEASE_NAMESPACE: Final = "kube-node-lease"
FOREIGN: Final = {"key": "node.cilium.io/agent-not-ready", "value": "true", "effect": "NoExecute"}
"""What a network's operator puts on a node, and takes off once its agent runs."""
_LEAST_WALL_S: Final = 2.0
"""A fast clock would have a thousand nodes renew ten thousand leases a second; a lease tells no more for it."""


@dataclass
class Machine:
    """A node's hardware as its kubelet would report it. boots counts registrations."""

    name: str
    labels: dict[str, str]
    taints: list[Obj]
    capacity: dict[str, str]
    alive: bool = True
    boots: int = 1
    silent_since_s: float = 0.0


class Machines:
    """The kubelets' voices."""

    def __init__(self, cluster: Cluster, certificates: Certificates) -> None:
        self._cluster = cluster
        self._certificates = certificates
        self._known: dict[str, Machine] = {}
        self._without_gpus: set[str] = set()

    def start(self) -> None:
        """Begin the heartbeats."""
        self._cluster.timers.every(HEARTBEAT_S, self._beat, at_least_wall_s=_LEAST_WALL_S)

    def get(self, name: str) -> Machine | None:
        """Return the site's own machine of that name; None for a kubelet that talks over HTTP."""
        return self._known.get(name)

    def boot(self, name: str, labels: dict[str, str], taints: list[Obj], capacity: dict[str, str]) -> None:
        """Let a kubelet start and register. A fault `register` lets it start and say nothing."""
        old = self._known.get(name)
        machine = Machine(name, labels, taints, capacity, boots=old.boots + 1 if old else 1)
        machine.silent_since_s = old.silent_since_s if old and not old.alive else self._cluster.timers.now_s()
        self._known[name] = machine
        if self._cluster.faults.take("register", name) == "forget":
            machine.alive = False
            return
        self._register(machine)

    def silence(self, name: str) -> None:
        """Let the power go: from now on nothing is heard of the node."""
        machine = self._known.get(name)
        if machine and machine.alive:
            machine.alive = False
            last_beat_s = self._cluster.dice.uniform(0, HEARTBEAT_S)
            machine.silent_since_s = self._cluster.timers.now_s() - last_beat_s

    def report_gpus(self, name: str) -> None:
        """Let the device plugin, now that it runs, report what it found."""
        machine = self._known.get(name)
        count = machine.capacity.get("nvidia.com/gpu") if machine else None
        if self._is_broken("gpus", name):
            self._without_gpus.add(name)
        elif count:
            self._cluster.api.edit(NODES, "", name, lambda node: _with_gpus(node, count))

    def saw(self, change: Change) -> None:
        """Register again, a while after the Node was deleted under a living kubelet."""
        if change.resource is not NODES or change.type != "DELETED":
            return
        machine = self._known.get(change.obj["metadata"]["name"])
        if machine and machine.alive:
            self._cluster.timers.after(RE_REGISTER_S, lambda: self._again(machine, machine.boots))

    def sync(self) -> None:
        """All is done as it is seen, or later."""

    def _again(self, machine: Machine, boots: int) -> None:
        is_same = self._known.get(machine.name) is machine and machine.boots == boots
        if machine.alive and is_same and not self._cluster.store.find(NODES, "", machine.name):
            self._register(machine)

    def _register(self, machine: Machine) -> None:
        """Create the Node, or, as kubelets do, add to the one that is there its labels and what it finds."""
        api = self._cluster.api
        old = self._cluster.store.find(NODES, "", machine.name)
        labels = {"kubernetes.io/hostname": machine.name, "kubernetes.io/os": "linux", **machine.labels}
        if old is None:
            not_ready = {"key": NOT_READY, "effect": "NoSchedule"}
            foreign = [FOREIGN] if self._is_broken("taint", machine.name) else []
            spec = {"taints": [*machine.taints, *foreign, not_ready]}
            node: Obj = {"metadata": {"name": machine.name, "labels": labels}, "spec": spec}
            api.create(NODES, "", {**node, "status": self._status(machine)})
        else:
            api.edit(NODES, "", machine.name, lambda node: _registered_again(node, labels, self._status(machine)))
        self._certificates.ask(machine.name)
        self._renew(machine)

    def _status(self, machine: Machine) -> Obj:
        capacity = {"cpu": "32", "memory": "256Gi", "pods": "110", **machine.capacity}
        capacity.pop("nvidia.com/gpu", None)  # the device plugin reports GPUs, once it runs
        now = self._cluster.api.now()
        node: Obj = {"status": {}}
        for kind in ("MemoryPressure", "DiskPressure", "PIDPressure"):
            node = with_condition(node, now, kind, "False", f"KubeletHasSufficient{kind[:-8]}", "kubelet is fine")
        why = "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady"
        node = with_condition(node, now, "Ready", "False", "KubeletNotReady", why)
        boot = f"{machine.name}-boot-{machine.boots}"
        return {
            **node["status"],
            "capacity": capacity,
            "allocatable": capacity,
            "addresses": [{"type": "Hostname", "address": machine.name}],
            "nodeInfo": {
                "kubeletVersion": "v1.36.2",
                "bootID": boot,
                "machineID": machine.name,
                "operatingSystem": "linux",
                "architecture": "amd64",
                "osImage": "lendbot sandbox",
                "kernelVersion": "6.1.0",
                "containerRuntimeVersion": "containerd://2.1.0",
                "systemUUID": machine.name,
                "kubeProxyVersion": "",
            },
        }

    def _is_broken(self, side: str, name: str) -> bool:
        return self._cluster.faults.peek(side, name) is not None

    def _mend(self) -> None:
        """Let the network's operator and the device plugins do what a fault kept them from."""
        for name in [name for name in self._without_gpus if not self._is_broken("gpus", name)]:
            self._without_gpus.discard(name)
            self.report_gpus(name)
        for stored in self._cluster.store.all(NODES):
            name, taints = stored.obj["metadata"]["name"], stored.obj["spec"].get("taints") or ()
            if FOREIGN in taints and not self._is_broken("taint", name):
                self._cluster.api.edit(NODES, "", name, _without_foreign)

    def _beat(self) -> None:
        self._mend()
        for machine in self._known.values():
            if machine.alive and self._cluster.store.find(NODES, "", machine.name):
                self._renew(machine)

    def _renew(self, machine: Machine) -> None:
        api = self._cluster.api
        renewed = self._cluster.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = {"holderIdentity": machine.name, "leaseDurationSeconds": 40, "renewTime": renewed}
        if self._cluster.store.find(LEASES, LEASE_NAMESPACE, machine.name):
            api.edit(LEASES, LEASE_NAMESPACE, machine.name, lambda lease: {**lease, "spec": spec})
        else:
            api.create(LEASES, LEASE_NAMESPACE, {"metadata": {"name": machine.name}, "spec": spec})


def _registered_again(node: Obj, labels: dict[str, str], status: Obj) -> Obj:
    """A rebooted kubelet finds its Node: default labels are set, taints and cordon stay as they are."""
    known = node["metadata"].get("labels") or {}
    meta = {**node["metadata"], "labels": {**known, **labels}}
    return {**node, "metadata": meta, "status": {**node["status"], **status}}


def _with_gpus(node: Obj, count: str) -> Obj:
    found = {key: {**node["status"].get(key, {}), "nvidia.com/gpu": count} for key in ("capacity", "allocatable")}
    return {**node, "status": {**node["status"], **found}}


def _without_foreign(node: Obj) -> Obj:
    return {**node, "spec": {**node["spec"], "taints": [one for one in node["spec"]["taints"] if one != FOREIGN]}}
