"""Which DaemonSets belong on a node: the DaemonSet controller's own cases."""

from typing import Any

import pytest

from adapters.kube.daemons import belongs, daemonset_of, standing
from adapters.kube.objects import Owner, held_node
from conversion.ports import DaemonPods, UnexpectedAnswer
from loans.nodes import KubeNode
from tests.adapters.kube_rig import NOW, a_pod, raw_node

GPU = [{"key": "gpu", "operator": "Exists"}]


def a_node(*taints: dict[str, str]) -> KubeNode:
    raw = raw_node(taints=list(taints))
    raw["metadata"]["labels"] = {"gpu": "true", "zone": "a", "count": "4"}
    return held_node(raw).node


def a_daemonset(**pod_spec: Any) -> dict[str, Any]:
    meta = {"namespace": "kube-system", "name": "calico", "uid": "ds-1"}
    return {"metadata": meta, "spec": {"template": {"spec": pod_spec}}}


def terms(*found: dict[str, Any]) -> dict[str, Any]:
    required = {"nodeSelectorTerms": list(found)}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}}


def asks(key: str, operator: str, *values: str) -> dict[str, Any]:
    return terms({"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]})


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param({}, True, id="asks for nothing"),
        pytest.param({"nodeSelector": {"gpu": "true"}}, True, id="selector holds"),
        pytest.param({"nodeSelector": {"gpu": "false"}}, False, id="selector does not hold"),
        pytest.param({"nodeName": "gpu002"}, False, id="another node by name"),
        pytest.param(asks("zone", "In", "a", "b"), True, id="In"),
        pytest.param(asks("zone", "NotIn", "a"), False, id="NotIn"),
        pytest.param(asks("rack", "NotIn", "a"), True, id="NotIn of an absent label"),
        pytest.param(asks("rack", "DoesNotExist"), True, id="DoesNotExist"),
        pytest.param(asks("count", "Gt", "3"), True, id="Gt"),
        pytest.param(asks("count", "Lt", "4"), False, id="Lt"),
        pytest.param(asks("zone", "Gt", "3"), False, id="Gt of no number"),
        pytest.param(terms({}), False, id="an empty term holds nowhere"),
        pytest.param(
            terms({"matchExpressions": [{"key": "x", "operator": "Exists"}]}, {"matchExpressions": GPU}),
            True,
            id="one term of two",
        ),
        pytest.param(
            terms({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["gpu001"]}]}),
            True,
            id="by field",
        ),
    ],
)
def test_labels_decide_as_the_controller_decides(spec: dict[str, Any], *, expected: bool) -> None:
    """Nobody waits for a DaemonSet pod that will never be made, nor misses one that will."""
    assert belongs(daemonset_of(a_daemonset(**spec)), a_node()) is expected


@pytest.mark.parametrize(
    ("taint", "spec", "expected"),
    [
        ({"key": "site/x", "effect": "NoSchedule"}, {}, False),
        ({"key": "site/x", "effect": "PreferNoSchedule"}, {}, True),
        ({"key": "site/x", "effect": "NoExecute"}, {"tolerations": [{"operator": "Exists"}]}, True),
        (
            {"key": "site/x", "value": "1", "effect": "NoSchedule"},
            {"tolerations": [{"key": "site/x", "value": "2"}]},
            False,
        ),
        (
            {"key": "site/x", "value": "1", "effect": "NoSchedule"},
            {"tolerations": [{"key": "site/x", "value": "1"}]},
            True,
        ),
        (
            {"key": "site/x", "value": "1", "effect": "NoSchedule"},
            {"tolerations": [{"key": "site/x", "operator": "Sometimes", "value": "1"}]},
            False,
        ),
        ({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}, {}, True),
        ({"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"}, {}, True),
        ({"key": "node.kubernetes.io/network-unavailable", "effect": "NoSchedule"}, {}, False),
        ({"key": "node.kubernetes.io/network-unavailable", "effect": "NoSchedule"}, {"hostNetwork": True}, True),
    ],
)
def test_taints_decide_as_the_controller_decides(
    taint: dict[str, str], spec: dict[str, Any], *, expected: bool
) -> None:
    """Our own taints keep some DaemonSets off a lent node; these are not waited for."""
    assert belongs(daemonset_of(a_daemonset(**spec)), a_node(taint)) is expected


def test_only_a_ready_pod_that_stays_counts() -> None:
    """`lent` is not said over a network pod that is still starting, or already ending."""
    calico, owner = daemonset_of(a_daemonset()), Owner("DaemonSet", "calico", "ds-1")
    missing = DaemonPods(1, ("kube-system/calico",), frozenset({"kube-system/calico"}))
    assert standing([calico], a_node(), []) == missing
    assert standing([calico], a_node(), [a_pod(owner=owner)]) == missing
    assert standing([calico], a_node(), [a_pod(owner=owner, ready=True, ends_at=NOW)]) == missing
    assert standing([calico], a_node(), [a_pod(owner=owner, ready=True)]) == DaemonPods(1)


def test_an_operator_that_we_do_not_know_is_said() -> None:
    """A rule that we cannot read never counts as fulfilled."""
    with pytest.raises(UnexpectedAnswer, match="SoonerOrLater"):
        belongs(daemonset_of(a_daemonset(**asks("zone", "SoonerOrLater"))), a_node())


def test_what_the_startup_taint_alone_keeps_off_is_named() -> None:
    """A device plugin that does not tolerate it would never come; what another taint keeps off is not missed."""
    startup, other = {"key": "lendbot/starting", "effect": "NoSchedule"}, {"key": "x", "effect": "NoSchedule"}
    calico = daemonset_of(a_daemonset())
    assert standing([calico], a_node(startup), []) == DaemonPods(0, kept_off=("kube-system/calico",))
    assert standing([calico], a_node(startup, other), []) == DaemonPods(0)
    tolerant = daemonset_of(a_daemonset(tolerations=[{"operator": "Exists"}]))
    assert standing([tolerant], a_node(startup), []).kept_off == ()
