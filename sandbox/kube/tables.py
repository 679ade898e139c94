"""What `kubectl get` prints: the server chooses the columns. Pure; ages are in site time, whatever its speed."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from sandbox.kube.resources import BUDGETS, DAEMONSETS, DEPLOYMENTS, NODES, PODS, Obj, Resource
from sandbox.kube.views import is_going, is_node_ready

WANTED: Final = "as=Table"
Column = tuple[str, Callable[[Obj], object]]

_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86400


def _node_status(node: Obj) -> str:
    ready = "Ready" if is_node_ready(node) else "NotReady"
    return f"{ready},SchedulingDisabled" if node["spec"].get("unschedulable") else ready


def _roles(node: Obj) -> str:
    prefix = "node-role.kubernetes.io/"
    roles = [key.removeprefix(prefix) for key in node["metadata"].get("labels", {}) if key.startswith(prefix)]
    return ",".join(sorted(roles)) or "<none>"


def _ready_containers(pod: Obj) -> str:
    told = pod.get("status", {}).get("containerStatuses", ())
    return f"{sum(one['ready'] for one in told)}/{len(pod['spec'].get('containers', ()))}"


def _pod_status(pod: Obj) -> str:
    return "Terminating" if is_going(pod) else str(pod.get("status", {}).get("phase", "Unknown"))


def _status(field: str) -> Callable[[Obj], object]:
    return lambda obj: obj.get("status", {}).get(field, 0)


def _spec(field: str) -> Callable[[Obj], object]:
    return lambda obj: obj["spec"].get(field, "N/A")


_COLUMNS: Final[Mapping[Resource, Sequence[Column]]] = {
    NODES: (
        ("Status", _node_status),
        ("Roles", _roles),
        ("Version", lambda node: node["status"].get("nodeInfo", {}).get("kubeletVersion", "")),
    ),
    PODS: (
        ("Ready", _ready_containers),
        ("Status", _pod_status),
        ("Node", lambda pod: pod["spec"].get("nodeName", "<none>")),
    ),
    DAEMONSETS: (("Desired", _status("desiredNumberScheduled")), ("Ready", _status("numberReady"))),
    DEPLOYMENTS: (("Wanted", _spec("replicas")), ("Ready", _status("readyReplicas"))),
    BUDGETS: (
        ("Min Available", _spec("minAvailable")),
        ("Max Unavailable", _spec("maxUnavailable")),
        ("Allowed Disruptions", _status("disruptionsAllowed")),
    ),
}


def table(resource: Resource, objects: Sequence[Obj], meta: Obj, now: datetime) -> Obj:
    """Return a Table of these objects; meta is the list's own, or empty."""
    columns = _COLUMNS.get(resource, ())
    names = ["Name", *(name for name, _ in columns), "Age"]
    rows = [
        {
            "cells": [obj["metadata"]["name"], *(read(obj) for _, read in columns), _age(obj, now)],
            "object": {
                "kind": "PartialObjectMetadata",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": obj["metadata"],
            },
        }
        for obj in objects
    ]
    definitions = [
        {
            "name": name,
            "type": "string",
            "format": "name" if name == "Name" else "",
            "description": name,
            "priority": 0,
        }
        for name in names
    ]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": meta,
        "columnDefinitions": definitions,
        "rows": rows,
    }


def _age(obj: Obj, now: datetime) -> str:
    made = datetime.strptime(obj["metadata"]["creationTimestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    age_s = max(int((now - made).total_seconds()), 0)
    for unit, length_s in (("d", _DAY_S), ("h", _HOUR_S), ("m", _MINUTE_S)):
        if age_s >= 2 * length_s:
            return f"{age_s // length_s}{unit}"
    return f"{age_s}s"
