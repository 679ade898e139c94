"""What people, users and other programs do in the middle of a loan: by hand, at once, too early, too late."""

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from commands import grammar
from commands.lend import SignOff
from commands.refusals import Forbidden
from commands.replies import Forced, Requested, WaitsOn
from conversion.reconcile import reconcile
from loans import facts
from loans.loan import NodeState, State
from loans.runbook import StepName
from sandbox.faults import Fault
from tests.conversion.rig import APPROVER, ONCALL, REQUESTER, Rig
from tests.patience import PATIENCE_S
from tests.stories.bad_days import (
    Ambush,
    assert_store_is_true,
    go_home,
    go_on,
    go_to,
    happened,
    lent,
    letters,
    nodes_of,
    notes,
    patient,
)


def by_hand(rig: Rig, node: str, state: str, reason: str | None = None) -> None:
    """Do what an administrator does with scontrol."""
    rig.site.call(lambda: rig.site.world.slurm.update(node, state, reason, "root"))


def test_a_job_that_starts_between_preview_and_taking_is_left_alone(rig: Rig) -> None:
    """What was free in the preview may be busy at approval: another node is taken, and nobody is killed."""
    preview = rig.ask("lend 1 gpu node to k8s for 9 days")
    first = preview.choice.taken[0].name if hasattr(preview.choice.taken[0], "name") else preview.choice.taken[0]
    asked = grammar.run(SignOff(preview.draft), REQUESTER, rig.core.desk())
    assert isinstance(asked, Requested)
    rig.site.call(lambda: rig.site.world.sneak_job(first, timedelta(hours=3)))
    rig.ask(f"approve #{asked.loan.id}", APPROVER)
    go_to(rig, asked.loan.id, State.LENT)
    assert first not in nodes_of(rig, asked.loan.id)
    go_home(rig, asked.loan.id)


@pytest.mark.parametrize("step", ["reserve", "drain", "quiet", "down"])
def test_a_job_that_sneaks_in_during_taking_is_never_killed(rig: Rig, step: str) -> None:
    """Choosing, reserving and draining are three moments; a job may come between any two of them."""
    loan = rig.lend("lend 2 gpu nodes to k8s for 9 days")

    def sneak(_: str) -> None:
        for node in rig.site.world.names():
            rig.site.call(lambda node=node: rig.site.world.sneak_job(node, timedelta(minutes=8)))  # type: ignore[misc]

    ambush: Any = Ambush(rig.core.store, loan.id, {step}, sneak)
    go_to(rig, loan.id, State.LENT, ground=rig.with_store(ambush))
    assert ambush.sprung == [step]
    go_home(rig, loan.id)


@pytest.mark.parametrize("step", ["quiet", "down"])
def test_a_node_that_somebody_else_drains_during_taking_stays_theirs(rig: Rig, step: str) -> None:
    """The staff's reason is never overwritten, and never lifted by us."""
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")
    theirs: list[str] = []

    def drain(_: str) -> None:
        theirs.extend(nodes_of(rig, loan.id))
        by_hand(rig, theirs[0], "DRAIN", "ECC errors")

    ambush: Any = Ambush(rig.core.store, loan.id, {step}, drain)
    go_to(rig, loan.id, State.LENT, State.FAILED, ground=rig.with_store(ambush))
    slurm = rig.room()[theirs[0]]["slurm"]
    assert (slurm["state"], slurm["reason"]) == ("IDLE+DRAIN", "ECC errors")
    by_hand(rig, theirs[0], "RESUME")
    if rig.loan(loan.id).state is State.LENT:
        go_home(rig, loan.id)


def test_a_lent_node_that_somebody_resumes_gets_its_drain_back(rig: Rig) -> None:
    """A node is in one world, whoever said otherwise; on-call hears of it."""
    loan_id = lent(rig)
    node = nodes_of(rig, loan_id)[0]
    by_hand(rig, node, "RESUME")
    deadline = time.monotonic() + PATIENCE_S
    while not (
        drained := [m.node for m in reconcile(rig.ground) if m.about is facts.Wrong.SCHEDULABLE]
    ):  # a shared read may be older than RESUME
        assert time.monotonic() < deadline, rig.room()[node]
    assert drained == [node]
    assert "DRAIN was put back" in letters(rig, loan_id, facts.Mismatch)[0].fact.what
    assert "DRAIN" in rig.room()[node]["slurm"]["state"]
    go_home(rig, loan_id)


def test_a_kubernetes_node_that_somebody_deletes_is_told_and_comes_home_when_they_say_so(rig: Rig) -> None:
    """kubectl delete node is a person's right; what may run on without it is for a person to judge, too."""
    loan_id = lent(rig)
    node = nodes_of(rig, loan_id)[0]
    uid = rig.core.adapters.far.kubernetes.nodes()[node].uid
    rig.core.adapters.far.kubernetes.cordon(node, rig.loan(loan_id).mark)
    while rig.core.adapters.far.kubernetes.drain(node, force=False).left:
        pass
    rig.core.adapters.far.kubernetes.delete_node(node, uid)
    go_on(rig, loan_id, lambda: bool(reconcile(rig.ground)))  # unknown; or known again, without our mark
    assert f"{node} is lent, and" in letters(rig, loan_id, facts.Mismatch)[0].fact.what
    rig.ask(f"give back #{loan_id}")
    go_on(rig, loan_id, lambda: "has no such node" in str(notes(rig, loan_id)) or node not in nodes_of(rig, loan_id))
    if node in nodes_of(rig, loan_id):  # otherwise the kubelet has registered it again, and all went as ever
        assert rig.room()[node]["power"] == "on"
        assert isinstance(rig.ask(f"force {node} of #{loan_id}", APPROVER), Forced)
    go_to(rig, loan_id, State.RETURNED)
    assert_store_is_true(rig, loan_id)


def test_a_pod_that_may_not_go_is_named_waited_for_and_forced_only_by_who_may(rig: Rig) -> None:
    """A budget is respected until an approver says otherwise, and the audit knows who said it."""
    loan_id = lent(rig)
    node = nodes_of(rig, loan_id)[0]
    rig.site.call(lambda: rig.site.site.kube.put_pod("blocked", node))
    rig.ask(f"give back #{loan_id}")
    go_on(rig, loan_id, lambda: bool(letters(rig, loan_id, facts.Blocked)))
    assert f"blocked-{node}" in notes(rig, loan_id)[0]
    assert "budget" in notes(rig, loan_id)[0]
    assert isinstance(rig.ask(f"force {node} of #{loan_id}", REQUESTER), Forbidden)
    before = rig.parts(loan_id)[0].ask_at
    assert isinstance(rig.ask(f"wait for {node} of #{loan_id}", REQUESTER), Forbidden)
    waits = rig.ask(f"wait for {node} of #{loan_id}", APPROVER)
    assert isinstance(waits, WaitsOn)
    assert before is None or rig.parts(loan_id)[0].ask_at != before
    assert isinstance(rig.ask(f"force {node} of #{loan_id}", APPROVER), Forced)
    go_to(rig, loan_id, State.RETURNED)
    forced = [(each.who.id, each.node) for each in happened(rig, loan_id) if isinstance(each.fact, facts.Forced)]
    assert forced == [(APPROVER.person.id, node)]
    assert_store_is_true(rig, loan_id)


def test_a_webhook_a_long_grace_and_a_volume_are_each_named_and_none_keeps_a_node_for_ever(rig: Rig) -> None:
    """Other people's webhooks answer what they like: the node's way home says whom it waits for, and goes on."""
    loan_id = lent(rig)
    node = nodes_of(rig, loan_id)[0]
    kube = rig.site.site.kube
    for kind in ("patient", "volume"):
        rig.site.call(lambda kind=kind: kube.put_pod(kind, node))  # type: ignore[misc]
    for fault in (Fault("evict", "403", node, times=40), Fault("detach", "forget", node)):
        rig.site.call(lambda fault=fault: rig.site.site.faults.set(fault))  # type: ignore[misc]
    rig.ask(f"give back #{loan_id}")
    go_on(rig, loan_id, lambda: 'webhook "pods.guard.example" denied the request' in str(notes(rig, loan_id)))
    rig.site.call(lambda: rig.site.site.faults.clear("evict"))
    go_on(rig, loan_id, lambda: "its own grace of 2 h" in str(notes(rig, loan_id)))
    assert rig.parts(loan_id)[0].blocked
    assert isinstance(rig.ask(f"force {node} of #{loan_id}", APPROVER), Forced)
    ground = patient(rig.ground, timedelta(minutes=6), StepName.DETACH)
    go_to(rig, loan_id, State.RETURNED, ground=ground)
    said = [each.fact.said for each in happened(rig, loan_id) if isinstance(each.fact, facts.StepFinished)]
    assert f"went on while volume `kubernetes.io/csi/csi.site.example^data-{node}` is still attached" in said
    assert_store_is_true(rig, loan_id)


@pytest.mark.parametrize("kind", ["bare", "emptydir"])
def test_a_pod_whose_data_would_be_lost_blocks_with_a_sentence(rig: Rig, kind: str) -> None:
    """Nothing that cannot be made again is removed without a word."""
    loan_id = lent(rig)
    node = nodes_of(rig, loan_id)[0]
    rig.site.call(lambda: rig.site.site.kube.put_pod(kind, node))
    rig.ask(f"give back #{loan_id}")
    go_on(rig, loan_id, lambda: any(kind in note for note in notes(rig, loan_id)))
    assert rig.parts(loan_id)[0].blocked
    rig.ask(f"force {node} of #{loan_id}", ONCALL)
    go_to(rig, loan_id, State.RETURNED)
    assert_store_is_true(rig, loan_id)


def test_the_deadline_comes_while_nodes_are_still_on_their_way_out(rig: Rig) -> None:
    """The promise ends when it ends, however far it came."""
    loan = rig.lend("lend 2 gpu nodes to k8s for 9 days")
    ambush: Any = Ambush(rig.core.store, loan.id, {"Puppet"}, lambda _: _bring_forward(rig, loan.id))
    go_to(rig, loan.id, State.RETURNED, ground=rig.with_store(ambush))
    assert rig.loan(loan.id).return_why is facts.WhyReturn.DEADLINE
    assert_store_is_true(rig, loan.id)


def _bring_forward(rig: Rig, loan_id: int) -> None:
    with rig.core.store.write() as tx:
        tx.loans.save(replace(tx.loans.get(loan_id), until=rig.core.clock.now()))


@pytest.mark.parametrize("step", ["drain", "quiet", "down"])
def test_a_loan_that_is_given_back_while_its_nodes_are_taken_leaves_nothing_behind(rig: Rig, step: str) -> None:
    """No reservation and no DRAIN outlives a change of mind."""
    loan = rig.lend("lend 2 gpu nodes to k8s for 9 days")
    ambush: Any = Ambush(rig.core.store, loan.id, {step}, lambda _: rig.ask(f"give back #{loan.id}"))
    go_to(rig, loan.id, State.RETURNED, ground=rig.with_store(ambush))
    assert_store_is_true(rig, loan.id)


def test_one_node_given_back_on_the_way_out_and_one_while_lent(rig: Rig) -> None:
    """The others stay; the loan ends by itself when the last has gone."""
    loan = rig.lend("lend 3 gpu nodes to k8s for 9 days")
    early: list[str] = []

    def one(_: str) -> None:
        early.append(nodes_of(rig, loan.id)[0])
        rig.ask(f"give back {early[0]} from #{loan.id}")

    ambush: Any = Ambush(rig.core.store, loan.id, {"join"}, one)
    go_to(rig, loan.id, State.LENT, ground=rig.with_store(ambush))
    for node in [n for n in nodes_of(rig, loan.id) if n != early[0]]:
        assert rig.loan(loan.id).state is State.LENT
        rig.ask(f"give back {node} from #{loan.id}")
        go_on(rig, loan.id, lambda node=node: node not in nodes_of(rig, loan.id))  # type: ignore[misc]
    go_to(rig, loan.id, State.RETURNED)
    assert len(rig.parts(loan.id)) == 3
    assert_store_is_true(rig, loan.id)


def test_every_node_given_back_on_the_way_out_ends_the_loan_as_returned(rig: Rig) -> None:
    """Who changed their mind is not told that lendbot failed."""
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")
    give = lambda _: rig.ask(f"give back {nodes_of(rig, loan.id)[0]} from #{loan.id}")  # noqa: E731
    ambush: Any = Ambush(rig.core.store, loan.id, {"join"}, give)
    go_to(rig, loan.id, State.RETURNED, State.FAILED, ground=rig.with_store(ambush))
    assert rig.loan(loan.id).state is State.RETURNED
    assert not letters(rig, loan.id, facts.Failed)


def test_a_loan_that_is_cancelled_before_it_starts_changes_nothing(rig: Rig) -> None:
    """Not one line is journalled."""
    preview = rig.ask("lend 1 gpu node to k8s for 9 days")
    asked = grammar.run(SignOff(preview.draft), REQUESTER, rig.core.desk())
    assert isinstance(asked, Requested)
    rig.ask(f"cancel #{asked.loan.id}")
    rig.tick()
    assert rig.loan(asked.loan.id).state is State.WITHDRAWN
    assert rig.journal_lines(asked.loan.id) == 0


def test_two_loans_that_want_the_same_nodes_never_share_one(rig: Rig) -> None:
    """Six nodes, two loans of two at once: four different nodes."""
    first, second = (rig.lend("lend 1 gpu node to k8s for 9 days") for _ in range(2))
    go_to(rig, first.id, State.LENT)
    go_to(rig, second.id, State.LENT)
    assert not set(nodes_of(rig, first.id)) & set(nodes_of(rig, second.id))
    go_home(rig, first.id)
    go_home(rig, second.id)


def test_nothing_moves_while_all_is_well_and_nobody_is_told_of_a_mismatch(rig: Rig) -> None:
    """A false alarm at night is a harm too."""
    loan_id = lent(rig, 2)
    assert reconcile(rig.ground) == ()
    assert {part.state for part in rig.parts(loan_id)} == {NodeState.LENT}
    go_home(rig, loan_id)
