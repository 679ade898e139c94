"""Which cordon is lendbot's to lift when a node has joined: the one that it registered with."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from conversion.lending import check_joined, check_ready, open_for_pods
from conversion.pace import Pace
from conversion.ports import FarSides
from conversion.steps import Done, NodeWork, NotYet
from loans.classes import NodeClass
from loans.facts import StepFact, StepFinished, StepStarted, Told
from loans.loan import Loan, NodeLoan
from loans.marks import Mark
from loans.nodes import KubeNode, NodeName
from loans.runbook import PlanName, StepName
from tests.store.values import NOW

GPU3 = NodeName("gpu003")
OPEN = KubeNode(GPU3, "u1", ready=True, schedulable=True)
CORDONED = replace(OPEN, schedulable=False)


@dataclass
class Cluster:
    """A cluster with one node."""

    seen: KubeNode
    uncordoned: list[str] = field(default_factory=list)

    def node(self, name: str) -> KubeNode:
        del name
        return self.seen

    def uncordon(self, name: str, mark: Mark) -> None:
        del mark
        self.uncordoned.append(name)
        self.seen = OPEN


def work_on(cluster: Cluster, *journal: StepFact) -> NodeWork:
    nobody: Any = None
    far: Any = FarSides(nobody, cluster, nobody, {})  # type: ignore[arg-type]
    loan = Loan("U1", "gpu", 1, NOW + timedelta(hours=2), NOW, NOW, id=12)
    told = tuple(Told(fact, NOW, loan_id=12, node=GPU3) for fact in journal)
    part = NodeLoan(12, GPU3, 1, NOW, NOW)
    return NodeWork(loan, NodeClass("gpu", "gpu"), part, far, Pace(), told, NOW, timedelta(), note_boot=lambda _: None)


def joined(cluster: Cluster) -> StepFinished:
    """Write down how the node joined, as the engine does."""
    seen = check_joined(work_on(cluster))
    assert isinstance(seen, Done)
    return StepFinished(PlanName.LEND, StepName.JOIN, said=seen.detail)


def test_a_node_that_registers_cordoned_is_opened() -> None:
    """Sites whose kubelets register cordoned lend without a hand."""
    cluster = Cluster(CORDONED)
    work = work_on(cluster, joined(cluster), StepStarted(PlanName.LEND, StepName.READY))
    assert check_ready(work) == NotYet("it is cordoned")
    open_for_pods(work)
    assert cluster.uncordoned == ["gpu003"]
    assert check_ready(work) == Done()


@pytest.mark.parametrize("joined_as", ["open", "nobody knows"])
def test_a_cordon_that_somebody_set_later_is_left_alone_and_said(joined_as: str) -> None:
    """An admin who keeps pods off a node at which they work finds none there, and the card says what is in the way."""
    cluster = Cluster(OPEN)
    work = work_on(cluster, *([joined(cluster)] if joined_as == "open" else []))
    cluster.seen = CORDONED
    open_for_pods(work)
    assert cluster.uncordoned == []
    seen = check_ready(work)
    assert isinstance(seen, NotYet)
    assert "not by me" in seen.why
