"""The nodes of loans and the waves of taking, kept."""

from dataclasses import replace
from datetime import timedelta

import pytest

from loans.boots import Boot
from loans.loan import NODE_GONE, NODE_MOVING, TAKING_MOVING, Loan, NodeLoan, NodeState, TakingState
from loans.nodes import NodeName
from store.db import Store
from store.errors import NodeTaken, NoSuchNode, NoSuchTaking, Stale
from tests.store.values import HOUR, MINUTE, NOW, a_loan, a_node, a_taking

GPU1 = NodeName("gpu001")


@pytest.fixture
def loan(store: Store) -> Loan:
    with store.write() as tx:
        return tx.loans.add(a_loan())


@pytest.fixture
def other(store: Store, loan: Loan) -> Loan:
    with store.write() as tx:
        return tx.loans.add(replace(loan, purpose="another"))


def keep(store: Store, *nodes: NodeLoan) -> list[NodeLoan]:
    with store.write() as tx:
        return [tx.nodes.add(node) for node in nodes]


def test_a_node_comes_back_as_it_was_kept(store: Store, loan: Loan) -> None:
    """After a restart the worker knows of a node all that it knew before."""
    full = NodeLoan(
        loan_id=loan.id,
        node=GPU1,
        wave=2,
        since=NOW,
        look_at=NOW + MINUTE,
        state=NodeState.RETURNING,
        run=3,
        step="evict",
        note="pod jupyter/hub-0 may not be evicted",
        blocked=True,
        ask_at=NOW + HOUR,
        forced_by="U0APPROVER",
        begin_at_step="verify",
        lent_at=NOW,
        left_at=NOW,
    )
    [kept] = keep(store, full)
    assert kept == replace(full, version=1)
    with store.read() as tx:
        assert tx.nodes.get(loan.id, GPU1) == kept
        assert tx.nodes.of(loan.id) == (kept,)


@pytest.mark.parametrize("state", NodeState)
def test_a_node_is_in_at_most_one_open_loan(store: Store, loan: Loan, other: Loan, state: NodeState) -> None:
    """Two loans never pull at one node; once it is gone from one, the next may have it."""
    keep(store, a_node(loan.id, state=state))
    if state in NODE_GONE:
        [again] = keep(store, a_node(other.id))
        with store.read() as tx:
            assert tx.nodes.held() == (again,)
        return
    with pytest.raises(NodeTaken, match=f"gpu001 is taken by loan #{loan.id}") as refusal:
        keep(store, a_node(other.id))
    assert (refusal.value.node, refusal.value.by_loan) == (GPU1, loan.id)


def test_a_refused_node_leaves_the_transaction_usable(store: Store, loan: Loan, other: Loan) -> None:
    """Whoever takes eight nodes may pass over the taken one and keep the other seven."""
    keep(store, a_node(loan.id))
    with store.write() as tx:
        with pytest.raises(NodeTaken):
            tx.nodes.add(a_node(other.id))
        tx.nodes.add(a_node(other.id, "gpu002"))
    with store.read() as tx:
        assert [node.node for node in tx.nodes.of(other.id)] == ["gpu002"]


def test_a_node_does_not_come_back_into_the_loan_that_it_failed(store: Store, loan: Loan) -> None:
    """A node that was unwound is replaced by another one, never by itself."""
    keep(store, a_node(loan.id, state=NodeState.UNWOUND))
    with pytest.raises(NodeTaken) as refusal:
        keep(store, a_node(loan.id))
    assert refusal.value.by_loan == loan.id


def test_a_stale_save_of_a_node_is_refused(store: Store, loan: Loan) -> None:
    """The worker and a person's `give back` never write over each other."""
    [node] = keep(store, a_node(loan.id))
    with store.write() as tx:
        moved = tx.nodes.save(replace(node, state=NodeState.LENDING))
    assert moved.version == 2
    with pytest.raises(Stale, match=f"gpu001 of loan #{loan.id} was changed"), store.write() as tx:
        tx.nodes.save(replace(node, note="late"))
    with store.read() as tx:
        assert tx.nodes.get(loan.id, GPU1) == moved


def test_a_node_that_the_loan_never_had_is_said_to_be_none(store: Store, loan: Loan) -> None:
    """`give back gpu009 from #12` gets an answer about gpu009."""
    with store.write() as tx:
        with pytest.raises(NoSuchNode, match=f"loan #{loan.id} has no node gpu009"):
            tx.nodes.get(loan.id, NodeName("gpu009"))
        with pytest.raises(NoSuchNode):
            tx.nodes.save(a_node(loan.id, "gpu009", version=1))


def test_the_moving_nodes_that_are_due_are_found(store: Store, loan: Loan) -> None:
    """The worker looks at each node when its time has come, and at none that rests."""
    for number, state in enumerate(NodeState):
        keep(store, a_node(loan.id, f"gpu{number:03}", state=state, look_at=NOW - number * MINUTE))
    keep(store, a_node(loan.id, "gpu100", look_at=NOW + MINUTE))
    with store.read() as tx:
        due = tx.nodes.due(NOW)
    assert {node.state for node in due} == NODE_MOVING
    assert [node.look_at for node in due] == sorted(node.look_at for node in due)
    assert "gpu100" not in {node.node for node in due}


def test_what_loans_hold_is_everything_not_gone(store: Store, loan: Loan, other: Loan) -> None:
    """Reconciliation compares every node that we claim with the world, and only those."""
    nodes = [a_node(loan.id, f"gpu{number:03}", state=state) for number, state in enumerate(NodeState)]
    keep(store, *nodes, a_node(other.id, "cpu001"))
    with store.read() as tx:
        held = tx.nodes.held()
    assert {node.state for node in held} == set(NodeState) - NODE_GONE
    assert [(node.loan_id, node.node) for node in held] == sorted((node.loan_id, node.node) for node in held)


def test_nodes_of_many_loans_are_read_at_once_and_sorted(store: Store, loan: Loan, other: Loan) -> None:
    """The fleet's table costs one question, and reads the same on both databases."""
    keep(store, *(a_node(loan.id, name) for name in ("gpu010", "gpu-a", "GPU009", "gpu002")))
    with store.read() as tx:
        found = tx.nodes.of_many([loan.id, other.id])
    assert [node.node for node in found[loan.id]] == ["GPU009", "gpu-a", "gpu002", "gpu010"]
    assert found[other.id] == ()


def test_a_wave_of_taking_comes_back_as_it_was_kept(store: Store, loan: Loan) -> None:
    """A restart in the middle of taking finds the nodes that were reserved."""
    names = (NodeName("gpu002"), NodeName("gpu001"))
    full = a_taking(loan.id, 3, nodes=names, state=TakingState.FAILED, step="reserve", note="Requested nodes are busy")
    with store.write() as tx:
        kept = tx.takings.add(full)
    with store.read() as tx:
        assert tx.takings.get(loan.id, 3) == kept == replace(full, version=1)
        with pytest.raises(NoSuchTaking, match="no wave 4"):
            tx.takings.get(loan.id, 4)


def test_a_stale_save_of_a_wave_is_refused(store: Store, loan: Loan) -> None:
    """Two workers that take for one loan do not both write what they took."""
    with store.write() as tx:
        wave = tx.takings.add(a_taking(loan.id))
        saved = tx.takings.save(replace(wave, nodes=(GPU1,)))
    with pytest.raises(Stale, match=f"wave 1 of loan #{loan.id}"), store.write() as tx:
        tx.takings.save(wave)
    with store.read() as tx:
        assert tx.takings.of(loan.id) == (saved,)


def test_the_moving_waves_that_are_due_are_found(store: Store, loan: Loan) -> None:
    """Taking goes on where it stopped; a finished wave is left alone."""
    with store.write() as tx:
        for wave, state in enumerate(TakingState, start=1):
            tx.takings.add(a_taking(loan.id, wave, state=state, look_at=NOW - wave * MINUTE))
        tx.takings.add(a_taking(loan.id, 99, look_at=NOW + MINUTE))
    with store.read() as tx:
        due = tx.takings.due(NOW)
        assert [wave.wave for wave in tx.takings.of(loan.id)] == [*range(1, len(TakingState) + 1), 99]
    assert {wave.state for wave in due} == TAKING_MOVING
    assert [wave.look_at for wave in due] == sorted(wave.look_at for wave in due)
    assert 99 not in {wave.wave for wave in due}


def test_a_clock_that_was_set_back_keeps_nothing_waiting(store: Store, loan: Loan) -> None:
    """What was to be looked at in five seconds, by a clock two hours ahead, is looked at now; what rests, rests."""
    moving = a_node(loan.id, "gpu001", state=NodeState.RETURNING, look_at=NOW + 2 * HOUR)
    resting = a_node(loan.id, "gpu002", state=NodeState.LENT, look_at=NOW + 2 * HOUR)
    wave = a_taking(loan.id, look_at=NOW + 2 * HOUR)
    keep(store, moving, resting)
    with store.write() as tx:
        tx.takings.add(wave)
        tx.nodes.look_now(NOW)
        tx.takings.look_now(NOW)
    with store.read() as tx:
        assert [node.node for node in tx.nodes.due(NOW)] == ["gpu001"]
        assert [taking.wave for taking in tx.takings.due(NOW)] == [1]
        assert tx.nodes.get(loan.id, NodeName("gpu002")).look_at == NOW + 2 * HOUR


def test_a_boot_and_the_waiting_come_back_as_they_were_kept(store: Store, loan: Loan) -> None:
    """The proof of a reboot begins before the power is cut, and lendbot may be started anew in between."""
    boot = Boot("id-1 24", NOW - HOUR, NOW - HOUR + MINUTE)
    keep(store, a_node(loan.id, "gpu001", boot=boot, waited=timedelta(seconds=90.25)))
    with store.read() as tx:
        kept = tx.nodes.get(loan.id, NodeName("gpu001"))
    assert (kept.boot, kept.waited) == (boot, timedelta(seconds=90.25))
