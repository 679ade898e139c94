"""Whose word a node's reason is: ours, Slurm's own, or somebody's that we leave alone."""

from typing import Any

import pytest

from loans.marks import Mark
from loans.nodes import NodeName, SlurmNode, has_lost_drain
from loans.whose import Whose, is_slurms, marked_by, set_by, whose

OURS = Mark(12, "k3f9")
GPU = "gres/gpu count reported lower than configured (3 < 4)"


def node(reason: str | None, by: str | None = "root", slurm_user: str = "slurm", **more: Any) -> SlurmNode:
    return SlurmNode(
        NodeName("gpu003"), "DOWN", frozenset({"DRAIN"}), reason=reason, reason_by=by, slurm_user=slurm_user, **more
    )


@pytest.mark.parametrize("slurm_user", ["slurm", "root", "svc_slurm"])
@pytest.mark.parametrize("added", ["", " : Not responding", f" : {GPU}", f" : {GPU} : Not responding"])
@pytest.mark.parametrize("by", ["root", "SlurmUser"])
def test_our_mark_is_ours_whatever_slurm_puts_behind_it(slurm_user: str, added: str, by: str) -> None:
    """A node whose reason slurmctld has added to, and signed, is still one that lendbot may bring home."""
    seen = node(f"{OURS}{added}", slurm_user if by == "SlurmUser" else by, slurm_user)
    assert whose(seen, OURS) is Whose.OURS
    assert marked_by(seen) == OURS


@pytest.mark.parametrize(
    ("reason", "by", "slurm_user"),
    [
        ("Not responding", "slurm", "slurm"),
        ("Not responding", "root", "root"),
        ("Node unexpectedly rebooted", "root", "root"),
        (GPU, "slurm", "slurm"),
        (f"{GPU}, Low RealMemory (reported:1 < 100.00% of configured:2)", "root", "root"),
        ("gres/gpu:a100 count too low (0 < 4)", "slurm", "slurm"),
        ("Low socket*core*thread count, Low CPUs : Not responding", "slurm", "slurm"),
        ("Kill task failed", "root", "slurm"),
        ("reboot timed out : ResumeTimeout reached", "slurm", "slurm"),
        ("words that slurmctld says from next year on", "svc_slurm", "svc_slurm"),
        ("Not responding", None, "slurm"),
    ],
)
def test_slurms_own_words_are_nobodys_decision(reason: str, by: str | None, slurm_user: str) -> None:
    """What slurmctld itself writes is taken for no person's drain, whichever account signs it."""
    seen = node(reason, by, slurm_user)
    assert whose(seen, OURS) is Whose.SLURM
    assert is_slurms(seen)
    assert marked_by(seen) is None


@pytest.mark.parametrize(
    ("reason", "by", "slurm_user"),
    [
        ("ECC errors", "root", "root"),
        ("ECC errors", "root", "slurm"),
        ("Action:Replace : Not responding", "slurm", "slurm"),
        ("Action:Replace : Not responding", "root", "root"),
        (f"rack 4 : PSU : {GPU} : Not responding", "root", "root"),
        ("Not responding", "alice", "slurm"),
        ("lendbot #12 k3f9 : ECC errors, do not resume", "alice", "slurm"),
        ("lendbot #12 k3f9 ECC errors", "root", "root"),
        ("see lendbot #12 k3f9", "root", "slurm"),
    ],
)
def test_a_persons_words_stay_theirs_whoever_signs_them_since(reason: str, by: str, slurm_user: str) -> None:
    """slurmctld appends its words to a person's reason and signs the whole: the drain is the person's all the same."""
    assert whose(node(reason, by, slurm_user), OURS) is Whose.SOMEBODY


@pytest.mark.parametrize("mark", [Mark(13, "k3f9"), Mark(12, "z7z7"), Mark(12)])
def test_another_loans_mark_and_another_lendbots_are_strangers(mark: Mark) -> None:
    """A number that comes back after a lost store does not make a node ours."""
    seen = node(f"{mark} : Not responding", "slurm")
    assert whose(seen, OURS) is Whose.SOMEBODY
    assert set_by(seen) == mark.said


def test_a_mark_from_before_stores_had_names_is_of_a_loan_from_before() -> None:
    """The upgrade does not orphan what is lent: its loans keep the mark that they were made with."""
    assert whose(node("lendbot #12"), Mark(12)) is Whose.OURS
    assert whose(node("lendbot #12 k3f9"), Mark(12)) is Whose.SOMEBODY


def test_no_reason_is_nobodys_word() -> None:
    """A drain that nobody explains is not lifted."""
    assert whose(node(None), OURS) is Whose.NOBODY
    assert not is_slurms(node(None))


def test_a_lendbot_that_works_as_slurm_user_knows_its_own_mark() -> None:
    """Some management accounts are SlurmUser itself: the signature does not make the mark Slurm's."""
    assert whose(node(str(OURS), "slurm", "slurm"), OURS) is Whose.OURS
    assert whose(node("lendbot #13 k3f9", "slurm", "slurm"), OURS) is Whose.SOMEBODY


@pytest.mark.parametrize(
    ("reason", "by", "slurm_user", "lost"),
    [
        ("Not responding", "root", "root", True),
        ("Action:Replace : Not responding", "slurm", "slurm", False),
        ("Action:Replace : Not responding", "root", "root", False),
        (GPU, "root", "root", True),
    ],
)
def test_drain_is_put_back_only_where_no_person_took_the_node_down(
    reason: str,
    by: str,
    slurm_user: str,
    lost: bool,  # noqa: FBT001
) -> None:
    """A person's reason is never overwritten by our mark."""
    down = SlurmNode(NodeName("gpu003"), "DOWN", reason=reason, reason_by=by, slurm_user=slurm_user)
    assert has_lost_drain(down) is lost
