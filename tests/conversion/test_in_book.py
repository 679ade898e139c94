"""The book as it is read: what a class has in Slurm's words, how long loans take, what the store promises."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from conversion.in_book import book, seen_pools, turnaround
from loans.book import Kept
from loans.classes import NodeClass
from loans.facts import Arrived, Began, Home, ReturnOrdered, WhyReturn
from loans.facts import Told as Said
from loans.loan import NodeState, State
from loans.nodes import NodeName, Reservation, SlurmNode
from loans.promised import Turnaround
from loans.selection import Seen
from store.db import Store
from store.pools import PoolSeen
from tests.conversion.shelf import GPU, a_store
from tests.store.values import HOUR, MINUTE, NOW, a_loan, a_node, a_taking

CLASSES = {"gpu": replace(GPU, rules=replace(GPU.rules, floor=1))}


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with a_store(tmp_path) as found:
        yield found


def slurm(*reservations: Reservation, **states: str) -> Seen:
    """Return Slurm with nodes in these states: gpu001="IDLE+DRAIN"."""
    nodes = {}
    for name, state in states.items():
        base, *flags = state.split("+")
        nodes[NodeName(name)] = SlurmNode(NodeName(name), base, frozenset(flags), frozenset({"gpu"}))
    return Seen(nodes, (), reservations)


def reserved(name: str, *nodes: str, starts: datetime = NOW + HOUR, flags: str = "") -> Reservation:
    of = frozenset(flags.split(",")) if flags else frozenset()
    return Reservation(name, tuple(map(NodeName, nodes)), starts, starts + HOUR, of)


def seen(store: Store, slurm: Seen) -> PoolSeen:
    with store.read() as tx:
        [pool] = seen_pools(tx, slurm, CLASSES.values(), NOW)
    return pool


def names(*nodes: str) -> frozenset[NodeName]:
    return frozenset(map(NodeName, nodes))


def test_what_cannot_run_jobs_is_away_and_what_runs_them_is_not(store: Store) -> None:
    """A node in a job is free by next week; one that is drained, silent or unknown is promised to nobody."""
    pool = seen(
        store,
        slurm(
            gpu001="IDLE", gpu002="MIXED", gpu003="IDLE+DRAIN", gpu004="IDLE+NOT_RESPONDING", gpu005="IDLE+NEWWORD",
            gpu006="DOWN",
        ),
    )  # fmt: skip
    assert len(pool.nodes) == 6
    assert pool.kept == (Kept(names("gpu003", "gpu004", "gpu005", "gpu006"), NOW),)


def test_nodes_of_our_loans_are_not_others(store: Store) -> None:
    """What lendbot has drained for a loan, or is about to, is the loan's: the book knows when it is home."""
    with store.write() as tx:
        loan = tx.loans.add(a_loan(state=State.LENDING))
        tx.nodes.add(a_node(loan.id, "gpu001", state=NodeState.LENT))
        tx.takings.add(a_taking(loan.id, nodes=(NodeName("gpu002"),)))
    ours = reserved(loan.mark.reservation(1), "gpu002", starts=NOW)
    assert seen(store, slurm(ours, gpu001="DOWN+DRAIN", gpu002="IDLE+DRAIN", gpu003="IDLE")).kept == ()


def test_a_maintenance_is_away_for_its_time_and_other_reservations_run_jobs(store: Store) -> None:
    """One that runs now ends when its reservation says so; one ahead is known ahead."""
    now = reserved("maint_now", "gpu001", starts=NOW - MINUTE, flags="MAINT,SPEC_NODES")
    ahead = reserved("maint_2026", "gpu002", "cpu001", flags="MAINT")
    class_room = reserved("biology", "gpu003")
    pool = seen(store, slurm(now, ahead, class_room, gpu001="IDLE+MAINTENANCE+RESERVED", gpu002="IDLE", gpu003="IDLE"))
    assert pool.kept == (
        Kept(names("gpu001"), now.starts, now.ends, "maint_now"),
        Kept(names("gpu002"), ahead.starts, ahead.ends, "maint_2026"),
        Kept(names("gpu003"), class_room.starts, class_room.ends, "biology", works=True),
    )
    broken = seen(store, slurm(now, gpu001="IDLE+DRAIN+MAINTENANCE+RESERVED"))
    assert Kept(names("gpu001"), NOW) in broken.kept, "a node that is drained as well stays so after it"


def test_another_lendbots_reservation_is_somebody_elses(store: Store) -> None:
    """Two lendbots on one Slurm do not promise each other's nodes."""
    theirs = reserved("lendbot_zzzz_12_1", "gpu001")
    assert [kept.by for kept in seen(store, slurm(theirs, gpu001="IDLE")).kept] == ["lendbot_zzzz_12_1"]


def past(store: Store, out: timedelta, back: timedelta) -> None:
    """Remember a loan that took so long to arrive and to come home."""
    with store.write() as tx:
        loan = tx.loans.add(a_loan(state=State.RETURNED))
        for fact, at in (
            (Began(), NOW),
            (Arrived(2, 2), NOW + out),
            (ReturnOrdered(WhyReturn.DEADLINE), NOW + 9 * HOUR),
            (ReturnOrdered(WhyReturn.AGAIN), NOW + 9 * HOUR + back / 2),
            (Home(), NOW + 9 * HOUR + back),
        ):
            tx.facts.tell(Said(fact, at, loan_id=loan.id))


def test_how_long_loans_take_is_measured_once_there_are_enough(store: Store) -> None:
    """Five loans are an experience; nine in ten of them were home in time, and until then the settings say."""
    cpu = NodeClass("cpu", "cpu")
    with store.read() as tx:
        assert turnaround(tx, GPU) == Turnaround(GPU.rules.to_convert, GPU.rules.to_return)
    for minutes in (4, 5, 6, 7, 8, 9, 10, 11, 12, 60):
        past(store, minutes * MINUTE, 2 * minutes * MINUTE)
    with store.read() as tx:
        assert turnaround(tx, GPU) == Turnaround(12 * MINUTE, 24 * MINUTE)
        assert turnaround(tx, cpu) == Turnaround(cpu.rules.to_convert, cpu.rules.to_return)


def test_the_book_has_what_is_approved_or_lent_and_no_more(store: Store) -> None:
    """A request, a decline and what has ended hold nothing."""
    states = (State.REQUESTED, State.DECLINED, State.APPROVED, State.LENT, State.RETURNED, State.LAPSED)
    with store.write() as tx:
        loans = {state: tx.loans.add(a_loan(state=state, starts_at=NOW + HOUR)) for state in states}
        tx.nodes.add(a_node(loans[State.LENT].id, "gpu001", state=NodeState.LENT))
        tx.pools.put([PoolSeen("gpu", (NodeName("gpu001"),), (), NOW), PoolSeen("gone", (), (), NOW)])
        found = book(tx, CLASSES, NOW)
    assert [each.loan_id for each in found.promises] == [loans[State.APPROVED].id, loans[State.LENT].id]
    assert set(found.pools) == {"gpu"}
    assert found.pools["gpu"].floor == 1
