"""The smallest patch that a node needs, or None when it needs none. Pure: nodes in, JSON merge patches out.

Refuses to touch what another loan has marked. Every patch carries the version that it was made from, so the cluster
answers 409 instead of overwriting what somebody else changed meanwhile.
"""

from collections.abc import Mapping, Sequence

from adapters.kube.api import SIDE, Json
from adapters.kube.objects import LOAN, HeldNode
from conversion.ports import UnexpectedAnswer
from loans.marks import Mark
from loans.nodes import KubeNode, Taint


def mark_patch(held: HeldNode, mark: Mark, labels: Mapping[str, str], taints: Sequence[Taint]) -> Json | None:
    """Put on our annotation, and the labels and taints that are missing or differ; others' stay word for word."""
    refuse_strangers(held.node, mark)
    meta: Json = {}
    if held.node.mark != mark:
        meta["annotations"] = {LOAN: mark.label}
    wrong = {key: value for key, value in labels.items() if held.node.labels.get(key) != value}
    if wrong:
        meta["labels"] = wrong
    patch: Json = {"metadata": meta} if meta else {}
    if not set(taints) <= set(held.node.taints):
        # A merge patch replaces a list whole: theirs go along untouched, timeAdded and all.
        patch["spec"] = {"taints": _merged(held.raw_taints, taints)}
    return _guarded(held, patch)


def untaint_patch(held: HeldNode, mark: Mark, taint: Taint) -> Json | None:
    """Take a taint of ours off a node that carries our mark."""
    refuse_strangers(held.node, mark)
    if held.node.mark is None:
        raise UnexpectedAnswer(SIDE, f"node {held.node.name} lost the mark of {mark.said}; we leave it closed")
    kept = [raw for raw in held.raw_taints if (raw["key"], raw["effect"]) != (taint.key, taint.effect)]
    if len(kept) == len(held.raw_taints):
        return None
    return _guarded(held, {"spec": {"taints": kept or None}})


def cordon_patch(held: HeldNode, mark: Mark) -> Json | None:
    """Make a node unschedulable that carries our mark, or nobody's."""
    refuse_strangers(held.node, mark)
    return _guarded(held, {"spec": {"unschedulable": True}} if held.node.schedulable else {})


def uncordon_patch(held: HeldNode, mark: Mark) -> Json | None:
    """Make a node schedulable that carries our mark."""
    refuse_strangers(held.node, mark)
    if held.node.mark is None:
        raise UnexpectedAnswer(SIDE, f"node {held.node.name} lost the mark of {mark.said}; we leave it cordoned")
    return _guarded(held, {} if held.node.schedulable else {"spec": {"unschedulable": None}})


def refuse_strangers(node: KubeNode, mark: Mark) -> None:
    """Raise UnexpectedAnswer when a node carries the mark of another loan, or of another lendbot."""
    if node.mark not in (None, mark):
        raise UnexpectedAnswer(SIDE, f"node {node.name} carries the mark of {node.mark.said}, not of {mark.said}")


def _merged(theirs: Sequence[Json], ours: Sequence[Taint]) -> list[Json]:
    """Return the taints with ours put in; key and effect together name a taint."""
    names = {(taint.key, taint.effect) for taint in ours}
    kept = [raw for raw in theirs if (raw["key"], raw["effect"]) not in names]
    put = [{"key": t.key, "effect": t.effect, **({"value": t.value} if t.value else {})} for t in ours]
    return [*kept, *put]


def _guarded(held: HeldNode, patch: Json) -> Json | None:
    if not patch:
        return None
    meta = {**patch.get("metadata", {}), "resourceVersion": str(held.version), "uid": held.node.uid}
    return {**patch, "metadata": meta}
