"""The last step out: a node that Kubernetes calls Ready is lent once a pod can really work on it.

Until then our startup taint, which the role registers the node with, keeps pods away. What is missing is named.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Final

from conversion.lending import check_ready, last_line, note, noted
from conversion.ports import Denied
from conversion.steps import Done, NodeWork, NotYet, Seen, TryIsOver
from loans.nodes import STARTING, KubeNode, Taint
from loans.quantity import quantity

_KEEPS_NOBODY_AWAY: Final = "PreferNoSchedule"
"""Every other effect does, one that nobody here knows included."""
_CORDONS: Final = "node.kubernetes.io/unschedulable"
"""The cordon's own taint, which is named with the cordon."""
_APPROVED_WITHIN: Final = timedelta(minutes=2)
"""How long a certificate may wait for its approver. Approvers take seconds; where there is none, pods run all the same,
so a node is not given up for it. Our judgement."""


def check_usable(work: NodeWork) -> Seen:
    """Ask whether a pod can work there: resources, taints, images, the kubelet's certificate; and none is kept off."""
    node = work.far.kubernetes.node(work.kube_name)
    if node is None:
        return NotYet("Kubernetes does not know the node")
    seen = _seen(work, node) if _is_promised(work) else Done()
    if isinstance(seen, Done) and _startup_taint(node) is not None:
        return NotYet(f"taint `{STARTING.key}` still keeps pods away")
    return seen


def open_up(work: NodeWork) -> Seen | None:
    """Pull the class's images, and take our startup taint off once nothing else is missing."""
    node = work.far.kubernetes.node(work.kube_name)
    if node is None:
        return NotYet("Kubernetes does not know the node")
    if _is_promised(work):
        _pull(work)
        seen = _seen(work, node)
        if isinstance(seen, NotYet):
            return seen
    taint = _startup_taint(node)
    if taint is not None:
        work.far.kubernetes.untaint(work.kube_name, work.loan.mark, taint)
    return None


def _is_promised(work: NodeWork) -> bool:
    return work.loan.made_with is None or work.loan.made_with.proves_usable


def _seen(work: NodeWork, node: KubeNode) -> Seen:
    if isinstance(still := check_ready(work), NotYet):
        return still  # it was when it joined; minutes have passed since, and somebody may have cordoned it
    missing = _foreign_taint(work, node) or _too_little(work, node) or _not_pulled(work)
    return NotYet(missing) if missing else _certificate(work)


def _startup_taint(node: KubeNode) -> Taint | None:
    return next((taint for taint in node.taints if taint.key == STARTING.key), None)


def _foreign_taint(work: NodeWork, node: KubeNode) -> str:
    ours = {(taint.key, taint.effect) for taint in work.node_class.taints}
    for taint in node.taints:
        if (
            taint.effect == _KEEPS_NOBODY_AWAY
            or taint.key in (STARTING.key, _CORDONS)
            or (taint.key, taint.effect) in ours
        ):
            continue
        value = f"={taint.value}" if taint.value else ""
        return f"taint `{taint.key}{value}:{taint.effect}` keeps pods away, and is not the class's"
    return ""


def _too_little(work: NodeWork, node: KubeNode) -> str:
    """Say what Kubernetes offers too little of; what cannot be read is nothing."""
    for name, wanted in work.node_class.allocatable.items():
        found = node.allocatable.get(name, "0")
        if _amount(found) < quantity(wanted):
            return f"Kubernetes offers {found} of `{name}`, and the class needs {wanted}{_kept_off(work)}"
    return ""


def _amount(written: str) -> Decimal:
    try:
        return quantity(written)
    except ValueError:
        return Decimal(0)


def _kept_off(work: NodeWork) -> str:
    names = work.far.kubernetes.daemon_pods(work.kube_name).kept_off
    verb = "does" if len(names) == 1 else "do"
    return f"; DaemonSet {', '.join(names)} {verb} not tolerate `{STARTING.key}`" if names else ""


def _certificate(work: NodeWork) -> Seen:
    """Wait a while for who approves certificates; then it is named, and the node is lent all the same."""
    try:
        trouble = work.far.kubernetes.certificate_trouble(work.kube_name)
    except Denied as e:
        return Done(f"nobody could ask for its kubelet's certificate: {e.said}")
    if trouble and work.waited <= _APPROVED_WITHIN:
        return NotYet(trouble)
    return Done(trouble)


def _pull(work: NodeWork) -> None:
    """Pull what is not noted as pulled on this boot."""
    if not _not_pulled(work):
        return
    for image in work.node_class.images:
        argv = (*work.node_class.pull, image)
        ran = work.far.shell.run(work.node, argv, timeout=work.pace.puppet_timeout)
        if ran.exit != 0:
            raise TryIsOver(f"image `{image}` could not be pulled ({ran.exit}): {last_line(ran)}")
    note(work, "images", _images(work))


def _not_pulled(work: NodeWork) -> str:
    if not work.node_class.images or isinstance(noted(work, "images", _images(work)), Done):
        return ""
    return f"{len(work.node_class.images)} images of the class are not pulled"


def _images(work: NodeWork) -> str:
    return " ".join(work.node_class.images)
