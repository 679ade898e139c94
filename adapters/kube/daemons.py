"""Which DaemonSets belong on a node, as the DaemonSet controller decides it. Pure.

Computed, because nothing in the cluster says it: a DaemonSet's status counts nodes without naming them, and a pod that
is not made yet is exactly what must be missed.
source   kubernetes pkg/controller/daemon: NodeShouldRunDaemonPod and AddOrUpdateDaemonPodTolerations
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from adapters.kube.api import Json
from adapters.kube.objects import Pod, Toleration, tolerations_of, understood
from adapters.kube.selectors import satisfies
from conversion.ports import DaemonPods
from loans.nodes import STARTING, KubeNode

_KEYS_OF_ALL: Final = ("disk-pressure", "memory-pressure", "pid-pressure", "unschedulable")
_EVICTING_KEYS: Final = ("not-ready", "unreachable")
_PREFIX: Final = "node.kubernetes.io/"

EVERY_DAEMON_TOLERATES: Final = (
    *(Toleration(_PREFIX + key, "Exists", "", "NoSchedule") for key in _KEYS_OF_ALL),
    *(Toleration(_PREFIX + key, "Exists", "", "NoExecute") for key in _EVICTING_KEYS),
)
_HOST_NETWORK_TOLERATES: Final = Toleration(_PREFIX + "network-unavailable", "Exists", "", "NoSchedule")


@dataclass(frozen=True)
class DaemonSet:
    """A DaemonSet's idea of where it belongs.

    terms   node affinity's required terms, of which one must hold; None asks for nothing
    ready   on how many nodes of the cluster it is
    """

    namespace: str
    name: str
    uid: str
    node_name: str = ""
    node_selector: Mapping[str, str] = field(default_factory=dict)
    terms: tuple[Json, ...] | None = None
    tolerations: tuple[Toleration, ...] = ()
    ready: int = 0

    def __str__(self) -> str:
        """Return `namespace/name`."""
        return f"{self.namespace}/{self.name}"


def daemonset_of(raw: Json) -> DaemonSet:
    """Read a DaemonSet."""
    with understood("DaemonSet", raw):
        meta, pod_spec = raw["metadata"], raw["spec"]["template"]["spec"]
        affinity = (pod_spec.get("affinity") or {}).get("nodeAffinity") or {}
        required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
        own = (_HOST_NETWORK_TOLERATES,) if pod_spec.get("hostNetwork") else ()
        return DaemonSet(
            namespace=meta["namespace"],
            name=meta["name"],
            uid=meta["uid"],
            node_name=pod_spec.get("nodeName") or "",
            node_selector=dict(pod_spec.get("nodeSelector") or {}),
            terms=tuple(required["nodeSelectorTerms"]) if required else None,
            tolerations=(*tolerations_of(pod_spec), *EVERY_DAEMON_TOLERATES, *own),
            ready=int((raw.get("status") or {}).get("numberReady") or 0),
        )


def belongs(daemonset: DaemonSet, node: KubeNode) -> bool:
    """Return True when the controller keeps a pod of this DaemonSet on the node."""
    if daemonset.node_name not in ("", node.name):
        return False
    if any(node.labels.get(key) != value for key, value in daemonset.node_selector.items()):
        return False
    if daemonset.terms is not None and not any(_holds(term, node) for term in daemonset.terms):
        return False
    hard = [taint for taint in node.taints if taint.effect in ("NoSchedule", "NoExecute")]
    return all(any(t.covers(taint) for t in daemonset.tolerations) for taint in hard)


def standing(daemonsets: Iterable[DaemonSet], node: KubeNode, pods: Sequence[Pod]) -> DaemonPods:
    """Return how the DaemonSets that belong on a node stand there; an ending pod does not count as ready."""
    ready = {pod.owner.uid for pod in pods if pod.owner and pod.ready and pod.ends_at is None}
    known = tuple(daemonsets)
    expected = [daemonset for daemonset in known if belongs(daemonset, node)]
    missing = [daemonset for daemonset in expected if daemonset.uid not in ready]
    return DaemonPods(
        expected=len(expected),
        missing=tuple(sorted(map(str, missing))),
        nowhere=frozenset(str(daemonset) for daemonset in missing if not daemonset.ready),
        kept_off=_kept_off(known, expected, node),
    )


def _kept_off(known: Sequence[DaemonSet], expected: Sequence[DaemonSet], node: KubeNode) -> tuple[str, ...]:
    """Name what would come but for our startup taint."""
    opened = replace(node, taints=tuple(taint for taint in node.taints if taint.key != STARTING.key))
    return tuple(sorted(str(each) for each in known if each not in expected and belongs(each, opened)))


def _holds(term: Json, node: KubeNode) -> bool:
    """Return True when one term of node affinity holds; an empty one holds nowhere."""
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not expressions and not fields:
        return False
    return all(satisfies(e, node.labels) for e in expressions) and all(
        satisfies(f, {"metadata.name": node.name}) for f in fields
    )
