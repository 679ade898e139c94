"""What happened? Everything but what is told twice: that a step began, and that it is so when it was just done."""

from collections.abc import Sequence

from loans.facts import Fact, MarkedInKubernetes, PowerOrdered, SetInSlurm, StepFinished, StepStarted, Taken, Told

_TOLD_TWICE = (StepStarted, StepFinished, SetInSlurm, MarkedInKubernetes, PowerOrdered, Taken)
"""StepDid says of each that it was done, and by which step."""


def history(facts: Sequence[Told[Fact]]) -> tuple[Told[Fact], ...]:
    """Return what a person reads, oldest first."""
    return tuple(told for told in facts if not isinstance(told.fact, _TOLD_TWICE))
