"""What the real API server and its admission fill in, kind by kind. Pure."""

from typing import Final

from sandbox.kube.resources import (
    BUDGETS,
    DAEMONSETS,
    DEPLOYMENTS,
    LEASES,
    NAMESPACES,
    NODES,
    PODS,
    REPLICASETS,
    STATEFULSETS,
    Obj,
    Resource,
)

NOT_READY: Final = "node.kubernetes.io/not-ready"
UNREACHABLE: Final = "node.kubernetes.io/unreachable"
STARTUP: Final = {"key": "lendbot/starting", "value": "true", "effect": "NoSchedule"}
"""What the site's role registers a lent node with, as puppet/cloud_compute does."""
UNSCHEDULABLE: Final = "node.kubernetes.io/unschedulable"

_PATIENCE: Final = tuple(
    {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    for key in (NOT_READY, UNREACHABLE)
)
"""Admission's DefaultTolerationSeconds: a pod stays five minutes on a node that stopped answering."""


_NODE_INFO: Final = (
    "machineID",
    "systemUUID",
    "bootID",
    "kernelVersion",
    "osImage",
    "containerRuntimeVersion",
    "kubeletVersion",
    "kubeProxyVersion",
    "operatingSystem",
    "architecture",
)
"""Go's structs without omitempty: the real server always sends these, and typed clients insist on them."""
_BUDGET_COUNTS: Final = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")


def filled(resource: Resource, obj: Obj) -> Obj:
    """Return a new object with its defaults."""
    if resource is PODS:
        return {
            **obj,
            "spec": _pod_spec(obj.get("spec") or {}),
            "status": {"phase": "Pending", **obj.get("status", {})},
        }
    if resource is NODES:
        return {**obj, "spec": obj.get("spec") or {}, "status": _node_status(obj.get("status") or {})}
    if resource is BUDGETS:
        return {**obj, "status": dict.fromkeys(_BUDGET_COUNTS, 0)}
    if resource is NAMESPACES:
        labels = {"kubernetes.io/metadata.name": obj["metadata"]["name"], **(obj["metadata"].get("labels") or {})}
        meta = {**obj["metadata"], "labels": labels}
        return {"metadata": meta, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
    if resource in {DEPLOYMENTS, REPLICASETS}:
        return {**obj, "spec": {"replicas": 1, **obj.get("spec", {})}, "status": {"replicas": 0}}
    if resource is STATEFULSETS:
        return {**obj, "status": {"replicas": 0, "availableReplicas": 0}}
    if resource is DAEMONSETS:
        counts = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady")
        return {**obj, "status": dict.fromkeys(counts, 0)}
    if resource is LEASES:
        return {**obj, "spec": obj.get("spec") or {}}
    if resource.has_status:
        return {**obj, "status": obj.get("status") or {}}
    return obj


def _node_status(status: Obj) -> Obj:
    endpoints = {"kubeletEndpoint": {"Port": 0}}
    info = {**dict.fromkeys(_NODE_INFO, ""), **status.get("nodeInfo", {})}
    return {"daemonEndpoints": endpoints, **status, "nodeInfo": info}


def _pod_spec(spec: Obj) -> Obj:
    tolerations = list(spec.get("tolerations") or [])
    tolerations += [one for one in _PATIENCE if not any(_covers(known, one) for known in tolerations)]
    fixed = {"restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "schedulerName": "default-scheduler"}
    return {**fixed, **spec, "tolerations": tolerations}


def _covers(known: Obj, one: Obj) -> bool:
    return known.get("key") in {one["key"], None} and known.get("effect") in {"NoExecute", None}
