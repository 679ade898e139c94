"""The cluster's JSON, read into values. Decides what a missing or odd field means; asks the cluster nothing."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from adapters.kube.api import SIDE, Json
from conversion.ports import UnexpectedAnswer
from loans.marks import Mark, read_label
from loans.nodes import KubeNode, NodeName, Taint

LOAN: Final = "lendbot/loan"
"""The annotation that carries our mark: the loan's number, and the name of the store that keeps it."""

MIRROR: Final = "kubernetes.io/config.mirror"
UNSCHEDULABLE: Final = Taint("node.kubernetes.io/unschedulable")

_STAYS: Final = {
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    "karpenter.sh/do-not-disrupt": "true",
    "karpenter.sh/do-not-evict": "true",
}
"""What people write on pods that are to be left alone by autoscalers. An eviction does not heed it; people may."""


@dataclass(frozen=True)
class HeldNode:
    """A node with what a guarded write needs beside our own view: its version and its taints, word for word."""

    node: KubeNode
    version: int
    raw_taints: tuple[Json, ...] = ()


@dataclass(frozen=True)
class Toleration:
    """As Kubernetes matches it: an empty key with Exists tolerates all, an empty effect every effect.

    An operator that nobody here knows tolerates nothing.
    """

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""

    def covers(self, taint: Taint) -> bool:
        """Return True when a pod with this toleration may ignore the taint."""
        if self.effect and self.effect != taint.effect:
            return False
        if self.operator == "Exists":
            return self.key in ("", taint.key)
        return self.operator == "Equal" and self.key == taint.key and self.value == taint.value


@dataclass(frozen=True)
class Owner:
    """The controller that made a pod, and would make another."""

    kind: str
    name: str
    uid: str


@dataclass(frozen=True)
class Pod:
    """What the drain must know of a pod.

    owner       None for a pod that nobody would make again
    empty_dirs  names of its emptyDir volumes, whose data ends with it
    ends_at     when its grace is over, set once it is being deleted
    grace       how long it was given then
    stays       by which annotation it asks autoscalers to leave it there, as `safe-to-evict: "false"`; "" by none
    """

    namespace: str
    name: str
    uid: str
    phase: str = "Running"
    ready: bool = False
    owner: Owner | None = None
    mirror: bool = False
    empty_dirs: tuple[str, ...] = ()
    finalizers: tuple[str, ...] = ()
    ends_at: datetime | None = None
    grace: timedelta | None = None
    stays: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()

    def __str__(self) -> str:
        """Return `namespace/name`."""
        return f"{self.namespace}/{self.name}"

    @property
    def is_finished(self) -> bool:
        """Return True when its containers have ended for good."""
        return self.phase in ("Succeeded", "Failed")

    @property
    def is_daemon(self) -> bool:
        """Return True when a DaemonSet would put it straight back."""
        return self.owner is not None and self.owner.kind == "DaemonSet"


@contextmanager
def understood(what: str, raw: object) -> Iterator[None]:
    """Turn a field that is missing or of another shape into UnexpectedAnswer with the raw object."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as odd:
        said = f"we do not understand its {what} ({type(odd).__name__}: {odd})"
        raise UnexpectedAnswer(SIDE, said, json.dumps(raw, default=str)) from odd


def items_of(body: Json, kind: str) -> list[Json]:
    """Return the items of a list answer. Only what says that it is this list, as of which version, is one.

    The API server writes no null for a list without items; what a proxy or an aggregated API leaves out may be the
    pod that is still there.
    """
    with understood(f"list of {kind}s", body):
        if body["kind"] != f"{kind}List":
            raise ValueError(f"it is a {body['kind']}")
        if not body["metadata"]["resourceVersion"]:
            raise ValueError("no resourceVersion")
        if not isinstance(body["items"], list):
            raise TypeError("items is not a list")
        items: list[Json] = body["items"]
        return items


def all_items_of(body: Json, kind: str) -> list[Json]:
    """Return the items of a list that was asked for whole."""
    items = items_of(body, kind)
    if body["metadata"].get("continue"):
        raise UnexpectedAnswer(SIDE, f"asked for all {kind}s, it answers with some of them", json.dumps(body))
    return items


def held_node(raw: Json) -> HeldNode:
    """Read a Node."""
    with understood("node", raw):
        meta, spec = raw["metadata"], raw.get("spec") or {}
        taints = tuple(spec.get("taints") or ())
        status = raw.get("status") or {}
        ready, why = _readiness(status)
        node = KubeNode(
            name=NodeName(meta["name"]),
            uid=meta["uid"],
            ready=ready,
            schedulable=spec.get("unschedulable") is not True,
            mark=_mark(meta.get("annotations") or {}),
            labels=dict(meta.get("labels") or {}),
            taints=tuple(Taint(t["key"], t.get("value") or "", t["effect"]) for t in taints),
            not_ready_why=why,
            finalizers=tuple(meta.get("finalizers") or ()),
            volumes=tuple(each["name"] for each in status.get("volumesAttached") or ()),
            allocatable={name: str(amount) for name, amount in (status.get("allocatable") or {}).items()},
        )
        return HeldNode(node, int(meta["resourceVersion"]), taints)


def pod_of(raw: Json) -> Pod:
    """Read a Pod."""
    with understood("pod", raw):
        meta, spec, status = raw["metadata"], raw.get("spec") or {}, raw.get("status") or {}
        ends_at, grace_s = meta.get("deletionTimestamp"), meta.get("deletionGracePeriodSeconds")
        return Pod(
            namespace=meta["namespace"],
            name=meta["name"],
            uid=meta["uid"],
            phase=status.get("phase") or "Unknown",
            ready=_condition(status, "Ready").get("status") == "True",
            owner=_controller(meta),
            mirror=MIRROR in (meta.get("annotations") or {}),
            empty_dirs=tuple(v["name"] for v in spec.get("volumes") or () if v.get("emptyDir") is not None),
            finalizers=tuple(meta.get("finalizers") or ()),
            ends_at=datetime.fromisoformat(ends_at) if ends_at else None,
            grace=timedelta(seconds=grace_s) if grace_s is not None else None,
            stays=_asks_to_stay(meta.get("annotations") or {}),
            labels=dict(meta.get("labels") or {}),
            tolerations=tolerations_of(spec),
        )


def tolerations_of(pod_spec: Json) -> tuple[Toleration, ...]:
    """Read the tolerations of a pod's spec, or of a pod template's."""
    return tuple(
        Toleration(t.get("key") or "", t.get("operator") or "Equal", t.get("value") or "", t.get("effect") or "")
        for t in pod_spec.get("tolerations") or ()
    )


def _condition(status: Json, kind: str) -> Json:
    return next((c for c in status.get("conditions") or () if c.get("type") == kind), {})


def _readiness(status: Json) -> tuple[bool, str]:
    """Return whether a node is Ready, and why not in its kubelet's words. Unknown is not ready."""
    condition = _condition(status, "Ready")
    if condition.get("status") == "True":
        return True, ""
    words = ": ".join(filter(None, (condition.get("reason"), condition.get("message"))))
    return False, words or "its kubelet has not reported yet"


def _asks_to_stay(annotations: Mapping[str, Any]) -> str:
    said = (
        f'{key.rpartition("/")[2]}: "{value}"'
        for key, value in _STAYS.items()
        if str(annotations.get(key)).lower() == value
    )
    return next(said, "")


def _mark(annotations: Mapping[str, Any]) -> Mark | None:
    said = annotations.get(LOAN)
    return None if said is None else read_label(str(said))


def _controller(meta: Json) -> Owner | None:
    found = next((o for o in meta.get("ownerReferences") or () if o.get("controller")), None)
    return Owner(found["kind"], found["name"], found["uid"]) if found else None
