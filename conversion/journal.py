"""What a line of a journal says beside what its writer knows."""

from collections.abc import Sequence
from datetime import datetime

from loans.facts import StepFact, StepFinished, StepStarted, Told


def line(kind: type[StepFact], line: StepFact, journal: Sequence[Told[StepFact]], now: datetime) -> StepFact:
    """Make a line of the journal; the end of a step tells how long it took, failed tries included."""
    fields = (line.plan, line.step, line.run, line.wave, line.said)
    if kind is not StepFinished:
        return kind(*fields)
    began = (told.at for told in journal if told.fact.step == line.step and isinstance(told.fact, StepStarted))
    first = next(began, None)
    return StepFinished(*fields, took=None if first is None else now - first)
