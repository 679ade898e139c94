"""The API server's verbs on stored objects: names, versions, generations, grace and finalizers.

It decides when a write is refused and what a write may touch. HTTP is next door in `server.py`; what follows from a
write is the controllers' affair. Controllers write through here as well, with `edit`.
"""

import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sandbox.clock import SiteClock
from sandbox.kube import defaults, status, validate
from sandbox.kube.patches import patched
from sandbox.kube.resources import LEASES, NAMESPACES, PODS, Obj, Resource
from sandbox.kube.store import Store

_KEPT: Final = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")

_LETTERS: Final = "bcdfghjklmnpqrstvwxz2456789"


def stamp(moment: datetime) -> str:
    """Write an instant as metav1.Time does."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Deletion:
    """What a DeleteOptions asks for. grace_s None: the object's own."""

    grace_s: int | None = None
    uid: str | None = None
    version: str | None = None
    dry: bool = False


class Api:
    """The verbs. Everything here is synchronous: one call is one transaction."""

    def __init__(self, store: Store, clock: SiteClock) -> None:
        self.store = store
        self.clock = clock

    def now(self) -> str:
        """Site time as it is written into objects."""
        return stamp(self.clock.now())

    def create(self, resource: Resource, namespace: str, given: Obj, *, dry: bool = False) -> Obj:
        """Store a new object with all that the server fills in."""
        obj = self._fresh(resource, namespace, given)
        name = obj["metadata"]["name"]
        if resource.namespaced:
            self.check_namespace(resource, namespace, name)
        validate.check(resource, obj)
        if dry and self.store.find(resource, namespace, name):
            raise status.already_exists(resource, name)
        return obj if dry else self.store.add(resource, obj)

    def update(
        self, resource: Resource, namespace: str, name: str, given: Obj, *, sub: str = "", dry: bool = False
    ) -> Obj:
        """Replace an object, or its status only. A stale resourceVersion is a 409."""
        if resource is LEASES and not self.store.find(resource, namespace, name):
            return self.create(resource, namespace, given, dry=dry)  # leases, and only they, allow create on update
        old = self.store.get(resource, namespace, name)
        meta = given.get("metadata") or {}
        if meta.get("name", name) != name:
            raise status.bad_request(
                f"the name of the object ({meta['name']}) does not match the name on the URL ({name})"
            )
        self._guard(resource, old, meta.get("uid"), meta.get("resourceVersion"))
        return self._replace(resource, old, given, sub=sub, dry=dry)

    def patch(
        self, resource: Resource, namespace: str, name: str, content_type: str, patch: Any, *, sub: str = "", dry: bool
    ) -> Obj:
        """Patch an object, or its status only. A resourceVersion in the patch guards it."""
        old = self.store.get(resource, namespace, name)
        return self.update(
            resource, namespace, name, patched(content_type, _whole(resource, old), patch), sub=sub, dry=dry
        )

    def edit(self, resource: Resource, namespace: str, name: str, change: Callable[[Obj], Obj]) -> Obj | None:
        """Let a controller change what it just read; None when the object is gone. Nothing is guarded or kept."""
        old = self.store.find(resource, namespace, name)
        if old is None:
            return None
        new = change(old)
        if resource.counts_generations and new.get("spec") != old.get("spec"):
            new = {**new, "metadata": {**new["metadata"], "generation": old["metadata"]["generation"] + 1}}
        return self._settle(resource, self.store.put(resource, new))

    def delete(self, resource: Resource, namespace: str, name: str, how: Deletion = Deletion()) -> tuple[Obj, bool]:
        """Delete, or mark what has grace or finalizers left. Returns the object and whether it is gone."""
        old = self.store.get(resource, namespace, name)
        self._guard(resource, old, how.uid, how.version, deleting=True)
        grace_s = _grace_s(resource, old, how)
        if resource is not NAMESPACES and not grace_s and not old["metadata"].get("finalizers"):
            return (old if how.dry else self.store.remove(resource, namespace, name)), True
        meta = old["metadata"]
        left_s = meta.get("deletionGracePeriodSeconds")
        if "deletionTimestamp" in meta and (left_s is None or grace_s >= left_s):
            return old, False
        ends = stamp(self.clock.now() + timedelta(seconds=grace_s))
        new = {**old, "metadata": {**meta, "deletionTimestamp": ends, "deletionGracePeriodSeconds": grace_s}}
        if resource is NAMESPACES:
            new["status"] = {**new.get("status", {}), "phase": "Terminating"}
        return (new if how.dry else self.store.put(resource, new)), False

    def check_namespace(self, resource: Resource, namespace: str, name: str) -> None:
        """Refuse to create in a namespace that is not there or is going."""
        found = self.store.get(NAMESPACES, "", namespace)
        if "deletionTimestamp" in found["metadata"]:
            raise status.terminating(resource, name, namespace)

    def _fresh(self, resource: Resource, namespace: str, given: Obj) -> Obj:
        given = validate.check_shape(resource, given)
        meta = dict(given.get("metadata") or {})
        if meta.get("resourceVersion"):
            raise status.bad_request("resourceVersion should not be set on objects to be created")
        if not meta.get("name"):
            if not meta.get("generateName"):
                raise status.invalid(resource, "", "metadata.name", "Required value: name or generateName is required")
            meta["name"] = self._free_name(resource, namespace, meta["generateName"])
        if resource.namespaced:
            if meta.get("namespace", namespace) != namespace:
                raise status.bad_request(
                    "the namespace of the provided object does not match the namespace sent on the request"
                )
            meta["namespace"] = namespace
        meta |= {"uid": str(uuid.uuid4()), "creationTimestamp": self.now()}
        if resource.counts_generations:
            meta["generation"] = 1
        body = {key: value for key, value in given.items() if key not in {"kind", "apiVersion", "metadata"}}
        return defaults.filled(resource, {"metadata": meta, **body})

    def _free_name(self, resource: Resource, namespace: str, prefix: str) -> str:
        """Append letters as Kubernetes does: no vowels, so no words; another throw when the name is taken."""
        while True:
            name = prefix + "".join(secrets.choice(_LETTERS) for _ in range(5))
            if self.store.find(resource, namespace, name) is None:
                return name

    def _replace(self, resource: Resource, old: Obj, given: Obj, *, sub: str, dry: bool) -> Obj:
        given = validate.check_shape(resource, given)
        kept: Mapping[str, Any] = {key: old["metadata"][key] for key in _KEPT if key in old["metadata"]}
        told = given.get("metadata") or {}
        given_meta = {key: value for key, value in told.items() if key not in _KEPT and value is not None}
        version = old["metadata"]["resourceVersion"]
        meta = {**given_meta, **kept, "name": old["metadata"]["name"], "resourceVersion": version}
        if resource.namespaced:
            meta["namespace"] = old["metadata"]["namespace"]
        body = {key: value for key, value in given.items() if key not in {"kind", "apiVersion", "metadata"}}
        if sub == "status":
            body = {**old, "status": body.get("status", {})}
        elif resource.has_status:
            body = (
                {**body, "status": old["status"]}
                if "status" in old
                else {k: v for k, v in body.items() if k != "status"}
            )
        new = {**body, "metadata": meta}
        if resource.counts_generations and new.get("spec") != old.get("spec"):
            meta["generation"] += 1
        validate.check(resource, new)
        return new if dry else self._settle(resource, self.store.put(resource, new))

    def _settle(self, resource: Resource, obj: Obj) -> Obj:
        """Remove an object whose last finalizer is gone."""
        meta = obj["metadata"]
        waits = meta.get("finalizers") or meta.get("deletionGracePeriodSeconds") or resource is NAMESPACES
        if "deletionTimestamp" in meta and not waits:
            return self.store.remove(resource, meta.get("namespace", ""), meta["name"])
        return obj

    @staticmethod
    def _guard(resource: Resource, old: Obj, uid: str | None, version: str | None, *, deleting: bool = False) -> None:
        meta = old["metadata"]
        name = meta["name"]
        if uid and uid != meta["uid"]:
            why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {meta['uid']}"
            raise status.conflict(resource, name, why)
        if version and version != meta["resourceVersion"]:
            if not deleting:
                raise status.conflict(resource, name)
            why = (
                f"Precondition failed: ResourceVersion in precondition: {version}, "
                f"ResourceVersion in object meta: {meta['resourceVersion']}"
            )
            raise status.conflict(resource, name, why)


def _whole(resource: Resource, obj: Obj) -> Obj:
    return {"kind": resource.kind, "apiVersion": resource.api_version, **obj}


def _grace_s(resource: Resource, pod: Obj, how: Deletion) -> int:
    """Return the seconds a pod is given; nothing else gets any, nor a pod that runs nowhere."""
    if resource is not PODS:
        return 0
    if not pod["spec"].get("nodeName") or pod.get("status", {}).get("phase") in {"Succeeded", "Failed"}:
        return 0
    return int(pod["spec"]["terminationGracePeriodSeconds"]) if how.grace_s is None else max(how.grace_s, 0)
