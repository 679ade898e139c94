"""Questions about objects that more than one part asks: is it ready, does it tolerate, who owns it. Pure."""

from collections.abc import Iterable

from sandbox.kube.resources import Obj
from sandbox.kube.selectors import expression

MIRROR = "kubernetes.io/config.mirror"


def condition(obj: Obj, kind: str) -> Obj | None:
    """Return one of an object's conditions."""
    return next((one for one in obj.get("status", {}).get("conditions", ()) if one["type"] == kind), None)


def with_condition(  # noqa: PLR0917 - a condition is these four words
    obj: Obj, now: str, kind: str, value: str, reason: str = "", message: str = ""
) -> Obj:
    """Return the object with one condition set; lastTransitionTime moves only when its status does."""
    old = condition(obj, kind)
    if old and (old["status"], old.get("reason", ""), old.get("message", "")) == (value, reason, message):
        return obj
    since = old["lastTransitionTime"] if old and old["status"] == value else now
    new: Obj = {"type": kind, "status": value, "lastTransitionTime": since}
    if reason:
        new |= {"reason": reason, "message": message}
    known = obj.get("status", {}).get("conditions", [])
    conditions = [new if one["type"] == kind else one for one in known] if old else [*known, new]
    return {**obj, "status": {**obj.get("status", {}), "conditions": conditions}}


def is_true(obj: Obj, kind: str) -> bool:
    """Whether a condition is known and True."""
    found = condition(obj, kind)
    return found is not None and found["status"] == "True"


def is_pod_ready(pod: Obj) -> bool:
    return is_true(pod, "Ready")


def is_node_ready(node: Obj) -> bool:
    return is_true(node, "Ready")


def is_going(obj: Obj) -> bool:
    """Whether it has been deleted and is not gone yet."""
    return "deletionTimestamp" in obj["metadata"]


def is_active(pod: Obj) -> bool:
    """Whether its owner still counts on it."""
    return not is_going(pod) and pod.get("status", {}).get("phase") not in {"Succeeded", "Failed"}


def is_running(pod: Obj) -> bool:
    return bool(pod.get("status", {}).get("phase") == "Running")


def owner(obj: Obj) -> Obj | None:
    """Return the reference to its controller."""
    return next((one for one in obj["metadata"].get("ownerReferences", ()) if one.get("controller")), None)


def is_workload(pod: Obj) -> bool:
    """Whether somebody would miss it: neither a DaemonSet's pod nor a mirror of a static one."""
    above = owner(pod)
    is_daemon = above is not None and above["kind"] == "DaemonSet"
    return not is_daemon and MIRROR not in (pod["metadata"].get("annotations") or {})


def tolerates(tolerations: Iterable[Obj], taint: Obj) -> Obj | None:
    """Return the toleration that covers a taint."""
    for one in tolerations:
        if one.get("effect") and one["effect"] != taint["effect"]:
            continue
        if one.get("key") and one["key"] != taint["key"]:
            continue
        is_exists = one.get("operator") == "Exists"
        if is_exists or (one.get("key") and one.get("value", "") == taint.get("value", "")):
            return one
    return None


def blocking_taints(pod_spec: Obj, node: Obj) -> list[Obj]:
    """Return the taints that keep a pod off a node."""
    tolerations = pod_spec.get("tolerations") or ()
    hard = [taint for taint in node["spec"].get("taints") or () if taint["effect"] != "PreferNoSchedule"]
    return [taint for taint in hard if tolerates(tolerations, taint) is None]


def is_wanted_on(pod_spec: Obj, node: Obj) -> bool:
    """Whether nodeSelector and required node affinity accept a node."""
    labels = node["metadata"].get("labels") or {}
    if any(labels.get(key) != value for key, value in (pod_spec.get("nodeSelector") or {}).items()):
        return False
    affinity = (pod_spec.get("affinity") or {}).get("nodeAffinity") or {}
    terms = (affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms")
    if not terms:
        return True
    return any(all(expression(one)(labels) for one in term.get("matchExpressions", ())) for term in terms)


def gpus(pod_spec: Obj) -> int:
    """Count the GPUs a pod asks for."""
    limits = (one.get("resources", {}).get("limits", {}) for one in pod_spec.get("containers", ()))
    return sum(int(one.get("nvidia.com/gpu", 0)) for one in limits)
