"""Deployments and ReplicaSets: as many pods as were asked for, made anew wherever the scheduler finds room."""

import hashlib
import json
from typing import Final

from sandbox.kube.cluster import Cluster
from sandbox.kube.pods import owned_pod, owner_reference
from sandbox.kube.resources import DEPLOYMENTS, PODS, REPLICASETS, Obj
from sandbox.kube.store import Change, Key
from sandbox.kube.views import is_active, is_pod_ready, owner

_HASH: Final = "pod-template-hash"


class Workloads:
    """Both controllers in one: nothing here rolls out slowly, a new template replaces the old at once."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._deployments: set[Key] = set()
        self._sets: set[Key] = set()

    def saw(self, change: Change) -> None:
        """Note what may have too few or too many pods."""
        meta = change.obj["metadata"]
        if change.resource is DEPLOYMENTS:
            self._deployments.add((meta["namespace"], meta["name"]))
        elif change.resource is REPLICASETS:
            self._sets.add((meta["namespace"], meta["name"]))
            if above := owner(change.obj):
                self._deployments.add((meta["namespace"], above["name"]))
        elif change.resource is PODS:
            above = owner(change.obj)
            if above and above["kind"] == "ReplicaSet":
                self._sets.add((meta["namespace"], above["name"]))

    def sync(self) -> None:
        """Make the numbers so."""
        deployments, self._deployments = self._deployments, set()
        for key in deployments:
            if deployment := self._cluster.store.find(DEPLOYMENTS, *key):
                self._roll(deployment)
        sets, self._sets = self._sets, set()
        for key in sets:
            if replica_set := self._cluster.store.find(REPLICASETS, *key):
                self._scale(replica_set)

    def _roll(self, deployment: Obj) -> None:
        namespace, name = deployment["metadata"]["namespace"], deployment["metadata"]["name"]
        template = deployment["spec"]["template"]
        digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:10]
        current = f"{name}-{digest}"
        mine = [
            stored.obj
            for stored in self._cluster.store.all(REPLICASETS, namespace)
            if (above := owner(stored.obj)) and above["uid"] == deployment["metadata"]["uid"]
        ]
        for old in mine:
            wanted = deployment["spec"]["replicas"] if old["metadata"]["name"] == current else 0
            self._ask(old, wanted)
        if all(old["metadata"]["name"] != current for old in mine):
            self._cluster.api.create(REPLICASETS, namespace, _replica_set(deployment, current, digest))
        self._tell(deployment, mine)

    def _ask(self, replica_set: Obj, replicas: int) -> None:
        meta = replica_set["metadata"]
        self._cluster.api.edit(
            REPLICASETS,
            meta["namespace"],
            meta["name"],
            lambda old: {**old, "spec": {**old["spec"], "replicas": replicas}},
        )

    def _tell(self, deployment: Obj, sets: list[Obj]) -> None:
        told: Obj = {"observedGeneration": deployment["metadata"]["generation"]}
        for field in ("replicas", "readyReplicas", "availableReplicas"):
            told[field] = sum(one["status"].get(field, 0) for one in sets)
        told["updatedReplicas"] = told["replicas"]
        meta = deployment["metadata"]
        self._cluster.api.edit(DEPLOYMENTS, meta["namespace"], meta["name"], lambda old: {**old, "status": told})

    def _scale(self, replica_set: Obj) -> None:
        pods = [pod for pod in self._cluster.pods_of(replica_set["metadata"]["uid"]) if is_active(pod)]
        namespace = replica_set["metadata"]["namespace"]
        missing = replica_set["spec"]["replicas"] - len(pods)
        for _ in range(missing):
            self._cluster.api.create(PODS, namespace, owned_pod(REPLICASETS, replica_set))
        if missing < 0:
            for pod in sorted(pods, key=_worth)[:-missing]:
                self._cluster.api.delete(PODS, namespace, pod["metadata"]["name"])
        ready = sum(is_pod_ready(pod) for pod in pods)
        told = {
            "replicas": len(pods),
            "readyReplicas": ready,
            "availableReplicas": ready,
            "observedGeneration": replica_set["metadata"]["generation"],
        }
        name = replica_set["metadata"]["name"]
        self._cluster.api.edit(REPLICASETS, namespace, name, lambda old: {**old, "status": told})


def _worth(pod: Obj) -> tuple[bool, bool, bool]:
    """Order pods by how little is lost with them: unscheduled, pending, not ready."""
    return bool(pod["spec"].get("nodeName")), pod["status"].get("phase") == "Running", is_pod_ready(pod)


def _replica_set(deployment: Obj, name: str, digest: str) -> Obj:
    template = deployment["spec"]["template"]
    labels = {**template["metadata"].get("labels", {}), _HASH: digest}
    return {
        "metadata": {"name": name, "labels": labels, "ownerReferences": [owner_reference(DEPLOYMENTS, deployment)]},
        "spec": {
            "replicas": deployment["spec"]["replicas"],
            "selector": {"matchLabels": labels},
            "template": {**template, "metadata": {**template["metadata"], "labels": labels}},
        },
    }
