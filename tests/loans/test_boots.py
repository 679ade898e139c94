"""Whether a node has rebooted, told by what one witness said before and after."""

from datetime import datetime, timedelta

import pytest

from loans.boots import Boot, has_rebooted, has_registered, kernel_word
from loans.nodes import NodeName, SlurmNode
from tests.store.values import HOUR, NOW


def slurm_node(base: str, *flags: str, slurmd_start: datetime | None) -> SlurmNode:
    return SlurmNode(NodeName("gpu001"), base, frozenset(flags), slurmd_start=slurmd_start)


BEFORE = Boot("a 1", NOW, NOW + timedelta(seconds=9))
LATER = timedelta(minutes=20)


@pytest.mark.parametrize(
    ("before", "after", "proved"),
    [
        pytest.param(BEFORE, Boot("b 1", NOW, NOW), True, id="the node's own word decides, whatever Slurm says"),
        pytest.param(BEFORE, Boot("a 2", NOW, NOW), True, id="a container's boots share a kernel, not their pid 1"),
        pytest.param(
            BEFORE, Boot("a 1", NOW + HOUR, NOW + HOUR), False, id="Slurm's clock has jumped, slurmd restarted"
        ),
        pytest.param(Boot("", NOW, NOW), Boot("b 1", NOW + LATER, NOW + LATER), True, id="only Slurm knew it before"),
        pytest.param(Boot("", NOW, NOW), Boot("b 1", NOW - HOUR, NOW - HOUR), True, id="Slurm's clock was set back"),
        pytest.param(Boot("", NOW, NOW), Boot("b 1", NOW + HOUR, NOW), False, id="BootTime follows slurmctld's clock"),
        pytest.param(Boot("", NOW, NOW), Boot("b 1", NOW, NOW + HOUR), False, id="slurmd was only restarted"),
        pytest.param(
            Boot("", NOW, NOW), Boot("b 1", NOW + timedelta(seconds=2), NOW + HOUR), False, id="BootTime jitters"
        ),
        pytest.param(Boot(), Boot("b 1", NOW, NOW), None, id="nothing was known before"),
        pytest.param(Boot("", None, NOW), Boot("b 1", NOW, NOW), None, id="slurmctld had just been restarted"),
        pytest.param(Boot("a 1", NOW, NOW), Boot("", None, NOW), None, id="nobody can tell now"),
    ],
)
def test_a_reboot_is_told_by_the_same_witness_before_and_after(before: Boot, after: Boot, proved: bool | None) -> None:  # noqa: FBT001 - a column of the table
    """A node that only looks rebooted, with last week's role on it, does not get jobs; one that did gets them back."""
    assert has_rebooted(before, after) is proved


def test_slurmd_has_registered_when_it_says_another_start_than_before() -> None:
    """A RESUME before that is taken back by Slurm seconds later."""
    started = BEFORE.slurmd_start
    assert not has_registered(BEFORE, slurm_node("DOWN", "DRAIN", slurmd_start=started))
    assert not has_registered(BEFORE, slurm_node("DOWN", "DRAIN", slurmd_start=None))
    assert not has_registered(BEFORE, slurm_node("DOWN", "DRAIN", "NOT_RESPONDING", slurmd_start=NOW + HOUR))
    assert has_registered(BEFORE, slurm_node("DOWN", "DRAIN", slurmd_start=NOW + HOUR))
    assert has_registered(Boot(), slurm_node("DOWN", "DRAIN", slurmd_start=started))


def test_what_could_not_be_learnt_anew_stays_as_it_was_known() -> None:
    """A node that hangs when its power is cut was asked for its boot when lendbot changed it."""
    assert BEFORE.updated(Boot("", None, NOW + HOUR)) == Boot("a 1", NOW, NOW + HOUR)
    assert BEFORE.updated(Boot("b 1")) == Boot("b 1", NOW, BEFORE.slurmd_start)


ID = "1df5fddb-f9d8-4ba1-a263-cff74136d9ab"
STAT = "S 0 1 1 0 -1 4194560 " + "0 " * 12 + "7 99 99\n"


@pytest.mark.parametrize(
    ("read", "word"),
    [
        (f"{ID}\n1 (systemd) {STAT}", f"{ID} 7"),
        (f"{ID}\n1 (a) b (c) {STAT}", f"{ID} 7"),
        (f"{ID}\n", ""),
        (f"{ID}\n1 (systemd) S 0 1", ""),
        ("", ""),
        (f"load 0.31, welcome\n{ID}\n1 (systemd) {STAT}", ""),
        (f"{ID}\nload 0.31, welcome\n1 (systemd) {STAT}", ""),
        (f"{ID.upper()}\n1 (systemd) {STAT}", ""),
        (f"{ID[:-1]}\n1 (systemd) {STAT}", ""),
        (f"id-1\n1 (systemd) {STAT}", ""),
        (f"{ID}\n1 (systemd) {STAT.replace('7 99', 'soon 99')}", ""),
        (f"{ID}\n17 (systemd) {STAT}", ""),
    ],
)
def test_the_kernels_word_is_its_boot_id_and_when_pid_1_began(read: str, word: str) -> None:
    """Half an answer is none: two halves that look alike would prove nothing."""
    assert kernel_word(read) == word
