"""The short form of `python -m tests.outages`: each side is away for days in the middle of a step, out and home.

Patience is counted by a clock that the story sets forward while nobody can do anything: whoever spends it fails.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from conversion.subjects import Ground
from conversion.waits import Waits
from loans import facts
from loans.loan import NODE_MOVING, State
from tests.conversion.rig import Rig
from tests.stories.bad_days import Ambush, break_, card_of, go_on, go_to, happened, heal

AWAY_FOR = timedelta(days=3)
"""Longer than any patience of this site."""
CELLS = [
    ("slurm", "Slurm", ("reserve",), "resume"),
    ("kube", "Kubernetes", ("join",), "evict"),
    ("ssh", "SSH to the nodes", ("prepare",), "boot"),
    ("bmc", "the BMC network (bmc)", (), "power off"),
]


@dataclass
class Outage:
    """A side that is away from a step on, and the clock by which patience is counted."""

    rig: Rig
    loan_id: int
    side: str
    called: str
    jumped: timedelta = timedelta()

    def ground(self, step: str) -> Ground:
        """Return the ground of a lendbot that meets it at a step."""
        waits = Waits(lambda: self.rig.core.clock.steady() + self.jumped)
        store: Any = Ambush(self.rig.core.store, self.loan_id, {step}, lambda _: break_(self.rig, self.side, "refuse"))
        return replace(self.rig.ground, store=store, waits=waits)

    def notes(self) -> list[str]:
        """Return what the nodes and waves that are on their way say."""
        moving = [part for part in self.rig.parts(self.loan_id) if part.state in NODE_MOVING and part.state != "taking"]
        waves = [wave for wave in self.rig.takings(self.loan_id) if wave.state == "open"]
        return [each.note for each in (*moving, *waves)]

    def all_say(self, what: str) -> bool:
        """Return True when everybody who is on the way says so."""
        notes = self.notes()
        return bool(notes) and all(note.startswith(what) for note in notes)

    def last(self, ground: Ground, is_so: Callable[[], bool]) -> None:
        """Let it last for days from when everybody waits, and look on; then it is over, and all go on."""
        said = f"paused: {self.called} does not answer"
        go_on(
            self.rig, self.loan_id, lambda: bool(self.notes()) and all(n.startswith(said) for n in self.notes()), ground
        )
        before = len(happened(self.rig, self.loan_id))
        for _ in range(3):
            self.jumped += AWAY_FOR
            self.rig.tick(ground)
        assert f"{self.called} has not answered since" in card_of(self.rig, self.loan_id)
        assert len(happened(self.rig, self.loan_id)) == before, "nothing has happened meanwhile"
        heal(self.rig)
        go_on(self.rig, self.loan_id, is_so, ground)


@pytest.mark.parametrize(("side", "called", "out", "home"), CELLS, ids=[cell[0] for cell in CELLS])
def test_a_side_that_is_away_for_days_costs_time_and_no_node(
    rig: Rig, side: str, called: str, out: tuple[str, ...], home: str
) -> None:
    """Nobody is stuck, nobody is replaced, and nobody has to press anything when it is back."""
    loan = rig.lend("lend 2 gpu nodes to k8s for 9 days")
    outage = Outage(rig, loan.id, side, called)
    for step in out:
        outage.last(outage.ground(step), lambda: not outage.all_say("paused"))
    go_to(rig, loan.id, State.LENT)
    rig.ask(f"give back #{loan.id}")
    outage.last(outage.ground(home), lambda: rig.loan(loan.id).state is State.RETURNED)
    assert len(rig.parts(loan.id)) == 2, "none was replaced"
    kinds = {type(told.fact) for told in happened(rig, loan.id)}
    assert not kinds & {facts.NodeBroke, facts.GotStuck, facts.Blocked}
