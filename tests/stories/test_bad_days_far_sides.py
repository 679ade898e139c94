"""Every far side fails in every way it can, in the middle of every step that asks it, on the way out and home.

One loan meets one kind of failure at each step in turn; each time the failure ends once a person could have read of it.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from loans.loan import State
from tests.conversion.rig import Rig
from tests.stories.bad_days import (
    Ambush,
    assert_store_is_true,
    bad_site,
    break_,
    go_on,
    heal,
    notes,
)

SLURM_STEPS = {"reserve", "drain", "quiet", "unreserve", "down", "out of Slurm", "boot", "verify", "resume", "settle"}
KUBE_STEPS = {"join", "label", "ready", "daemons", "cordon", "evict", "leave"}
SSH_STEPS = {"prepare", "role", "Puppet", "verify"}
BMC_STEPS = {"power off", "power on"}

PASSING = [
    *(("slurm", mode, SLURM_STEPS, "Slurm") for mode in ("refuse", "hang", "rubbish", "half")),
    *(("kube", mode, KUBE_STEPS, "Kubernetes") for mode in ("refuse", "hang", "rubbish")),
    *(("ssh", mode, SSH_STEPS, "ssh") for mode in ("refuse", "hang")),
    *(("bmc", mode, BMC_STEPS, "BMC") for mode in ("refuse", "hang", "rubbish")),
]


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with bad_site() as found:
        yield found


@pytest.fixture(autouse=True)
def _healed(rig: Rig) -> Iterator[None]:
    yield
    heal(rig)


@pytest.mark.parametrize(("side", "mode", "steps", "named"), PASSING, ids=lambda of: of if isinstance(of, str) else "")
def test_a_far_side_that_fails_for_a_while_at_each_step_costs_time_and_no_node(
    rig: Rig, side: str, mode: str, steps: set[str], named: str
) -> None:
    """A daemon that is restarted in the middle of a loan costs a minute; people read who does not answer."""
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")
    read: dict[str, list[str]] = {}
    ambush: Any = Ambush(rig.core.store, loan.id, steps, lambda _: break_(rig, side, mode))
    ground = rig.with_store(ambush)

    def has(*states: str) -> bool:
        said = [note for note in notes(rig, loan.id) if named in note and not note.startswith("Slurm says")]
        if said and rig.site.call(rig.site.faults.listed):
            read[ambush.sprung[-1]] = said
            heal(rig)
        return rig.loan(loan.id).state in states

    go_on(rig, loan.id, "lent", lambda: has(State.LENT), ground)
    rig.ask(f"give back #{loan.id}")
    go_on(rig, loan.id, "home", lambda: has(State.RETURNED, State.STUCK), ground)
    assert rig.loan(loan.id).state is State.RETURNED, notes(rig, loan.id)
    assert len(rig.parts(loan.id)) == 1, "no second node was needed"
    assert set(ambush.sprung) == steps
    assert read, "somebody could have read of it"
    heal(rig)
    assert_store_is_true(rig, loan.id)
