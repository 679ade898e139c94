"""What became of an alarm, and what people are told at once beside it."""

from dataclasses import dataclass

from loans.facts.base import Fact
from loans.nodes import NodeName


@dataclass(frozen=True)
class AlarmRaised(Fact):
    """People are called. alarm: its number; about: in a few words, what; again: it was thought to be in hand before."""

    alarm: int
    about: str
    again: bool = False


@dataclass(frozen=True)
class AlarmTaken(Fact):
    """Somebody looks after it: nobody else is called."""

    alarm: int
    about: str


@dataclass(frozen=True)
class CalledAgain(Fact):
    """Nobody had taken it, so people were called once more. times: the how-manieth time; to: whom."""

    alarm: int
    about: str
    times: int
    to: tuple[str, ...] = ()


@dataclass(frozen=True)
class TriedAgain(Fact):
    """Somebody had everything that an alarm stands for tried once more."""

    alarm: int
    nodes: tuple[NodeName, ...]


@dataclass(frozen=True)
class AlarmSolved(Fact):
    """What it asked for is done. The envelope names whoever did it; lendbot when it came about by itself."""

    alarm: int
    about: str


@dataclass(frozen=True)
class ReturnedEarly(Fact):
    """Somebody sent some of a loan's nodes home before its deadline."""

    nodes: tuple[NodeName, ...]


@dataclass(frozen=True)
class CardPostedAnew(Fact):
    """Slack doesn't let the card be edited any more, so there is another. why: Slack's word."""

    why: str
