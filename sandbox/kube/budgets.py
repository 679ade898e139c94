"""The disruption controller: how many pods of each budget may be evicted now.

Source: k8s.io/kubernetes/pkg/controller/disruption/disruption.go. A pod that an eviction took counts as gone at once,
through disruptedPods, until it is seen going.
"""

import math
from typing import Any, Final

from sandbox.kube.cluster import Cluster
from sandbox.kube.resources import BUDGETS, PODS, REPLICASETS, STATEFULSETS, Obj
from sandbox.kube.selectors import selects
from sandbox.kube.store import Change, Key
from sandbox.kube.views import is_active, is_going, is_pod_ready, owner, with_condition

_SCALED: Final = {"ReplicaSet": REPLICASETS, "StatefulSet": STATEFULSETS}


class Budgets:
    """Recounts a budget when it, or a pod it may cover, changes."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._dirty: set[Key] = set()

    def saw(self, change: Change) -> None:
        """Note the budgets to recount."""
        meta = change.obj["metadata"]
        if change.resource is BUDGETS and change.type != "DELETED":
            self._dirty.add((meta["namespace"], meta["name"]))
        elif change.resource in {PODS, REPLICASETS, STATEFULSETS}:
            labels = meta.get("labels") or {}
            for stored in self._cluster.store.all(BUDGETS, meta["namespace"]):
                key = (meta["namespace"], stored.obj["metadata"]["name"])
                if change.resource is not PODS or selects(stored.obj["spec"].get("selector"))(labels):
                    self._dirty.add(key)

    def sync(self) -> None:
        """Recount what was noted."""
        dirty, self._dirty = self._dirty, set()
        for namespace, name in dirty:
            self._cluster.api.edit(BUDGETS, namespace, name, self._recounted)

    def _recounted(self, budget: Obj) -> Obj:
        test = selects(budget["spec"].get("selector"))
        namespace = budget["metadata"]["namespace"]
        pods = [
            stored.obj
            for stored in self._cluster.store.all(PODS, namespace)
            if test(stored.obj["metadata"].get("labels") or {})
        ]
        disrupted = self._still_disrupted(budget, pods)
        active = [pod for pod in pods if is_active(pod)]
        healthy = sum(is_pod_ready(pod) and pod["metadata"]["name"] not in disrupted for pod in active)
        expected, needed = self._needs(budget["spec"], active)
        allowed = max(healthy - needed, 0) if expected > 0 else 0
        told: Obj = {
            "observedGeneration": budget["metadata"]["generation"],
            "currentHealthy": healthy,
            "desiredHealthy": needed,
            "expectedPods": expected,
            "disruptionsAllowed": allowed,
        }
        if disrupted:
            told["disruptedPods"] = disrupted
        if "conditions" in budget.get("status", {}):
            told["conditions"] = budget["status"]["conditions"]
        value, reason = ("True", "SufficientPods") if allowed else ("False", "InsufficientPods")
        return with_condition({**budget, "status": told}, self._cluster.api.now(), "DisruptionAllowed", value, reason)

    @staticmethod
    def _still_disrupted(budget: Obj, pods: list[Obj]) -> dict[str, str]:
        here = {pod["metadata"]["name"] for pod in pods if not is_going(pod)}
        known: dict[str, str] = budget.get("status", {}).get("disruptedPods", {})
        return {name: when for name, when in known.items() if name in here}

    def _needs(self, spec: Obj, active: list[Obj]) -> tuple[int, int]:
        """Return the pods expected and the healthy ones needed. Percentages round up, as upstream does."""
        if "maxUnavailable" in spec:
            expected = self._scale(active)
            return expected, max(expected - _scaled(spec["maxUnavailable"], expected), 0)
        least = spec.get("minAvailable", 1)
        if isinstance(least, str) and least.endswith("%"):
            expected = self._scale(active)
            return expected, _scaled(least, expected)
        return len(active), int(least)

    def _scale(self, active: list[Obj]) -> int:
        """Sum the replicas asked for by the pods' controllers; an unscaled pod counts for itself."""
        owners = {above["uid"]: (pod, above) for pod in active if (above := owner(pod))}
        total = sum(owner(pod) is None for pod in active)
        for pod, above in owners.values():
            resource = _SCALED.get(above["kind"])
            found = (
                self._cluster.store.find(resource, pod["metadata"]["namespace"], above["name"]) if resource else None
            )
            total += found["spec"].get("replicas", 1) if found else 0
        return total


def _scaled(value: Any, total: int) -> int:
    if isinstance(value, str) and value.endswith("%"):
        return math.ceil(total * int(value[:-1]) / 100)
    return int(value)
