"""Every far side fails in every way it can, in the middle of every step that asks it, on the way out and home.

One loan meets one kind of failure at each step in turn; each time the failure ends once a person could have read of it.
"""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from commands import give_back
from commands.give_back import GiveBack
from commands.replies import GoingHome
from conversion.gate import SSH, bmcs
from conversion.plans import LEND, RETURN, TAKE
from loans import facts
from loans.loan import NODE_MOVING, NodeState, State
from loans.runbook import StepName
from sandbox.ssh.keys import KeyRing
from tests.conversion.rig import APPROVER, ONCALL, Rig
from tests.stories.bad_days import (
    Ambush,
    assert_store_is_true,
    break_,
    card_of,
    go_on,
    go_to,
    heal,
    letters,
    nodes_of,
    notes,
    patient,
)

EVERY_STEP = {step.name for plan in (TAKE, LEND, RETURN) for step in plan}
"""A step that does not ask the side in question goes on, and the next one that does meets the failure."""

PASSING = [
    *(("slurm", mode, "Slurm") for mode in ("refuse", "hang", "rubbish", "half", "empty")),
    *(("kube", mode, "Kubernetes") for mode in ("refuse", "hang", "rubbish", "unauthorized", "conflict")),
    *(("ssh", mode, "ssh") for mode in ("refuse", "hang")),
    *(("bmc", mode, "BMC") for mode in ("refuse", "hang", "rubbish")),
]


@pytest.mark.parametrize(("side", "mode", "named"), PASSING)
def test_a_far_side_that_fails_for_a_while_at_each_step_costs_time_and_no_node(
    rig: Rig, side: str, mode: str, named: str
) -> None:
    """A daemon that is restarted in the middle of a loan costs a minute; people read who does not answer."""
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")
    read: dict[str, list[str]] = {}
    ambush: Any = Ambush(rig.core.store, loan.id, EVERY_STEP, lambda _: break_(rig, side, mode))
    ground = rig.with_store(ambush)
    ground = replace(ground, pace=replace(ground.pace, passing=timedelta(hours=2)))  # asked again each 12 min

    def has(*states: str) -> bool:
        said = [note for note in notes(rig, loan.id) if named in note and not note.startswith("Slurm says")]
        if said and rig.site.call(rig.site.faults.listed):
            read[ambush.sprung[-1]] = said
            heal(rig)
        return rig.loan(loan.id).state in states

    go_on(rig, loan.id, lambda: has(State.LENT), ground)
    rig.ask(f"give back #{loan.id}")
    go_on(rig, loan.id, lambda: has(State.RETURNED, State.STUCK), ground)
    assert rig.loan(loan.id).state is State.RETURNED, notes(rig, loan.id)
    assert len(rig.parts(loan.id)) == 1, "no second node was needed"
    assert set(ambush.sprung) == EVERY_STEP
    assert read, "somebody could have read of it"
    heal(rig)
    assert_store_is_true(rig, loan.id)


def test_an_outage_longer_than_patience_on_the_way_out_costs_the_node_and_says_why(rig: Rig) -> None:
    """Slurm that stays silent fails one node, not the workshop, and what was done to it is undone."""
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")
    ambush: Any = Ambush(
        rig.core.store, loan.id, {"prepare"}, lambda _: break_(rig, "register", "forget", nodes_of(rig, loan.id)[0])
    )
    go_to(rig, loan.id, State.LENT, ground=patient(rig.with_store(ambush), timedelta(minutes=10), "join"))
    first = next(told for told in letters(rig, loan.id, facts.NodeBroke))
    assert "Kubernetes has not seen the node register" in first.fact.why
    heal(rig)
    go_on(rig, loan.id, lambda: not {part.state for part in rig.parts(loan.id)} & NODE_MOVING)
    assert sorted(part.state for part in rig.parts(loan.id)) == [NodeState.LENT, NodeState.UNWOUND]
    rig.ask(f"give back #{loan.id}")
    go_to(rig, loan.id, State.RETURNED)
    assert_store_is_true(rig, loan.id)


@pytest.mark.parametrize(
    ("fault", "step", "says", "cause"),
    [
        (("ssh", "hostkey"), "power on", "host key", facts.Cause(facts.Trouble.DISTRUSTED, SSH)),
        (("bmc", "password"), "power off", "BMC", facts.Cause(facts.Trouble.REFUSES, bmcs("bmc"))),
    ],
)
def test_what_does_not_heal_on_the_way_home_is_stuck_until_a_person_tries_again(
    rig: Rig, fault: tuple[str, str], step: str, says: str, cause: facts.Cause
) -> None:
    """On-call is told which side says what; the node stays out of both worlds, and one word sends it home."""
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")
    go_to(rig, loan.id, State.LENT)
    node = nodes_of(rig, loan.id)[0]
    ambush: Any = Ambush(rig.core.store, loan.id, {step}, lambda _: break_(rig, *fault, node))
    rig.ask(f"give back #{loan.id}")
    short = patient(rig.with_store(ambush), timedelta(minutes=10), step)
    go_to(rig, loan.id, State.STUCK, ground=short)
    assert says in notes(rig, loan.id)[0]
    assert {told.node for told in letters(rig, loan.id, facts.GotStuck)} == {node}
    assert {told.fact.cause for told in letters(rig, loan.id, facts.GotStuck)} == {cause}
    heal(rig)
    rig.ask(f"give back {node}")
    go_to(rig, loan.id, State.RETURNED)
    assert_store_is_true(rig, loan.id)


def test_a_changed_host_key_on_the_way_out_costs_the_node_at_once(rig: Rig) -> None:
    """Nobody logs in to a machine that may be another one."""
    loan = rig.lend("lend 3 gpu nodes to k8s for 9 days")  # three, since a connection that stands asks for no key
    break_(rig, "ssh", "hostkey")
    go_on(rig, loan.id, lambda: bool(letters(rig, loan.id, facts.NodeBroke)))
    assert "host key" in letters(rig, loan.id, facts.NodeBroke)[0].fact.why
    heal(rig)
    rig.ask(f"give back #{loan.id}")
    go_to(rig, loan.id, State.RETURNED, State.STUCK)
    assert rig.loan(loan.id).state is State.RETURNED, notes(rig, loan.id)
    assert_store_is_true(rig, loan.id)


def test_a_node_that_comes_back_with_another_host_key_stops_until_known_hosts_has_it(rig: Rig) -> None:
    """An image that was built anew at night is one line of on-call's in known_hosts, and nothing is restarted."""
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")
    go_to(rig, loan.id, State.LENT)
    node = nodes_of(rig, loan.id)[0]
    ambush: Any = Ambush(rig.core.store, loan.id, {"power on"}, lambda _: break_(rig, "ssh", "hostkey", node))
    rig.ask(f"give back #{loan.id}")
    go_to(rig, loan.id, State.STUCK, ground=rig.with_store(ambush))
    keys = KeyRing(rig.site.paths / "keys")
    old, new = (" ".join(keys.public(name).split()[:2]) for name in (node, "impostor"))
    known_hosts = Path(rig.site.site_json["ssh"]["known_hosts"])
    lines = known_hosts.read_text()
    told = letters(rig, loan.id, facts.GotStuck)[0]
    assert "host key changed" in told.fact.why
    assert "SHA256:" in told.fact.why, "on-call compares it with what the node's console says"
    assert str(known_hosts) in told.fact.why
    try:
        known_hosts.write_text(lines.replace(old, new))
        ordered = give_back.run(GiveBack(None, node, StepName.BOOT), APPROVER, rig.core.desk())
        assert isinstance(ordered, GoingHome), ordered
        go_to(rig, loan.id, State.RETURNED)
        assert_store_is_true(rig, loan.id)
    finally:
        known_hosts.write_text(lines)
        heal(rig)


def test_puppet_that_fails_once_is_run_again(rig: Rig) -> None:
    """A mirror that hiccups costs a minute."""
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")
    break_(rig, "puppet", "fail", times=1)
    go_to(rig, loan.id, State.LENT)
    assert len(rig.parts(loan.id)) == 1
    rig.ask(f"give back #{loan.id}")
    go_to(rig, loan.id, State.RETURNED)


def test_a_class_whose_nodes_fail_alike_is_asked_about_and_goes_on_when_somebody_says_so(rig: Rig) -> None:
    """A mirror that is down costs two nodes a reboot; on-call mends it, says "go on", and the workshop has its own."""
    loan = rig.lend("lend 2 gpu nodes to k8s for 9 days")
    ground = replace(rig.ground, pace=replace(rig.ground.pace, breaker_asks=timedelta(days=2)))
    break_(rig, "puppet", "fail")
    go_on(rig, loan.id, lambda: {part.state for part in rig.parts(loan.id)} == {NodeState.UNWOUND}, ground)
    assert len(rig.parts(loan.id)) == 2, "no third was tried"
    assert "have failed alike" in card_of(rig, loan.id)
    heal(rig)
    rig.ask("go on with gpu", ONCALL)
    go_to(rig, loan.id, State.LENT)
    assert "have failed alike" not in card_of(rig, loan.id)
    rig.ask(f"give back #{loan.id}")
    go_to(rig, loan.id, State.RETURNED)


def test_puppet_that_fails_everywhere_fails_the_loan_with_its_words_and_all_nodes_back(rig: Rig) -> None:
    """The requester reads why, and Slurm has every node again."""
    loan = rig.lend("lend 2 gpu nodes to k8s for 9 days")
    break_(rig, "puppet", "fail")
    go_to(rig, loan.id, State.FAILED)
    assert letters(rig, loan.id, facts.Failed)
    assert {part.state for part in rig.parts(loan.id)} == {NodeState.UNWOUND}
    assert_store_is_true(rig, loan.id)
