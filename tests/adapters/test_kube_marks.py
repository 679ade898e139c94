"""The smallest patch for each change, and whose node it is."""

import pytest

from adapters.kube.marks import cordon_patch, mark_patch, uncordon_patch, untaint_patch
from conversion.ports import UnexpectedAnswer
from loans.marks import Mark
from loans.nodes import STARTING, Taint
from tests.adapters.kube_rig import a_held_node

GUARD = {"resourceVersion": "10", "uid": "u1"}


def test_a_patch_names_only_what_changes_and_what_it_was_made_from() -> None:
    """Two writers at once never overwrite each other."""
    assert cordon_patch(a_held_node(), Mark(12)) == {"metadata": GUARD, "spec": {"unschedulable": True}}
    cordoned = a_held_node(loan="12", unschedulable=True)
    assert uncordon_patch(cordoned, Mark(12)) == {"metadata": GUARD, "spec": {"unschedulable": None}}
    assert mark_patch(a_held_node(), Mark(12), {}, ()) == {"metadata": {**GUARD, "annotations": {"lendbot/loan": "12"}}}


def test_what_is_so_already_is_not_written() -> None:
    """A step that runs twice writes once."""
    assert cordon_patch(a_held_node(unschedulable=True), Mark(12)) is None
    assert uncordon_patch(a_held_node(loan="12"), Mark(12)) is None
    tainted = a_held_node(loan="12", taints=[{"key": "lendbot/class", "value": "gpu", "effect": "NoSchedule"}])
    assert mark_patch(tainted, Mark(12), {}, [Taint("lendbot/class", "gpu")]) is None


def test_others_taints_go_along_word_for_word() -> None:
    """An eviction that the node controller timed by a taint's timeAdded does not begin anew."""
    theirs = {"key": "node.kubernetes.io/not-ready", "effect": "NoExecute", "timeAdded": "2026-11-24T09:59:00Z"}
    old = {"key": "lendbot/class", "value": "old", "effect": "NoSchedule"}
    patch = mark_patch(a_held_node(loan="12", taints=[theirs, old]), Mark(12), {}, [Taint("lendbot/class", "gpu")])
    assert patch is not None
    assert patch["spec"]["taints"] == [theirs, {"key": "lendbot/class", "effect": "NoSchedule", "value": "gpu"}]


def test_a_mark_that_cannot_be_read_belongs_to_nobody() -> None:
    """A fiddled annotation stops us; it does not make the node free for the next loan."""
    with pytest.raises(UnexpectedAnswer, match="a loan whose number cannot be read"):
        cordon_patch(a_held_node(loan="twelve"), Mark(12))


STARTUP = {"key": "lendbot/starting", "value": "true", "effect": "NoSchedule"}
THEIRS = {"key": "gpu", "effect": "NoSchedule"}


def test_our_taint_goes_alone() -> None:
    """The startup taint is taken off; what others put there stays word for word."""
    both = a_held_node(loan="12", taints=[STARTUP, THEIRS])
    assert untaint_patch(both, Mark(12), STARTING) == {"metadata": GUARD, "spec": {"taints": [THEIRS]}}
    alone = a_held_node(loan="12", taints=[STARTUP])
    assert untaint_patch(alone, Mark(12), STARTING) == {"metadata": GUARD, "spec": {"taints": None}}
    assert untaint_patch(a_held_node(loan="12", taints=[THEIRS]), Mark(12), STARTING) is None


@pytest.mark.parametrize("loan", [None, "13"])
def test_a_node_without_our_mark_is_not_opened(loan: str | None) -> None:
    """A node that was deleted and came back is somebody's to look at first."""
    with pytest.raises(UnexpectedAnswer, match="mark of loan #1"):
        untaint_patch(a_held_node(loan=loan, taints=[STARTUP]), Mark(12), STARTING)
