"""kill -9 in the middle of everything: the loan ends right each time."""

import random
from functools import partial

import pytest

from loans.loan import State
from sandbox.driver import told, wait_for
from tests.lab.product import books
from tests.lab.product.rig import Rig, Tell
from tests.lab.product.settings import CLASSES

pytestmark = pytest.mark.lab

SEED = 20261124
LOANS = 2
KILLS_EACH_WAY = 2
ENOUGH = 3
"""Kills each way that hit a loan on its way: those that came a moment late are not counted."""
LINES_OUT, LINES_HOME = 70, 75
"""Journal lines that three nodes write on their way out, and home: the moments are chosen among them."""


@pytest.mark.lab(minutes=6)
def test_a_loan_ends_right_however_often_lendbot_is_killed(product: Rig, tell: Tell) -> None:
    """A power cut of lendbot's own host must cost no job, and no node its way home."""
    lab, dice = product.layout, random.Random(SEED)  # noqa: S311 - moments, no secret
    job = books.LongJob.start(lab, "gpu001")
    books.apply(lab, books.daemonset("network"), books.deployment("workshop", 3))
    survived = {"lending": 0, "returning": 0}
    for turn in range(LOANS):
        node_class = list(CLASSES)[turn % len(CLASSES)]
        number = product.people.lend(f"lend 3 {node_class} nodes to k8s for 2 hours")
        survived["lending"] += kill_at(product, number, dice, LINES_OUT, State.LENDING)
        product.wait(number, State.LENT)
        product.people.answer_to(f"give back #{number}")
        survived["returning"] += kill_at(product, number, dice, LINES_HOME, State.RETURNING)
        product.wait(number, State.RETURNED)
        product.assert_home()
        assert job.is_untouched(lab)
        wait_for("a card that says so", partial(_card_says, product, number, "returned"), 30)
    counts = ", ".join(f"{count} while {state}" for state, count in survived.items())
    tell(f"kill -9 of lendbot survived: {counts}, in {LOANS} loans of 3 nodes (seed {SEED})")
    assert min(survived.values()) >= ENOUGH
    job.end(lab)
    assert books.srun_everywhere(lab).returncode == 0


def kill_at(product: Rig, number: int, dice: random.Random, lines: int, moving: State) -> int:
    """Kill lendbot when the journal has grown by so many lines, a random part of a second later, and start it again.

    Returns how often it was killed while the loan was really on its way.
    """
    product.wait(number, moving)
    before, hits = lines_of(product, number), 0
    for moment in sorted(dice.sample(range(1, lines), KILLS_EACH_WAY)):
        wait_for(f"line {moment}", partial(_is_there, product, number, before + moment, moving), 120)
        product.lendbot.kill_after(dice.uniform(0.0, 0.4))
        state, at = product.loan(number).state, where(product, number)
        hits += state is moving
        print(f"lab: loan #{number} killed while {state}, after line {moment}: {at}", flush=True)
        product.lendbot.start()
    return hits


def _card_says(product: Rig, number: int, word: str) -> bool | None:
    return word in told(product.people.card(number)) or None


def _is_there(product: Rig, number: int, line: int, moving: State) -> bool | None:
    return product.loan(number).state is not moving or lines_of(product, number) >= line or None


def lines_of(product: Rig, number: int) -> int:
    return len(product.journal(number))


def where(product: Rig, number: int) -> str:
    last = product.journal(number)[-1]
    subject = last.node or f"wave {last.fact.wave}"
    return f"{subject} {last.fact.plan}/{last.fact.step} {type(last.fact).__name__}"
