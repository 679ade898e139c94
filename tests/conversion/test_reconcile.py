"""What we believe against what the worlds say: found, told once, and mended only where mending harms nobody."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from conversion.reconcile import Finding, reconcile
from conversion.subjects import Ground
from loans.facts import Mismatch, Wrong
from loans.loan import NodeState, State
from loans.marks import Mark
from loans.nodes import NodeName
from sandbox.faults import Fault
from store.db import Store
from tests.conversion.rig import Rig, rigged
from tests.conversion.shelf import a_store
from tests.store.values import a_loan, a_node


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with rigged(speed=1.0, busy=0.0, gpu_nodes=4, cpu_nodes=0) as found:
        yield found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def ground(rig: Rig, store: Store) -> Iterator[Ground]:
    """The site, with a store of the test's own; what the test drained or reserved is undone after."""
    yield rig.with_store(store)
    slurm = rig.core.adapters.far.slurm
    slurm.resume([node.name for node in slurm.nodes().values() if node.flags or node.base == "DOWN"])
    for name in slurm.reservations():
        slurm.unreserve(name)


def lent(store: Store, node: str = "gpu001", state: NodeState = NodeState.LENT) -> None:
    with store.write() as tx:
        loan = tx.loans.add(a_loan(state=State.LENT))
        tx.nodes.add(a_node(loan.id, node, state=state))


def mark_of(store: Store, loan_id: int = 1) -> Mark:
    with store.read() as tx:
        return tx.loans.get(loan_id).mark


def told(store: Store, rig: Rig) -> list[str]:
    with store.read() as tx:
        due = tx.outbox.due(rig.core.clock.now() + timedelta(days=9999), 99)
        told = [tx.facts.get(letter.fact_id) for letter in due if letter.fact_id]
        return [each.fact.what for each in told if each and each.loan_id and isinstance(each.fact, Mismatch)]


def test_a_site_in_order_is_quiet(ground: Ground, store: Store, rig: Rig) -> None:
    """No news is good news."""
    assert reconcile(ground) == ()
    assert told(store, rig) == []


def test_a_node_of_a_class_that_the_settings_lost_keeps_its_drain(ground: Ground, store: Store, rig: Rig) -> None:
    """DRAIN needs no settings: somebody renames the class, somebody resumes the node, and it stays in one world."""
    lent(store)
    with store.read() as tx:
        loan = tx.loans.get(1)
    ground.begun(loan)
    found = reconcile(replace(ground, classes={}))
    assert [(each.about, each.node) for each in found if each.about is Wrong.SCHEDULABLE] == [
        (Wrong.SCHEDULABLE, "gpu001")
    ]
    assert "DRAIN" in rig.core.adapters.far.slurm.nodes()[NodeName("gpu001")].flags


@pytest.mark.parametrize("state", [NodeState.LENT, NodeState.LENDING])
def test_a_node_that_left_slurm_and_could_be_used_by_it_is_drained_again_and_on_call_hears(
    ground: Ground, store: Store, rig: Rig, state: NodeState
) -> None:
    """A node is never schedulable in both worlds: whoever resumed it by hand is told, once a day."""
    lent(store, state=state)
    found = reconcile(ground)
    assert any(each.about is Wrong.SCHEDULABLE and each.node == "gpu001" for each in found)
    node = rig.core.adapters.far.slurm.nodes()[NodeName("gpu001")]
    assert ("DRAIN" in node.flags, node.reason) == (True, str(mark_of(store)))
    assert any("DRAIN was put back" in what for what in told(store, rig))
    reconcile(ground)
    assert len(told(store, rig)) == len(set(told(store, rig)))


def test_a_lent_node_that_kubernetes_lost_is_told(ground: Ground, store: Store, rig: Rig) -> None:
    """The workshop's admin should not be the first to notice."""
    lent(store)
    rig.core.adapters.far.slurm.drain([NodeName("gpu001")], str(mark_of(store)))
    [found] = reconcile(ground)
    assert found == Finding(Wrong.ABSENT, "gpu001", "", 1)
    assert found.what == "gpu001 is lent, and Kubernetes does not know it"
    assert told(store, rig) == [found.what]
    reconcile(ground)
    assert told(store, rig) == [found.what]


def test_our_mark_without_a_loan_is_told_and_left(ground: Ground, rig: Rig) -> None:
    """What a lost store left behind is for a person to judge."""
    rig.core.adapters.far.slurm.drain([NodeName("gpu002")], str(Mark(77, "zzzz")))
    [found] = reconcile(ground)
    assert "gpu002" in found.what
    assert "#77" in found.what
    assert "DRAIN" in rig.core.adapters.far.slurm.nodes()[NodeName("gpu002")].flags


def test_what_others_drained_is_none_of_our_business(ground: Ground, rig: Rig) -> None:
    """ECC errors stay ECC errors."""
    rig.core.adapters.far.slurm.drain([NodeName("gpu002")], "ECC errors")
    assert reconcile(ground) == ()


def test_a_reservation_of_ours_without_a_loan_is_told(ground: Ground, rig: Rig) -> None:
    """Nodes that nobody can use are found, though nobody asks for them."""
    slurm = rig.core.adapters.far.slurm
    slurm.reserve(Mark(77, "zzzz").reservation(1), [NodeName("gpu003")], timedelta(hours=1))
    slurm.reserve("maintenance", [NodeName("gpu004")], timedelta(hours=1))
    [found] = reconcile(ground)
    assert found.what == (
        "reservation lendbot_zzzz_77_1 stands in Slurm "
        "with the mark of loan #77 of the lendbot zzzz, a stranger to this one"
    )


@pytest.mark.parametrize("state", [NodeState.TAKING, NodeState.RETURNING, NodeState.STUCK])
def test_a_node_on_its_way_is_not_judged(ground: Ground, store: Store, state: NodeState) -> None:
    """Half-way is where it should be."""
    lent(store, state=state)
    assert reconcile(ground) == ()


@pytest.mark.parametrize("side", ["slurm", "kube"])
def test_no_answer_is_no_finding(ground: Ground, store: Store, rig: Rig, side: str) -> None:
    """An outage does not look like a hundred lost nodes, and mends nothing."""
    lent(store)
    rig.site.call(lambda: rig.site.faults.set(Fault(side, "refuse")))
    try:
        found = reconcile(replace(ground))
        assert [m for m in found if side == "slurm"] == []
    finally:
        rig.site.call(rig.site.faults.clear)
