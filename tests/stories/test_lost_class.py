"""A class that is gone from the settings, or has another name now: its own loans stand still, all others go on."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.app import Program
from conversion import lost_classes, reconcile
from loans.facts import Mismatch, Wrong
from loans.loan import NodeState, State
from tests.conversion.rig import Rig
from tests.stories.bad_days import bad_site, go_to, letters


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with bad_site(gpu_nodes=3, cpu_nodes=3) as found:
        yield found


def test_only_the_loans_of_a_lost_class_stand_still_and_loudly(rig: Rig) -> None:
    """Somebody renames a class on Friday: at night the other loans come home, and on-call knows of these."""
    gpu = rig.lend("lend 1 gpu node to k8s for 9 days")
    cpu = rig.lend("lend 1 cpu node to k8s for 9 days")
    go_to(rig, gpu.id, State.LENT)
    go_to(rig, cpu.id, State.LENT)
    waiting = rig.lend("lend 1 gpu node to k8s for 8 days")
    without = {name: of for name, of in rig.ground.classes.items() if name != "gpu"}
    lost = replace(rig.ground, classes=without)

    rig.ask(f"give back #{gpu.id}")
    rig.ask(f"give back #{cpu.id}")
    go_to(rig, cpu.id, State.RETURNED, ground=lost)
    [part] = rig.parts(gpu.id)
    assert part.state is NodeState.RETURNING
    assert part.step is None, "nothing was done to it"
    assert rig.room()[part.node]["power"] == "on"
    assert rig.loan(waiting.id).state is State.APPROVED, "nothing begins that could not end"

    said = lost_classes.tell_all(lost)
    assert [f"#{gpu.id} " in said[0], f"#{waiting.id} " in said[1]] == [True, True]
    assert "Put [classes.gpu] back" in said[0]
    lost_classes.tell_all(lost)
    told = [each.fact for each in letters(rig, gpu.id, Mismatch)]
    assert [fact.about for fact in told] == [Wrong.LOST_CLASS], "on-call hears of it once"
    assert not [found for found in reconcile.reconcile(lost) if found.loan == gpu.id], "nothing is guessed of its nodes"

    rig.ask(f"withdraw #{waiting.id}")
    go_to(rig, gpu.id, State.RETURNED)


def test_a_loan_whose_bmcs_the_settings_have_lost_stands_still_before_its_pods_are_evicted(rig: Rig) -> None:
    """A site moves to Redfish, and drops its IPMI table: at the deadline no node is stuck, and no pod is gone."""
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")
    go_to(rig, loan.id, State.LENT)
    out_there = replace(rig.ground.reach.out_there, powers={})
    lost = replace(rig.ground, reach=replace(rig.ground.reach, out_there=out_there))
    rig.ask(f"give back #{loan.id}")
    for _ in range(5):
        rig.tick(lost)
    [part] = rig.parts(loan.id)
    assert (part.state, part.step) == (NodeState.RETURNING, None)
    [said] = [each for each in lost_classes.tell_all(lost) if f"#{loan.id} " in each]
    assert "Put [power.bmc] back until the loan has ended" in said
    go_to(rig, loan.id, State.RETURNED)


def test_a_lendbot_whose_settings_lack_a_class_starts_and_says_so(rig: Rig) -> None:
    """A lendbot that refuses to start brings nobody's nodes home."""
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")
    core = replace(rig.core, classes={name: of for name, of in rig.core.classes.items() if name != "gpu"})
    program = Program(core, with_slack=False)
    program.start()
    try:
        assert [problem for problem in program.problems() if f"#{loan.id} stands still" in problem]
    finally:
        program.close()
    assert letters(rig, loan.id, Mismatch)
