"""Garbage: what goes when something else has gone. Owned objects with their owner, pods with their node, contents with
their namespace.
"""

from typing import Final

from sandbox.kube.cluster import NOW, Cluster
from sandbox.kube.pod_life import PodLife
from sandbox.kube.resources import (
    ALL,
    DAEMONSETS,
    DEPLOYMENTS,
    JOBS,
    NAMESPACES,
    NODES,
    PODS,
    REPLICASETS,
    STATEFULSETS,
)
from sandbox.kube.store import Change

_OWNERS: Final = (DAEMONSETS, DEPLOYMENTS, JOBS, REPLICASETS, STATEFULSETS)
QUARANTINE_S: Final = 40.0
"""How long the pod collector waits before it believes that a node is gone. Source: pkg/controller/podgc."""


class Cleaner:
    """The garbage, pod and namespace collectors."""

    def __init__(self, cluster: Cluster, pods: PodLife) -> None:
        self._cluster = cluster
        self._pods = pods
        self._owners: set[str] = set()
        self._namespaces: set[str] = set()

    def saw(self, change: Change) -> None:
        """Note owners, nodes and namespaces that went."""
        meta = change.obj["metadata"]
        if change.resource is NAMESPACES and "deletionTimestamp" in meta and change.type != "DELETED":
            self._namespaces.add(meta["name"])
        elif change.type == "DELETED" and change.resource in _OWNERS:
            self._owners.add(meta["uid"])
        elif change.type == "DELETED" and change.resource is NODES:
            name = meta["name"]
            self._cluster.timers.after(QUARANTINE_S, lambda: self._orphans_of(name))
        elif change.type == "DELETED" and "namespace" in meta:
            self._note_ending(meta["namespace"])

    def sync(self) -> None:
        """Take away what was noted."""
        owners, self._owners = self._owners, set()
        if owners:
            self._delete_owned(owners)
        namespaces, self._namespaces = self._namespaces, set()
        for name in namespaces:
            self._empty(name)

    def _note_ending(self, namespace: str) -> None:
        found = self._cluster.store.find(NAMESPACES, "", namespace)
        if found and "deletionTimestamp" in found["metadata"]:
            self._namespaces.add(namespace)

    def _delete_owned(self, owners: set[str]) -> None:
        for resource in (PODS, REPLICASETS):
            for stored in self._cluster.store.all(resource):
                meta = stored.obj["metadata"]
                if any(one["uid"] in owners for one in meta.get("ownerReferences", ())):
                    self._cluster.api.delete(resource, meta["namespace"], meta["name"])

    def _orphans_of(self, node: str) -> None:
        """Delete at once the pods of a node that has not come back."""
        if self._cluster.store.find(NODES, "", node):
            return
        self._pods.orphaned(node)
        for pod in self._cluster.pods_on(node):
            self._cluster.api.delete(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"], NOW)

    def _empty(self, namespace: str) -> None:
        left = 0
        for resource in ALL:
            if not resource.namespaced:
                continue
            for stored in self._cluster.store.all(resource, namespace):
                _, gone = self._cluster.api.delete(resource, namespace, stored.obj["metadata"]["name"])
                left += not gone
        found = self._cluster.store.find(NAMESPACES, "", namespace)
        if not left and found and not found["metadata"].get("finalizers"):
            self._cluster.store.remove(NAMESPACES, "", namespace)
