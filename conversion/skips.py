"""A run that a person has begin at a later step: what was skipped has to be so all the same."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from conversion.steps import Held, NodeWork, NotYet, Plan, Step, TryIsOver, W
from loans.runbook import StepName


@dataclass(frozen=True)
class NotSo:
    """A step was skipped, and what it makes is not so. why: what the far side says, for people."""

    step: StepName
    why: str


def not_so(plan: Plan[W], work: W, begin_at: StepName) -> tuple[NotSo, ...]:
    """Ask the check of every step that a run skips.

    A step whose work a later one has ended is not asked: the power is off for as long as nobody has switched it on.
    raises   FarSideError when a side does not answer: then nothing is known
    """
    scene: Any = work
    if isinstance(scene, NodeWork):  # what is asked here has been so for long, or is not so
        scene = replace(scene, waited=timedelta.max)
    names = [step.name for step in plan]
    if begin_at not in names:
        return ()
    index = names.index(begin_at)
    asked = [step for step in plan[:index] if step.stands_until is None or index <= names.index(step.stands_until)]
    return tuple(found for step in asked if (found := _asked(step, scene)) is not None)


def _asked(step: Step[W], work: W) -> NotSo | None:
    try:
        seen = step.done(work)
    except (TryIsOver, Held) as e:
        return NotSo(step.name, str(e))
    return NotSo(step.name, seen.why) if isinstance(seen, NotYet) else None
