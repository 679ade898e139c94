"""What stands beside each step in plans.py: what is asked before it ends something, and what is held at each look."""

from typing import Any

import pytest

from conversion import asks
from conversion.gate import ChangeOutsideAStep, reads_of
from conversion.plans import ABANDON, LEND, RESUME_ONLY, RETURN, TAKE
from conversion.ports import FarSides
from loans.nodes import NodeName

EVERY = [step for plan in (TAKE, LEND, RETURN, RESUME_ONLY, ABANDON) for step in plan]
CAN_END = ["down", "prepare", "role", "Puppet", "power off", "leave"]


@pytest.mark.parametrize("name", CAN_END)
def test_a_step_that_can_end_a_job_or_a_pod_asks_both_worlds(name: str) -> None:
    """Somebody's RESUME or a pod that came back is seen in the look that would have ended it."""
    found: Any = next(step for step in EVERY if step.name == name)
    assert asks.NO_JOB in found.asks
    assert {asks.NO_POD, asks.NO_POD_TO_WAIT_FOR, asks.NO_POWER} & set(found.asks)


def test_what_keeps_work_away_is_held_from_its_own_step_on() -> None:
    """A promise that is made once and lifted by an admin is put back at the next look, whichever step that is."""

    def holding(plan: tuple[Any, ...], what: str) -> list[str]:
        return [step.name for step in plan if what in {promise.says for promise in step.keeps}]

    assert holding(TAKE, "DRAIN") == ["quiet", "unreserve", "down"]
    assert holding(LEND, "DRAIN") == [step.name for step in LEND]
    closed = ["evict", "detach", "power off", "leave", "power on", "boot", "verify", "health"]
    assert holding(RETURN, "DRAIN") == ["cordon", *closed]
    assert holding(RETURN, "the cordon") == closed


def test_who_only_asks_cannot_change_anything() -> None:
    """A command, a check or the reconcile round that forgot its fence fails loudly in the first test that meets it."""
    nobody: Any = None
    far = reads_of(FarSides(nobody, nobody, nobody, {"bmc": nobody}))
    node = NodeName("gpu001")
    for change in (
        lambda: far.slurm.drain([node], "x"),
        lambda: far.slurm.down([node], "x"),
        lambda: far.slurm.resume([node]),
        lambda: far.kubernetes.cordon(node, 1),
        lambda: far.kubernetes.drain(node, force=False),
        lambda: far.kubernetes.delete_node(node, "uid"),
        lambda: far.powers["bmc"].off(node),
        lambda: far.powers["bmc"].on(node),
    ):
        with pytest.raises(ChangeOutsideAStep, match="has to go through a fence"):
            change()
