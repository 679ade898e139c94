"""What is answered to whoever presses a button of an alarm."""

from dataclasses import dataclass

from loans.alarms import Alarm
from loans.nodes import NodeName


@dataclass(frozen=True)
class Looking:
    """Whoever pressed looks after it now."""

    alarm: Alarm


@dataclass(frozen=True)
class AlreadyTaken:
    """Somebody else was first."""

    alarm: Alarm


@dataclass(frozen=True)
class AlarmOver:
    """It asks for nothing any more."""

    alarm: Alarm


@dataclass(frozen=True)
class NoAlarm:
    """No such alarm is known: the button is another lendbot's, or older than the backup that was restored."""


@dataclass(frozen=True)
class AllTriedAgain:
    """Everything that the alarm stands for is on its way again. nodes: those; none when they were already."""

    nodes: tuple[NodeName, ...]
    loans: tuple[int, ...]
