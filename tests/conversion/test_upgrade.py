"""Loans that are under way when lendbot is upgraded go on, by the plans of today."""

from datetime import UTC, datetime
from typing import Any

import pytest

from conversion.engine import progress
from conversion.plans import LEND, RETURN
from loans.facts import LENDBOT, StepFact, StepFinished, StepStarted, Told
from loans.runbook import PlanName, StepName

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
YESTERDAY: dict[PlanName, str] = {
    PlanName.LEND: "out of Slurm, prepare, role, Puppet, join, label, ready, daemons",
    PlanName.RETURN: "cordon, evict, power off, leave, power on, boot, verify, resume, settle",
}
"""The steps of the plans before `usable`, `detach` and `health` came."""
TODAY: dict[PlanName, Any] = {PlanName.LEND: LEND, PlanName.RETURN: RETURN}
CUTS = [(plan, done) for plan, steps in YESTERDAY.items() for done in range(len(steps.split(", ")) + 1)]


@pytest.mark.parametrize(("plan", "done"), CUTS)
def test_a_journal_of_yesterday_is_gone_on_with(plan: PlanName, done: int) -> None:
    """No step that was done is done again, and none of today's that is still ahead is left out."""
    steps = [StepName(name) for name in YESTERDAY[plan].split(", ")]
    lines = [kind(plan, step, 1) for step in steps[:done] for kind in (StepStarted, StepFinished)]
    at = progress(TODAY[plan], [_told(number, line) for number, line in enumerate(lines)])
    names = [step.name for step in TODAY[plan]]
    assert at.index == (names.index(steps[done - 1]) + 1 if done else 0)
    ahead = names[at.index :]
    assert [step for step in ahead if step in steps] == steps[done:]


@pytest.mark.parametrize("plan", YESTERDAY)
def test_no_step_of_yesterday_is_gone(plan: PlanName) -> None:
    """A node that stands at one finds it in the plan."""
    names = [step.name for step in TODAY[plan]]
    assert [name for name in names if name in YESTERDAY[plan].split(", ")] == YESTERDAY[plan].split(", ")


def _told(number: int, line: StepFact) -> Told[StepFact]:
    return Told(line, NOW, LENDBOT, id=number)
