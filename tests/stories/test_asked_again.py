"""Admins who lend a hand in the middle: what they undo is put back and told, and nobody's job or pod pays for it.

Each ambush springs right after a step has been journalled as begun: between what lendbot saw and what it does.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from commands import give_back
from commands.give_back import GiveBack
from commands.replies import SkipsTooMuch
from conversion import orders
from conversion.plans import LEND, RETURN
from conversion.ports import Ran
from conversion.reconcile import reconcile
from loans import facts
from loans.facts import Actor
from loans.loan import NODE_GONE, NodeState, State
from loans.nodes import NodeName
from loans.runbook import StepName
from tests.bot.house import eventually
from tests.conversion.rig import APPROVER, ONCALL, Rig
from tests.stories.bad_days import (
    Ambush,
    bad_site,
    break_,
    go_home,
    go_to,
    happened,
    heal,
    lent,
    letters,
    nodes_of,
    patient,
)

AN_HOUR = timedelta(hours=1)


@pytest.fixture
def rig() -> Iterator[Rig]:
    with bad_site(gpu_nodes=4) as found:
        yield found


def resume(rig: Rig, node: str) -> None:
    rig.site.call(lambda: rig.site.world.slurm.update(node, "RESUME", None, "root"))


def start_job(rig: Rig, node: str, length: timedelta = AN_HOUR) -> Any:
    return rig.site.call(lambda: rig.site.world.sneak_job(node, length))


def told(job: Any) -> tuple[str, int]:
    """Return a job's state, and how often it was started again."""
    return str(job.state), job.restarts


def assert_unharmed(rig: Rig) -> None:
    tally = rig.tally()
    assert (tally["jobs_killed"], tally["pods_killed"]) == (0, 0)


def told_of(rig: Rig, loan_id: int, about: facts.Wrong) -> list[str]:
    """Return the sentences that on-call got."""
    return [each.fact.what for each in letters(rig, loan_id, facts.Mismatch) if each.fact.about is about]


def run_to(rig: Rig, loan_id: int, ambush: Any, is_so: Callable[[], bool]) -> None:
    rig.tick_until(f"loan #{loan_id} to go on", is_so, ground=rig.with_store(ambush))


def is_at_rest(rig: Rig, loan_id: int) -> bool:
    return rig.loan(loan_id).state in {State.LENT, State.FAILED, State.RETURNED, State.STUCK}


@pytest.mark.parametrize("step", ["prepare", "role", "Puppet", "down"])
def test_a_job_that_starts_because_an_admin_resumed_the_node_is_not_ended(rig: Rig, step: str) -> None:
    """RESUME in the middle, a job starts: no command runs on its node, it is not marked DOWN, on-call hears."""
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")
    jobs: list[Any] = []

    def spring(_: str) -> None:
        node = nodes_of(rig, loan.id)[0]
        resume(rig, node)
        jobs.append(start_job(rig, node))

    ambush: Any = Ambush(rig.core.store, loan.id, {step}, spring)
    run_to(rig, loan.id, ambush, lambda: bool(jobs))
    assert told(jobs[0])[0] == "RUNNING"
    run_to(rig, loan.id, ambush, lambda: is_at_rest(rig, loan.id))
    assert told(jobs[0]) == ("COMPLETED", 0)
    assert_unharmed(rig)
    if step != "down":
        assert any("I have put it back" in what for what in told_of(rig, loan.id, facts.Wrong.SCHEDULABLE))
    if rig.loan(loan.id).state is State.LENT:
        go_home(rig, loan.id)


def test_power_is_not_cut_under_a_job_that_an_admins_resume_let_in(rig: Rig) -> None:
    """A node that failed its commands goes home with slurmd alive: whoever resumes it meanwhile keeps his job."""
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")
    break_(rig, "prepare", "fail")
    jobs: list[Any] = []

    def spring(_: str) -> None:
        node = nodes_of(rig, loan.id)[0]
        resume(rig, node)
        jobs.append(start_job(rig, node))

    ambush: Any = Ambush(rig.core.store, loan.id, {"power off"}, spring)
    run_to(rig, loan.id, ambush, lambda: bool(jobs))
    node = nodes_of(rig, loan.id)[0]
    run_to(rig, loan.id, ambush, lambda: "DRAIN" in rig.room()[node]["slurm"]["state"])
    assert rig.room()[node]["power"] == "on"
    heal(rig)
    run_to(rig, loan.id, ambush, lambda: {part.state for part in rig.parts(loan.id)} <= NODE_GONE | {NodeState.LENT})
    assert told(jobs[0]) == ("COMPLETED", 0)
    assert_unharmed(rig)
    if rig.loan(loan.id).state not in {State.FAILED, State.RETURNED}:
        go_home(rig, loan.id)


def test_a_node_object_is_not_deleted_while_its_power_is_on(rig: Rig) -> None:
    """Its kubelet would register again without our cordon, and its pods would live on unseen."""
    loan_id = lent(rig)
    node = nodes_of(rig, loan_id)[0]

    def spring(_: str) -> None:
        rig.core.adapters.far.powers["bmc"].on(node)

    ambush: Any = Ambush(rig.core.store, loan_id, {"leave"}, spring)
    rig.ask(f"give back #{loan_id}")
    run_to(rig, loan_id, ambush, lambda: "what lives there would come back" in (rig.parts(loan_id)[0].note or ""))
    assert rig.room()[node]["kube"] is not None
    assert_unharmed(rig)
    rig.core.adapters.far.powers["bmc"].off(node)
    go_to(rig, loan_id, State.RETURNED)


@pytest.mark.parametrize("step", [step.name for step in LEND if step.name is not StepName.OUT_OF_SLURM])
def test_a_drain_that_an_admin_lifts_on_the_way_out_is_put_back_whatever_the_step(rig: Rig, step: str) -> None:
    """DRAIN is a promise, looked at again at each step, and by the round once a minute when the last step is over."""
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")
    lifted: list[str] = []

    def spring(_: str) -> None:
        lifted.extend(nodes_of(rig, loan.id))
        resume(rig, lifted[0])

    def is_held_again() -> bool:
        if rig.loan(loan.id).state is State.LENT:
            reconcile(rig.ground)
        return bool(lifted) and bool(told_of(rig, loan.id, facts.Wrong.SCHEDULABLE))

    ambush: Any = Ambush(rig.core.store, loan.id, {step}, spring)
    run_to(rig, loan.id, ambush, is_held_again)
    assert "DRAIN" in rig.room()[lifted[0]]["slurm"]["state"]
    assert rig.room()[lifted[0]]["slurm"]["reason"] == str(loan.mark)
    run_to(rig, loan.id, ambush, lambda: is_at_rest(rig, loan.id))
    again = [each for each in happened(rig, loan.id) if isinstance(each.fact, facts.SetInSlurm)]
    assert sum(each.fact.change is facts.SlurmChange.DRAINED for each in again) > 1, "what is put back is written down"
    assert_unharmed(rig)
    go_home(rig, loan.id)


@pytest.mark.parametrize("step", ["evict", "power off", "leave"])
def test_a_cordon_that_an_admin_lifts_on_the_way_home_is_put_back(rig: Rig, step: str) -> None:
    """New pods do not come to a node that is about to lose its power."""
    loan_id = lent(rig)
    node = nodes_of(rig, loan_id)[0]

    def spring(_: str) -> None:
        rig.core.adapters.far.kubernetes.uncordon(node, rig.loan(loan_id).mark)

    ambush: Any = Ambush(rig.core.store, loan_id, {step}, spring)
    rig.ask(f"give back #{loan_id}")
    run_to(rig, loan_id, ambush, lambda: is_at_rest(rig, loan_id))
    assert rig.loan(loan_id).state is State.RETURNED
    [told] = set(told_of(rig, loan_id, facts.Wrong.OPEN))
    assert told == f"{node} was open for pods in Kubernetes: I have cordoned it again"
    assert_unharmed(rig)


AFTER_THE_FIRST = [step.name for step in RETURN][1:]


@pytest.mark.parametrize("step", AFTER_THE_FIRST)
def test_a_way_home_that_skips_what_is_not_so_is_refused_with_what_is_not_so(rig: Rig, step: StepName) -> None:
    """`give-back NODE --from resume` of a lent node with pods said "home", while it was Ready in Kubernetes."""
    loan_id = lent(rig)
    node = nodes_of(rig, loan_id)[0]
    refused = give_back.run(GiveBack(loan_id, node, step), APPROVER, rig.core.desk())
    assert isinstance(refused, SkipsTooMuch), refused
    missing = {found.step: found.why for _, found in refused.missing}
    assert missing[StepName.CORDON] == "new pods may still come"
    assert (StepName.LEAVE in missing) is (AFTER_THE_FIRST.index(step) > AFTER_THE_FIRST.index(StepName.LEAVE))
    assert (StepName.BOOT in missing) is (AFTER_THE_FIRST.index(step) > AFTER_THE_FIRST.index(StepName.BOOT))
    assert rig.parts(loan_id)[0].state is NodeState.LENT, "nothing was ordered"
    go_home(rig, loan_id)


def test_what_was_so_when_it_was_ordered_is_asked_again_when_it_begins(rig: Rig) -> None:
    """Between the word and the first look an hour may lie: the node is stuck with a sentence, never "home"."""
    loan_id = lent(rig, 2)
    node = nodes_of(rig, loan_id)[0]
    with rig.core.store.write() as tx:
        loan = tx.loans.get(loan_id)
        orders.give_back_nodes(tx, loan, [node], rig.core.clock.now(), by=Actor("cli:op"), from_step=StepName.RESUME)
    rig.tick_until("a sentence", lambda: rig.parts(loan_id)[0].state is NodeState.STUCK)
    note = rig.parts(loan_id)[0].note
    assert note.startswith("it cannot begin there: cordon: new pods may still come")
    assert rig.room()[node]["kube"]["schedulable"], "nothing was done"
    go_home(rig, loan_id)


def test_a_node_that_a_person_brought_up_goes_on_from_verify(rig: Rig) -> None:
    """The night's shortest word still works where its first steps were done by hand."""
    loan_id = lent(rig)
    node = nodes_of(rig, loan_id)[0]
    break_(rig, "boot", "forget", node)
    rig.ask(f"give back #{loan_id}")
    short = patient(rig.ground, timedelta(minutes=10), "boot")
    rig.tick_until("a stuck node", lambda: rig.parts(loan_id)[0].state is NodeState.STUCK, ground=short)
    heal(rig)
    rig.core.adapters.far.powers["bmc"].off(node)
    rig.core.adapters.far.powers["bmc"].on(node)
    rig.tick_until("the node is up", lambda: "NOT_RESPONDING" not in rig.room()[node]["slurm"]["state"])
    done = give_back.run(GiveBack(loan_id, node, StepName.VERIFY), ONCALL, rig.core.desk())
    assert not isinstance(done, SkipsTooMuch), done
    go_to(rig, loan_id, State.RETURNED)


class Crowded:
    """The real shell; a tenant's pod is on the node before Puppet's run is noted: clusters can be in a hurry."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._shell = rig.ground.reach.out_there.shell
        self.ask, self.note = self._shell.ask, self._shell.note
        self.crowded: list[NodeName] = []

    def run(self, node: NodeName, argv: Sequence[str], *, timeout: timedelta, stdin: str | None = None) -> Ran:
        ran = self._shell.run(node, argv, timeout=timeout, stdin=stdin)
        if argv[0] == "flock":
            eventually("it registers", lambda: self._rig.room()[node]["kube"] is not None)
            self._rig.site.call(lambda: self._rig.site.site.kube.put_pod("bare", node))
            self.crowded.append(node)
        return ran


def test_a_pod_that_is_there_before_puppet_is_noted_does_not_keep_the_node_from_being_lent(rig: Rig) -> None:
    """What lendbot writes down on a node ends nobody's work: it asks nobody for leave, and Puppet runs once."""
    shell: Any = Crowded(rig)
    out_there = replace(rig.ground.reach.out_there, shell=shell)
    ground = replace(rig.ground, reach=replace(rig.ground.reach, out_there=out_there))
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")
    go_to(rig, loan.id, State.LENT, ground=ground)
    assert shell.crowded == [rig.parts(loan.id)[0].node]
