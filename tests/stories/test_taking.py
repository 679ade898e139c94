"""The steps of taking, looked at one by one: what a check may do, and what stands after a crash between two of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from conversion.plans import TAKE
from conversion.ports import Distrusted, Slurm
from conversion.steps import TakeWork, TryIsOver
from conversion.subjects import TakeSubject
from loans.facts import Mismatch, NodeBroke, StepDid, StepFact, StepFailed, StepFinished, StepStarted, Wrong
from loans.loan import NodeState, State, TakingState
from loans.nodes import NodeName
from loans.runbook import PlanName
from sandbox.slurm import reservations
from store.db import Store, Tx
from tests.conversion.rig import Rig, rigged
from tests.stories.bad_days import unhurried


@pytest.fixture
def rig() -> Iterator[Rig]:
    with rigged() as found:
        found.ground = unhurried(found.ground)
        yield found


class Killed(BaseException):
    """The process is gone: nothing catches this."""


class DyingAt:
    """The real store, in a process that dies when a step's line of this kind is about to be kept, or has been."""

    def __init__(self, store: Store, step: str, kind: type[StepFact], *, kept: bool) -> None:
        self._store = store
        self._line = (step, kind)
        self._kept = kept

    def read(self) -> Any:
        return self._store.read()

    @contextmanager
    def write(self) -> Iterator[Tx]:
        with self._store.write() as tx:
            before = len(tx.facts.journal(1))
            yield tx
            dies = self._line in [(told.fact.step, type(told.fact)) for told in tx.facts.journal(1)[before:]]
            if dies and not self._kept:
                raise Killed
        if dies:
            raise Killed


def die_at(rig: Rig, step: str, kind: type[StepFact], *, kept: bool) -> None:
    store: Any = DyingAt(rig.core.store, step, kind, kept=kept)
    with pytest.raises(Killed):
        rig.tick_until(f"death at {step} {kind}", lambda: False, ground=rig.with_store(store))


@pytest.mark.parametrize("step", TAKE, ids=lambda step: step.name)
def test_a_check_changes_nothing_ours_included(rig: Rig, step: Any) -> None:
    """Whoever only asks how a wave stands must not thereby claim a node or give one up, whatever Slurm says of it."""
    rig.lend("lend 3 gpu nodes to k8s for 9 days")
    die_at(rig, "drain", StepFinished, kept=True)
    forgotten, theirs, ours = (part.node for part in rig.parts())
    rig.site.call(lambda: rig.site.world.slurm.update(theirs, "DRAIN", "ECC errors", "root"))
    with rig.core.store.read() as tx:
        before = (rig.parts(), tx.takings.get(1, 1), tx.facts.of(1))
        loan, taking = tx.loans.get(1), tx.takings.get(1, 1)
    work = _forgetful(TakeSubject(rig.ground, loan, taking, PlanName.TAKE).work(), forgotten)
    slurm = rig.room()
    try:
        step.done(replace(work, choose=_forbidden, claim=_forbidden, drop=_forbidden))
    except TryIsOver:
        assert step.name not in {"reserve", "claim"}
    with rig.core.store.read() as tx:
        assert before == (rig.parts(), tx.takings.get(1, 1), tx.facts.of(1))
    assert {name: node["slurm"]["reason"] for name, node in rig.room().items()} == {
        name: node["slurm"]["reason"] for name, node in slurm.items()
    }
    assert ours in work.nodes


@pytest.mark.parametrize("kept", [False, True], ids=["before the line is kept", "after it"])
@pytest.mark.parametrize(
    ("step", "kind", "claimed"),
    [
        ("reserve", StepDid, 0),
        ("reserve", StepFinished, 0),
        ("claim", StepStarted, 0),
        ("claim", StepDid, 2),
        ("claim", StepFinished, 2),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_death_between_reservation_and_claim_loses_no_node(
    rig: Rig, step: str, kind: type[StepFact], claimed: int, *, kept: bool
) -> None:
    """What Slurm reserved for a loan is that loan's after the restart: the same nodes, once, and home in the end."""
    rig.lend("lend 2 gpu nodes to k8s for 9 days")
    die_at(rig, step, kind, kept=kept)
    assert len(rig.parts()) == claimed
    reserved = _reserved(rig)
    assert len(reserved) == 2
    rig.run_to(State.LENT)
    assert [part.node for part in rig.parts()] == sorted(reserved)
    rig.ask("give back #1")
    rig.run_to(State.RETURNED)
    rig.assert_harmless_and_home(*reserved)


def test_nodes_whose_reservation_an_admin_deletes_before_the_claim_are_not_written_down(rig: Rig) -> None:
    """Nothing holds them any more, and a job may run there by now: the wave chooses again."""
    rig.lend("lend 2 gpu nodes to k8s for 9 days")
    die_at(rig, "claim", StepStarted, kept=True)
    rig.core.adapters.far.slurm.unreserve(rig.loan().mark.reservation(1))
    rig.tick()
    assert rig.parts() == ()
    assert "went away" in rig.takings()[0].note
    rig.run_to(State.LENT)
    rig.ask("give back #1")
    rig.run_to(State.RETURNED)
    rig.assert_harmless_and_home()


def test_a_node_that_an_admin_adds_to_the_reservation_is_not_taken(rig: Rig) -> None:
    """Two nodes were chosen and signed for: a third stays, whatever stands in a reservation of our name."""
    rig.lend("lend 2 gpu nodes to k8s for 9 days")
    die_at(rig, "claim", StepStarted, kept=True)
    chosen = _reserved(rig)
    third = next(name for name, node in rig.room().items() if node["slurm"]["state"] == "IDLE")
    reserved = rig.loan().mark.reservation(1)
    change = partial(reservations.update, rig.site.world.slurm, reserved, end=None, nodes=[*chosen, third])
    rig.site.call(change)
    rig.ground.far.slurm.fresh().reservations()  # no older answer is shared
    rig.tick()
    assert rig.parts() == ()
    assert f"{third} stands in the reservation, and nobody chose it" in rig.takings()[0].note
    rig.run_to(State.LENT)
    assert len(rig.parts()) == 2


class MayNotDelete:
    """The real Slurm, to an account that may not delete reservations."""

    def __init__(self, real: Slurm) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def unreserve(self, name: str) -> None:
        raise Distrusted("Slurm", f"you may not delete {name}")


def test_a_reservation_that_may_not_be_deleted_is_told_once_and_tried_seldom(rig: Rig) -> None:
    """Nobody sees it otherwise: the loan never ends, and its history grew by thousands of rows an hour."""
    rig.lend("lend 2 gpu nodes to k8s for 9 days")
    die_at(rig, "claim", StepStarted, kept=True)
    rig.ask("give back #1")
    out_there = rig.ground.reach.out_there
    slurm: Any = MayNotDelete(out_there.slurm)
    ground = replace(rig.ground, reach=replace(rig.ground.reach, out_there=replace(out_there, slurm=slurm)))
    rig.tick_until("it is given up", lambda: rig.takings()[0].state is TakingState.ABANDONING, ground=ground)
    rig.tick(ground)
    noon = rig.core.clock.now()
    ground = replace(ground, now=lambda: noon)
    for _ in range(20):
        rig.tick(ground)
    with rig.core.store.read() as tx:
        tries = [each for each in tx.facts.journal(1, wave=1) if isinstance(each.fact, StepFailed)]
        told = [each.fact for each in tx.facts.of(1) if isinstance(each.fact, Mismatch)]
    assert len(tries) <= 2, "one as it was given up, and one after that"
    assert [fact.about for fact in told] == [Wrong.RESERVATION]
    assert "I can't delete it: Slurm refuses: you may not delete" in told[0].what
    later = replace(rig.ground, now=lambda: rig.core.clock.now() + rig.ground.pace.ask_after)
    rig.tick_until("it is over", lambda: rig.loan().state is State.RETURNED, ground=later)
    rig.assert_harmless_and_home()


@pytest.mark.parametrize("at", ["drain", "quiet", "down"])
def test_a_node_that_somebody_else_drains_is_given_up_with_their_reason(rig: Rig, at: str) -> None:
    """The wave goes on without it, and the card says whose words took it away."""
    rig.lend("lend 2 gpu nodes to k8s for 9 days")
    die_at(rig, at, StepStarted, kept=True)
    theirs, ours = (part.node for part in rig.parts())
    rig.core.adapters.far.slurm.drain([theirs], "ECC errors")  # by this door: no older answer is shared
    rig.run_to(State.LENT)
    first = {part.node: part for part in rig.parts() if part.wave == 1}
    assert first[ours].state is NodeState.LENT
    assert first[theirs].state in {NodeState.UNWINDING, NodeState.UNWOUND}
    with rig.core.store.read() as tx:
        told = [each.fact.why for each in tx.facts.of(1) if each.node == theirs and isinstance(each.fact, NodeBroke)]
    assert len(told) == 1
    assert told[0].startswith("root set it IDLE+DRAIN")
    assert told[0].endswith(': "ECC errors"')


def _forgetful(work: TakeWork, node: NodeName) -> TakeWork:
    """Return the same work, beside a Slurm that has forgotten one node."""
    real = work.far.slurm

    class Slurm:
        def nodes(self) -> Any:
            return {name: found for name, found in real.nodes().items() if name != node}

        def reservations(self) -> Any:
            return real.reservations()

    forgetful: Any = Slurm()
    return replace(work, far=replace(work.far, slurm=forgetful))


def _forbidden(*asked: object) -> Any:
    raise AssertionError(f"a check wanted to change something: {asked}")


def _reserved(rig: Rig) -> Sequence[NodeName]:
    return rig.ground.far.slurm.reservations()[rig.loan().mark.reservation(1)].nodes
