"""Discovery documents: what kubectl reads before it says anything else. Built from the table of resources."""

import platform
from typing import Final

from sandbox.kube.resources import ALL, GROUPS, Obj, Resource

VERSION: Final[Obj] = {
    "major": "1",
    "minor": "36",
    "gitVersion": "v1.36.2+lendbot-sandbox",
    "gitCommit": "0000000000000000000000000000000000000000",
    "gitTreeState": "clean",
    "buildDate": "2026-01-01T00:00:00Z",
    "goVersion": "none",
    "compiler": "none",
    "platform": f"linux/{platform.machine()}",
}
API: Final[Obj] = {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}

_STORED_VERBS: Final = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_SUBRESOURCES: Final = {
    "status": ("", "", "", ["get", "patch", "update"]),
    "eviction": ("policy", "v1", "Eviction", ["create"]),
}


def _group(group: str, version: str) -> Obj:
    known = {"groupVersion": f"{group}/{version}", "version": version}
    return {"name": group, "versions": [known], "preferredVersion": known}


def group_list() -> Obj:
    """Return `/apis`."""
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(*known) for known in GROUPS]}


def one_group(name: str) -> Obj | None:
    """Return `/apis/NAME`, or None for a group that is not served."""
    found = next((known for known in GROUPS if known[0] == name), None)
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(*found)} if found else None


def _entries(resource: Resource) -> list[Obj]:
    entry: Obj = {
        "name": resource.plural,
        "singularName": resource.kind.lower(),
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": _STORED_VERBS if resource.stored else ["create"],
    }
    if resource.short:
        entry["shortNames"] = list(resource.short)
    entries = [entry]
    for name in resource.subresources:
        group, version, kind, verbs = _SUBRESOURCES[name]
        below = {
            "name": f"{resource.plural}/{name}",
            "singularName": "",
            "namespaced": resource.namespaced,
            "kind": kind or resource.kind,
            "verbs": verbs,
        }
        entries.append({**below, "group": group, "version": version} if group else below)
    return entries


def resource_list(group: str, version: str) -> Obj | None:
    """Return `/api/v1` or `/apis/GROUP/VERSION`, or None when it is not served."""
    served = [resource for resource in ALL if (resource.group, resource.version) == (group, version)]
    if not served:
        return None
    entries = [entry for resource in served for entry in _entries(resource)]
    named = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": named, "resources": entries}
