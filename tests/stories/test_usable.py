"""Lent means usable, and home means healthy: what Kubernetes and a node's own checks say is heard."""

from loans import facts
from loans.loan import NodeState, State
from loans.runbook import StepName
from tests.conversion.rig import Rig
from tests.stories.bad_days import (
    assert_store_is_true,
    break_,
    go_home,
    go_on,
    go_to,
    happened,
    heal,
    lent,
    letters,
    nodes_of,
    notes,
)


def test_no_pod_arrives_before_the_node_is_usable(rig: Rig) -> None:
    """Ready is not usable: a taint of the network's and GPUs that are not there are named and waited for."""
    break_(rig, "taint", "stay")
    break_(rig, "gpus", "forget")
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")
    go_on(rig, loan.id, lambda: "node.cilium.io/agent-not-ready" in str(notes(rig, loan.id)))
    [node] = nodes_of(rig, loan.id)
    on_it = rig.site.call(lambda: rig.site.site.kube.cluster.pods_on(node))
    assert {pod["metadata"]["namespace"] for pod in on_it} <= {"kube-system", "monitoring"}
    rig.site.call(lambda: rig.site.faults.clear("taint"))
    go_on(rig, loan.id, lambda: "Kubernetes offers 0 of `nvidia.com/gpu`" in str(notes(rig, loan.id)))
    heal(rig)
    go_to(rig, loan.id, State.LENT)
    changes = [each.fact for each in happened(rig, loan.id) if isinstance(each.fact, facts.MarkedInKubernetes)]
    assert [change.taints for change in changes if change.change is facts.KubeChange.OPENED] == [
        ("lendbot/starting:NoSchedule",)
    ]
    go_home(rig, loan.id)


def test_a_node_that_fails_its_checks_stays_out_and_is_not_called_stuck(rig: Rig) -> None:
    """MIG mode outlives every reboot: jobs that want whole GPUs would fail there all night."""
    loan_id = lent(rig)
    [node] = nodes_of(rig, loan_id)
    machine = rig.site.world.machines[node]
    rig.site.call(lambda: setattr(machine, "has_mig", True))
    rig.ask(f"give back #{loan_id}")
    go_to(rig, loan_id, State.STUCK)
    part = rig.parts(loan_id)[0]
    assert (part.state, part.step) == (NodeState.STUCK, StepName.HEALTH)
    assert "MIG is still on: `nvidia-smi" in part.note
    slurm = rig.room()[node]["slurm"]
    assert "DRAIN" in slurm["state"]
    assert "not healthy: MIG is still on" in slurm["reason"]
    assert letters(rig, loan_id, facts.GotStuck)
    rig.site.call(lambda: setattr(machine, "has_mig", False))
    rig.ask(f"give back {node} from #{loan_id}")
    go_to(rig, loan_id, State.RETURNED)
    rig.assert_harmless_and_home(node)
    assert_store_is_true(rig, loan_id)
