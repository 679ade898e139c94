"""Slurm's reason is a display text: what slurmctld writes there changes nobody's drain, and no node's way home."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from conversion.reconcile import reconcile
from loans import facts
from loans.loan import State
from tests.conversion.rig import Rig
from tests.stories.bad_days import (
    Ambush,
    assert_store_is_true,
    bad_site,
    card_of,
    go_home,
    go_on,
    go_to,
    lent,
    letters,
    nodes_of,
)

GPU = "gres/gpu count reported lower than configured (3 < 4)"


@pytest.fixture(scope="module")
def whole_site() -> Iterator[Rig]:
    """A site whose Slurm is read anew at each look: here a second is half an hour."""
    with bad_site(lambda toml: re.sub(r'max_age = "[^"]*"', 'max_age = "0 s"', toml)) as found:
        yield found


def set_reason(rig: Rig, node: str, reason: str, by: str) -> None:
    """Have slurmctld write a node's reason, as it does without any `scontrol update`."""
    slurm = rig.site.world.slurm
    rig.site.call(lambda: slurm.node(node).set_reason(reason, by, slurm.now))


@pytest.mark.parametrize("by", ["slurm", "root"])
@pytest.mark.parametrize("words", ["{ours} : Not responding", GPU, f"{{ours}} : {GPU} : Not responding"])
def test_a_lent_node_whose_reason_slurm_has_written_over_comes_home(rig: Rig, words: str, by: str) -> None:
    """The store remembers who drained the node, so its loan is not stranded by a line of slurmctld's."""
    loan_id = lent(rig)
    [node] = nodes_of(rig, loan_id)
    set_reason(rig, node, words.format(ours=rig.loan(loan_id).mark), by)
    assert reconcile(rig.ground) == ()
    go_home(rig, loan_id)
    assert rig.room()[node]["slurm"]["state"] == "IDLE"


@pytest.mark.parametrize(("words", "by"), [("ECC errors", "root"), ("ECC errors : Not responding", "slurm")])
def test_a_persons_drain_of_a_lent_node_outlives_the_loan(rig: Rig, words: str, by: str) -> None:
    """Whoever found the broken fan finds the node still out of service on Monday, under their own words."""
    loan_id = lent(rig)
    [node] = nodes_of(rig, loan_id)
    set_reason(rig, node, words, by)
    rig.ask(f"give back #{loan_id}")
    go_to(rig, loan_id, State.RETURNED)
    slurm = rig.room()[node]["slurm"]
    assert {"DOWN", "DRAIN"} & set(slurm["state"].split("+"))
    assert slurm["reason"] == words
    rig.core.adapters.far.slurm.resume([part.node for part in rig.parts(loan_id)])


@pytest.mark.parametrize("slurm_user", ["slurm", "root"])
def test_a_node_that_loses_its_power_at_resume_is_never_called_home(rig: Rig, slurm_user: str) -> None:
    """`Not responding` is Slurm's own word, not the staff's drain: the loan sticks, and on-call hears of it."""
    rig.site.world.slurm.slurm_user = slurm_user
    loan_id = lent(rig)
    [node] = nodes_of(rig, loan_id)
    machine = rig.site.world.machines[node]
    ambush: Any = Ambush(rig.core.store, loan_id, {"resume"}, lambda _: rig.site.call(machine.switch_off))
    rig.ask(f"give back #{loan_id}")
    ground = rig.with_store(ambush)
    go_to(rig, loan_id, State.RETURNED, State.STUCK, ground=ground)
    assert rig.loan(loan_id).state is State.STUCK
    assert "Slurm took the RESUME back" in letters(rig, loan_id, facts.GotStuck)[0].fact.why
    assert "1 of 1" not in card_of(rig, loan_id)
    rig.site.call(machine.switch_on)
    rig.ask(f"give back {node} from #{loan_id}")
    go_to(rig, loan_id, State.RETURNED)
    assert_store_is_true(rig, loan_id)
    rig.site.world.slurm.slurm_user = "slurm"


def test_a_drain_that_nobody_explains_is_not_lifted_and_is_told(rig: Rig) -> None:
    """Home is what Slurm can use, or what a person keeps; a node that is neither waits for somebody to look."""
    loan_id = lent(rig)
    [node] = nodes_of(rig, loan_id)
    rig.site.call(lambda: rig.site.world.slurm.node(node).clear_reason())
    rig.ask(f"give back #{loan_id}")
    go_on(rig, loan_id, lambda: "nobody says why" in card_of(rig, loan_id))
    set_reason(rig, node, str(rig.loan(loan_id).mark), "root")
    go_to(rig, loan_id, State.RETURNED)
    assert_store_is_true(rig, loan_id)
