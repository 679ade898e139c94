"""A whole loan on a living site, and the same loan on bad days: whatever happens, the nodes come home.

The sites' clocks are so fast that a loan of hours takes seconds; what is waited for is a state, never a time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from loans.facts import WhyReturn
from loans.loan import NodeState, State
from sandbox.faults import Fault
from store.db import Store, Tx
from tests.conversion.rig import Rig, rigged
from tests.stories.bad_days import unhurried


@pytest.fixture
def rig() -> Iterator[Rig]:
    with rigged() as found:
        yield found


def test_a_loan_goes_out_and_comes_home_at_its_deadline(rig: Rig) -> None:
    """What was promised happens by itself, and nobody is harmed."""
    rig.lend("lend 2 gpu nodes to k8s for 4 hours for a workshop")
    lent = rig.run_to(State.LENT)
    room = rig.room()
    for part in rig.parts():
        assert {"DOWN", "DRAIN"} <= set(room[part.node]["slurm"]["state"].split("+"))
        assert room[part.node]["kube"]["status"] == "Ready"
        assert room[part.node]["kube"]["loan"] == lent.mark.label
    home = rig.run_to(State.RETURNED)
    assert home.return_why is WhyReturn.DEADLINE
    assert home.returned_by is None
    assert home.ended_at is not None
    assert home.ended_at > lent.until
    rig.assert_harmless_and_home(*(part.node for part in rig.parts()))


class Killed(BaseException):
    """The process is gone: nothing catches this."""


class DyingStore:
    """The real store, in a process that dies around a journal line: after the first, or before the second is kept."""

    def __init__(self, store: Store, *, before_commit: bool) -> None:
        self._store = store
        self._before_commit = before_commit
        self._lines = 0

    def read(self) -> Any:
        return self._store.read()

    @contextmanager
    def write(self) -> Iterator[Tx]:
        with self._store.write() as tx:
            before = len(tx.facts.journal(1))
            yield tx
            self._lines += len(tx.facts.journal(1)) > before
            if self._before_commit and self._lines == 2:
                raise Killed
        if not self._before_commit and self._lines == 1:
            raise Killed


@pytest.mark.parametrize("before_commit", [False, True], ids=["after each line", "before the next line"])
def test_kill_9_at_every_journal_line_ends_in_the_same_world(rig: Rig, *, before_commit: bool) -> None:
    """No return is lost, and no node is left between the worlds, wherever the process dies."""
    rig.ground = unhurried(rig.ground)
    rig.lend("lend 1 gpu node to k8s for 9 days")
    died_at: list[int] = []
    while rig.loan().state not in {State.RETURNED, State.STUCK, State.FAILED}:
        if rig.loan().state is State.LENT:
            rig.ask("give back #1")
        lines = rig.journal_lines()
        store: Any = DyingStore(rig.core.store, before_commit=before_commit)
        try:
            rig.tick(rig.with_store(store))
        except Killed:
            died_at.append(lines)
    assert rig.loan().state is State.RETURNED
    assert len(died_at) > 0.6 * rig.journal_lines(), "lines that end a look by themselves are not died before"
    rig.assert_harmless_and_home(*(part.node for part in rig.parts()))


@pytest.mark.parametrize(
    "fault",
    [Fault("prepare", "fail"), Fault("puppet", "fail"), Fault("register", "forget"), Fault("daemonset", "forget")],
    ids=lambda fault: f"{fault.side} {fault.mode}",
)
def test_a_node_that_fails_a_step_is_unwound_and_replaced(rig: Rig, fault: Fault) -> None:
    """One bad node costs its own time, not the workshop."""
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")
    rig.tick_until("the nodes to be taken", lambda: bool(rig.parts()))
    bad = rig.parts()[0].node
    rig.site.call(lambda: rig.site.faults.set(Fault(fault.side, fault.mode, bad)))
    rig.run_to(State.LENT)
    parts = {part.node: part.state for part in rig.parts()}
    assert NodeState.LENT in parts.values()
    assert parts[bad] in {NodeState.UNWINDING, NodeState.UNWOUND}
    rig.site.call(rig.site.faults.clear)
    rig.tick_until("the bad node to be back", lambda: rig.parts()[0].state is NodeState.UNWOUND)
    rig.ask(f"give back #{loan.id}")
    rig.run_to(State.RETURNED)
    rig.assert_harmless_and_home(*(part.node for part in rig.parts()))


def test_a_node_that_does_not_boot_is_stuck_and_says_so_while_the_others_come_home(rig: Rig) -> None:
    """On-call reads what each side says; one dead node does not hold the others back."""
    rig.lend("lend 2 gpu nodes to k8s for 9 days")
    rig.run_to(State.LENT)
    dead, other = (part.node for part in rig.parts())
    rig.site.call(lambda: rig.site.faults.set(Fault("boot", "forget", dead)))
    rig.ask("give back #1")
    rig.run_to(State.STUCK)
    states = {part.node: part for part in rig.parts()}
    assert states[other].state is NodeState.HOME
    assert states[dead].state is NodeState.STUCK
    assert "BMC says" in states[dead].note
    assert "3 tries" in states[dead].note
    rig.site.call(rig.site.faults.clear)
    rig.ask(f"give back {dead}")
    rig.run_to(State.RETURNED)
    rig.assert_harmless_and_home(dead, other)
