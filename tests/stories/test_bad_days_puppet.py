"""Puppet that is at work already, or never ends: it has no lock of its own, so lendbot holds one on the node."""

from datetime import timedelta
from typing import Any

from loans import facts
from loans.loan import NODE_MOVING, NodeState, State
from tests.conversion.rig import Rig
from tests.stories.bad_days import (
    Ambush,
    assert_store_is_true,
    break_,
    card_of,
    go_home,
    go_on,
    go_to,
    letters,
    nodes_of,
    notes,
    patient,
)

AT_WORK = "an earlier Puppet run is still at work there"


def hold_lock(rig: Rig, loan_id: int) -> str:
    """Let another Puppet run be at work on the loan's node, and return the node."""
    node = nodes_of(rig, loan_id)[0]
    rig.site.call(lambda: rig.site.world.machines[node].locks.add(f"{rig.core.pace.run_dir}/puppet.lock"))
    return node


def test_puppet_that_is_at_work_already_is_waited_for(rig: Rig) -> None:
    """Two runs at once would both answer 0; the second waits, and the card says for what."""
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")
    ambush: Any = Ambush(rig.core.store, loan.id, {"Puppet"}, lambda _: hold_lock(rig, loan.id))
    ground = rig.with_store(ambush)
    go_on(rig, loan.id, lambda: AT_WORK in " ".join(notes(rig, loan.id)), ground)
    assert AT_WORK in card_of(rig, loan.id)
    [part] = rig.parts(loan.id)
    rig.site.call(rig.site.world.machines[part.node].locks.clear)
    go_to(rig, loan.id, State.LENT, ground=ground)
    assert len(rig.parts(loan.id)) == 1
    go_home(rig, loan.id)


def test_puppet_that_is_at_work_for_ever_costs_the_node_and_says_why(rig: Rig) -> None:
    """After the second try the node is rebooted home, which ends the run, and another takes its place."""
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")
    ambush: Any = Ambush(rig.core.store, loan.id, {"Puppet"}, lambda _: hold_lock(rig, loan.id))
    given_up_and_replaced(rig, loan.id, ambush)
    assert AT_WORK in letters(rig, loan.id, facts.NodeBroke)[0].fact.why


def test_puppet_that_hangs_is_never_joined_by_a_second_run(rig: Rig) -> None:
    """Its connection ends, the run itself may not: the lock tells, and the node is given up in the end."""
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")
    ambush: Any = Ambush(
        rig.core.store, loan.id, {"Puppet"}, lambda _: break_(rig, "puppet", "hang", nodes_of(rig, loan.id)[0], times=1)
    )
    given_up_and_replaced(rig, loan.id, ambush)
    assert AT_WORK in letters(rig, loan.id, facts.NodeBroke)[0].fact.why


def given_up_and_replaced(rig: Rig, loan_id: int, ambush: Any) -> None:
    go_to(rig, loan_id, State.LENT, ground=patient(rig.with_store(ambush), timedelta(minutes=10), "Puppet"))
    [told] = letters(rig, loan_id, facts.NodeBroke)
    assert told.fact.step == "Puppet"
    assert "after 2 tries" in told.fact.why
    go_on(rig, loan_id, lambda: not {part.state for part in rig.parts(loan_id)} & NODE_MOVING)
    assert sorted(part.state for part in rig.parts(loan_id)) == [NodeState.LENT, NodeState.UNWOUND]
    go_home(rig, loan_id)
    assert_store_is_true(rig, loan_id)
