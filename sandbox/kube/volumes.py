"""The attach-detach controller: a node's status names the volumes of its pods, and for a while those of pods that went.

It knows claims by name alone; what is behind them is nobody's business here.
"""

from typing import Final

from sandbox.kube.cluster import Cluster
from sandbox.kube.resources import NODES, PODS, Obj
from sandbox.kube.store import Change

DRIVER: Final = "kubernetes.io/csi/csi.site.example^"
_DETACH_S: Final = 6.0


class Volumes:
    """Attaches at once, and detaches a while after the pod is gone; a fault `detach` has it forget."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._dirty: set[str] = set()

    def saw(self, change: Change) -> None:
        """Note nodes whose pods with volumes came or went."""
        node = change.obj["spec"].get("nodeName") if change.resource is PODS else None
        if node and _claims(change.obj):
            if change.type == "DELETED":
                self._cluster.timers.after(_DETACH_S, lambda: self._detach(node))
            else:
                self._dirty.add(node)

    def sync(self) -> None:
        """Attach what was noted."""
        dirty, self._dirty = self._dirty, set()
        for node in dirty:
            self._attach(node)

    def _attach(self, node: str) -> None:
        wanted = self._wanted(node)
        self._cluster.api.edit(NODES, "", node, lambda old: _with(old, _names(old) | wanted))

    def _detach(self, node: str) -> None:
        if self._cluster.faults.peek("detach", node) != "forget":
            self._cluster.api.edit(NODES, "", node, lambda old: _with(old, self._wanted(node)))

    def _wanted(self, node: str) -> set[str]:
        return {f"{DRIVER}{claim}" for pod in self._cluster.pods_on(node) for claim in _claims(pod)}


def _claims(pod: Obj) -> list[str]:
    volumes = pod["spec"].get("volumes") or ()
    return [each["persistentVolumeClaim"]["claimName"] for each in volumes if "persistentVolumeClaim" in each]


def _names(node: Obj) -> set[str]:
    return {each["name"] for each in node["status"].get("volumesAttached") or ()}


def _with(node: Obj, names: set[str]) -> Obj:
    status = {key: value for key, value in node["status"].items() if key != "volumesAttached"}
    attached = [{"name": name, "devicePath": ""} for name in sorted(names)]
    return {**node, "status": {**status, "volumesAttached": attached} if attached else status}
