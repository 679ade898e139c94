"""One loan whose lendbot is killed again and again, on its way out and on its way home, and always goes on."""

import random
import time
from dataclasses import dataclass
from typing import Final

from loans.loan import State
from tests.conversion.rig import Rig
from tests.patience import PATIENCE_S
from tests.stories.bad_days import assert_store_is_true
from tests.stories.processes import Lendbot, lendbot, unhurried_site

KILLS_A_WAY: Final = 4
NODES: Final = 3
LINES_A_WAY: Final = 50
"""Lines of journal that so many nodes write on one way; a few more than this are written on either."""
A_MOMENT_S: Final = 0.5
"""A kill comes up to so long after the line that it waited for, so that it falls inside of steps too."""


@dataclass(frozen=True)
class Life:
    """What came of it.

    lending, returning   kills that met the loan on that way
    """

    lending: int
    returning: int
    jobs_killed: int
    pods_killed: int
    is_home: bool


def live(seed: int) -> Life:
    """Lend and bring home once, killing all the way. Raises AssertionError when a loan stands still."""
    dice = random.Random(seed)  # noqa: S311 - moments, no secret
    with unhurried_site(NODES + 1) as rig:
        loan = rig.lend(f"lend {NODES} gpu nodes to k8s for 9 days")
        lending = _killed_on_its_way(rig, loan.id, dice, State.LENDING, State.LENT)
        rig.ask(f"give back #{loan.id}")
        returning = _killed_on_its_way(rig, loan.id, dice, State.RETURNING, State.RETURNED)
        assert_store_is_true(rig, loan.id)
        tally = rig.tally()
        home = all(node["kube"] is None and node["power"] == "on" for node in rig.room().values())
        return Life(lending, returning, tally["jobs_killed"], tally["pods_killed"], home)


def _killed_on_its_way(rig: Rig, loan: int, dice: random.Random, moving: State, there: State) -> int:
    """Run until the loan is there, with kills at lines of its journal; return how many met it on its way."""
    lines = sorted(dice.sample(range(1, LINES_A_WAY), KILLS_A_WAY))
    first, met = rig.journal_lines(loan), 0
    for number, line in enumerate(lines):
        with lendbot(rig.site.paths, f"{moving}{number}") as running:
            _until(rig, loan, running, there, first + line)
            time.sleep(dice.uniform(0, A_MOMENT_S))
            running.kill()
        met += rig.loan(loan).state is moving
    with lendbot(rig.site.paths, f"{moving}-end") as running:
        _until(rig, loan, running, there)
    return met


def _until(rig: Rig, loan: int, running: Lendbot, there: State, line: int | None = None) -> None:
    """Wait until the loan is there, or its journal has that line."""
    deadline = time.monotonic() + 3 * PATIENCE_S
    while rig.loan(loan).state is not there and (line is None or rig.journal_lines(loan) < line):
        assert time.monotonic() < deadline, f"loan #{loan} stands still: {rig.parts(loan)}\n{running.log[-3000:]}"
        time.sleep(0.05)
