"""The people who use the cluster: they bring work when lent nodes arrive, and end some when nodes leave.

Their pods tolerate whatever taints the lent nodes carry once these have settled; what taints those are is the product's
choice, and nothing here knows them beforehand.
"""

import hashlib
from functools import partial
from typing import Final

from sandbox.kube.cluster import Cluster
from sandbox.kube.defaults import STARTUP
from sandbox.kube.machines import FOREIGN
from sandbox.kube.resources import BUDGETS, DEPLOYMENTS, NODES, Obj
from sandbox.kube.seed import BASE_NODES, deployment
from sandbox.kube.store import Change
from sandbox.kube.views import is_node_ready

SETTLED_S: Final = 15.0
LEAVES_AFTER_S: Final = 90.0
_MOST_KINDS: Final = 4
_SYSTEM: Final = "node.kubernetes.io/"
_WORK: Final = (("nanohub", "tool", 3), ("jupyter", "notebook", 2), ("gateway", "worker", 1))
"""Namespace, what runs there, and how many pods of it each lent node brings."""

Taints = tuple[tuple[str, str], ...]


class Demand:
    """Keeps as much work as the lent nodes invite; it grows at once and shrinks late, as people do."""

    def __init__(self, cluster: Cluster, *, budgets: bool) -> None:
        self._cluster = cluster
        self._budgets = budgets
        self._settled: set[str] = set()
        self._waiting: set[str] = set()
        self._asked: dict[Taints, int] = {}
        self._may_grow = False

    def saw(self, change: Change) -> None:
        """Note lent nodes that came or went."""
        if change.resource is not NODES or change.obj["metadata"]["name"] in BASE_NODES:
            return
        uid = change.obj["metadata"]["uid"]
        is_open = change.type != "DELETED" and _is_open(change.obj)
        if is_open and uid not in self._settled | self._waiting:
            self._waiting.add(uid)
            self._cluster.timers.after(SETTLED_S, lambda: self._came(uid))
        elif not is_open and uid in self._settled:
            self._settled.discard(uid)
            self._cluster.timers.after(LEAVES_AFTER_S, self._shrink)

    def sync(self) -> None:
        """Bring work to the nodes that have settled."""
        if self._may_grow:
            self._may_grow = False
            for taints, nodes in self._invited().items():
                self._ask(taints, max(nodes, self._asked.get(taints, 0)))

    def _came(self, uid: str) -> None:
        self._waiting.discard(uid)
        self._settled.add(uid)
        self._may_grow = True
        self._cluster.wake()

    def _shrink(self) -> None:
        invited = self._invited()
        for taints in list(self._asked):
            self._ask(taints, invited.get(taints, 0))

    def _invited(self) -> dict[Taints, int]:
        """Count the open lent nodes that have settled, by the taints a pod has to bear there."""
        found: dict[Taints, int] = {}
        for stored in self._cluster.store.all(NODES):
            if stored.obj["metadata"]["uid"] in self._settled and _is_open(stored.obj):
                taints = _taints(stored.obj)
                found[taints] = found.get(taints, 0) + 1
        return found

    def _ask(self, taints: Taints, nodes: int) -> None:
        if taints not in self._asked and len(self._asked) >= _MOST_KINDS:
            return
        is_new = taints not in self._asked
        self._asked[taints] = nodes
        mark = hashlib.sha256(repr(taints).encode()).hexdigest()[:4]
        for namespace, what, each in _WORK:
            name = f"{what}-{mark}"
            if is_new:
                self._begin(namespace, name, taints)
            self._cluster.api.edit(DEPLOYMENTS, namespace, name, partial(_with_replicas, replicas=each * nodes))

    def _begin(self, namespace: str, name: str, taints: Taints) -> None:
        bears = [{"key": key, "operator": "Exists", "effect": effect} for key, effect in taints]
        if self._cluster.store.find(DEPLOYMENTS, namespace, name):
            return
        self._cluster.api.create(DEPLOYMENTS, namespace, deployment(name, 0, tolerations=bears))
        if namespace == "gateway" or not self._budgets:
            return
        spec = {"maxUnavailable": "25%", "selector": {"matchLabels": {"app": name}}}
        self._cluster.api.create(BUDGETS, namespace, {"metadata": {"name": name}, "spec": spec})


def _is_open(node: Obj) -> bool:
    """Whether people would send work there: a taint that will go by itself is not for them to tolerate."""
    passing = any(taint["key"] in (STARTUP["key"], FOREIGN["key"]) for taint in node["spec"].get("taints") or ())
    return is_node_ready(node) and not node["spec"].get("unschedulable") and not passing


def _taints(node: Obj) -> Taints:
    taints = node["spec"].get("taints") or ()
    return tuple(sorted((one["key"], one["effect"]) for one in taints if not one["key"].startswith(_SYSTEM)))


def _with_replicas(workload: Obj, replicas: int) -> Obj:
    return {**workload, "spec": {**workload["spec"], "replicas": replicas}}
