"""The floor, whoever overtakes whom: two and three loans take nodes at once, woven together at every step.

The plan of taking, its looks and the store are the product's; Slurm is one of values (tests/races/slurm.py).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversion.looks import look_at_taking
from conversion.pace import Pace
from conversion.subjects import Ground
from conversion.waits import Waits
from loans.classes import NodeClass, Rules
from loans.facts import SetInSlurm, SlurmChange, StepStarted
from loans.loan import NodeState, State, Taking, TakingState
from loans.nodes import NodeName, SlurmNode
from store.db import Store
from tests.conversion.alone import alone_with
from tests.conversion.rig import Rig, rigged
from tests.races.loom import Loom
from tests.races.race import PausingStore, an_empty_store
from tests.races.slurm import ModelSlurm
from tests.store.values import HOUR, NOW, a_loan
from tests.stories.test_taking import die_at

Pick = Callable[[int], int]


@dataclass
class Duel:
    """Ten nodes with a floor of six, and loans of 4 whose first waves begin at once.

    "big" is the upper half of "gpu": who asks for it never wants the nodes that the others choose first.
    """

    store: Store
    pick: Pick
    names: Sequence[str]
    at: datetime = NOW
    loom: Loom = field(init=False)
    slurm: ModelSlurm = field(init=False)
    ground: Ground = field(init=False)
    stretches: int = 0
    claimed_after: int = 0

    def __post_init__(self) -> None:
        gpu = NodeClass("gpu", "gpu", Rules(floor=6))
        big = NodeClass("big", "gpu", features=frozenset({"big"}))
        self.loom = Loom(self.pick, self._look_on)
        self.slurm = ModelSlurm({"gpu": gpu, "big": big}, lambda: self.at, self.loom.pause)
        for number in range(10):
            features = frozenset({"big"} if number >= 5 else ())
            node = SlurmNode(NodeName(f"gpu{number:03}"), "IDLE", frozenset(), frozenset({"gpu"}), features)
            self.slurm.known[node.name] = node
        paused: Any = PausingStore(self.store, self.loom.pause)
        reach = alone_with(self.slurm, self.store)
        waits = Waits(lambda: self.at - NOW)
        self.ground = Ground(paused, reach, self.slurm.classes, Pace(), lambda: self.at, waits)
        with self.store.write() as tx:
            for name in self.names:
                loan = tx.loans.add(a_loan(node_class=name, count=4, state=State.LENDING, until=NOW + 99 * HOUR))
                tx.takings.add(Taking(loan.id, 1, 4, NOW))

    def _look_on(self) -> None:
        self.stretches += 1
        if not self.claimed_after and self.held():
            self.claimed_after = self.stretches
        assert self.slurm.above() >= 0, f"{-self.slurm.above()} too few left: {self.slurm.reserved}"

    def look(self, *loans: int) -> None:
        """Have a thread for each loan look at its wave, woven together."""
        for loan_id in loans:
            self.loom.start(f"loan {loan_id}", lambda loan_id=loan_id: look_at_taking(self.ground, loan_id, 1))
        self.loom.run()
        self.at += timedelta(seconds=5)

    def takings(self) -> list[Taking]:
        with self.store.read() as tx:
            return [tx.takings.get(number, 1) for number, _ in enumerate(self.names, 1)]

    def held(self) -> list[NodeName]:
        with self.store.read() as tx:
            return [part.node for part in tx.nodes.held()]

    def assert_spent(self) -> None:
        """What the floor spares is lent, to the last node, and whoever waits is told for what."""
        assert len(self.held()) == 4
        for taking in self.takings():
            if taking.state is not TakingState.DONE:
                idle = "6 idle gpu" if self.names[taking.loan_id - 1] == "gpu" else r"(?:[2-5] )?idle big"
                told = rf"the floor of 6 keeps the last {idle} nodes? in Slurm; I'll try again for up to 30 min"
                assert re.fullmatch(told, taking.note), taking.note


@contextmanager
def a_duel(pick: Pick, *names: str) -> Iterator[Duel]:
    with an_empty_store() as store:
        yield Duel(store, pick, names)


def overtaking_after(stretches: int) -> Pick:
    """Let the first work for so long, then the second to its end, then the first again."""
    left = stretches

    def pick(strands: int) -> int:
        nonlocal left
        left -= 1
        return 0 if left >= 0 else strands - 1

    return pick


@pytest.mark.parametrize("names", [("gpu", "big"), ("big", "gpu")], ids=" then ".join)
def test_wherever_a_second_loan_overtakes_the_first_the_floor_stays(names: tuple[str, str]) -> None:
    """Ten nodes, a floor of six, two loans of four: there are never fewer than six left, and four are lent."""
    with a_duel(lambda _: 0, *names) as alone:
        alone.look(1)
    assert alone.claimed_after > 20
    for after in range(alone.claimed_after):
        with a_duel(overtaking_after(after), *names) as duel:
            duel.look(1, 2)
            for _ in range(3):
                duel.look(*(t.loan_id for t in duel.takings() if t.state is TakingState.OPEN))
            duel.assert_spent()


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.sampled_from(["gpu", "gpu", "big"]), min_size=2, max_size=3), st.lists(st.integers(0, 5), max_size=200)
)
def test_however_two_or_three_loans_are_woven_together_the_floor_stays(names: list[str], choices: list[int]) -> None:
    """Many approvals in one second are no way below the floor, and no spare node is left over while a loan waits."""
    left = iter(choices)
    with a_duel(lambda strands: next(left, 0) % strands, *names) as duel:
        for _ in range(5):
            duel.look(*(t.loan_id for t in duel.takings() if t.state is TakingState.OPEN))
        duel.assert_spent()


@pytest.mark.parametrize("lost", ["done", "late"])
def test_nodes_that_slurm_was_asked_for_are_held_until_it_answers(lost: str) -> None:
    """A request whose answer got lost may be carried out yet: its nodes are not promised to somebody else meanwhile."""
    with a_duel(lambda _: 0, "gpu", "big") as duel:
        duel.slurm.loses_answer = lambda: lost
        duel.look(1)
        assert len(duel.takings()[0].nodes) == 4
        duel.slurm.loses_answer = str
        duel.look(2)
        assert "the floor of 6 keeps" in duel.takings()[1].note
        for request in duel.slurm.late:
            request()
        duel.look(1)
        assert duel.takings()[0].state is TakingState.DONE
        assert duel.takings()[0].nodes == ()
        assert len(duel.held()) == 4


def test_nodes_that_a_job_took_first_are_let_go_at_once() -> None:
    """A refusal is an answer: what it was about is not kept from others."""
    with a_duel(lambda _: 0, "gpu", "gpu") as duel:
        began: list[int] = []

        def sneak_in() -> str:
            if not began:
                began.append(1)
                duel.slurm.start_job(48211, NodeName("gpu000"), NOW + HOUR)
            return ""

        duel.slurm.loses_answer = sneak_in
        duel.look(1)
        assert (duel.takings()[0].nodes, duel.held()) == ((), [])
        assert duel.takings()[0].note == "a job took one of the nodes first; choosing again"
        duel.look(1)
        assert "gpu000" not in duel.held()
        assert len(duel.held()) == 4


@pytest.fixture
def rig() -> Iterator[Rig]:
    with rigged(gpu_nodes=5, cpu_nodes=0, busy=0.0) as found:
        yield found


def test_a_reservation_is_let_go_when_the_floor_would_break_by_now(rig: Rig) -> None:
    """Staff drain a node between lendbot's choice and Slurm's answer: theirs counts, the wave takes what is left."""
    rig.lend("lend 3 gpu nodes to k8s for 9 days")
    die_at(rig, "claim", StepStarted, kept=True)
    slurm = rig.core.adapters.far.slurm
    reserved = slurm.reservations()[rig.loan().mark.reservation(1)].nodes
    slurm.drain([next(name for name in slurm.nodes() if name not in reserved)], "ECC errors")
    rig.tick()
    assert rig.parts() == ()
    assert rig.loan().mark.reservation(1) not in slurm.reservations()
    [taking] = rig.takings()
    assert taking.note.startswith(
        "with gpu001, gpu002, gpu003 gone, fewer than the floor of 2 would stay in Slurm: I let the reservation go"
    )
    with rig.core.store.read() as tx:
        changes = [(told.node, told.fact.change) for told in tx.facts.of(1, SetInSlurm)]
    assert {(node, SlurmChange.UNRESERVED) for node in reserved} <= set(changes), "what is undone is written down too"
    rig.run_to(State.LENT)
    assert [part.state for part in rig.parts()] == [NodeState.LENT] * 2
    assert rig.takings()[-1].state is TakingState.FAILED
