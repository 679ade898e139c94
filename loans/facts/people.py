"""What people say about a loan."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from loans.facts.base import Fact


@dataclass(frozen=True)
class Requested(Fact):
    """Somebody asked for nodes, in these terms."""

    node_class: str
    count: int
    until: datetime
    starts_at: datetime | None = None
    purpose: str = ""


@dataclass(frozen=True)
class Decided(Fact):
    """An approver decided on a request.

    on   the text that was decided on, as it stood then; empty when it was not kept
    """

    approved: bool
    note: str = ""
    on: str = ""


@dataclass(frozen=True)
class Withdrawn(Fact):
    """The request was taken back before anything had changed."""


class WhyLapsed(StrEnum):
    """Why a request, or a later deadline that was asked for, ended by itself."""

    NOBODY_DECIDED = "nobody decided"
    DEADLINE_PASSED = "deadline passed"
    """The (present) deadline came first."""


@dataclass(frozen=True)
class Lapsed(Fact):
    """The request ended by itself."""

    why: WhyLapsed


@dataclass(frozen=True)
class ExtensionAsked(Fact):
    """Somebody asked for a later deadline. lapses_at: None when it was not kept."""

    until: datetime
    lapses_at: datetime | None = None


@dataclass(frozen=True)
class ExtensionDecided(Fact):
    """An approver decided on a later deadline. until, on: the deadline and the text that were decided on."""

    until: datetime
    granted: bool
    note: str = ""
    on: str = ""


@dataclass(frozen=True)
class ExtensionLapsed(Fact):
    """The later deadline ended undecided."""

    until: datetime
    why: WhyLapsed


@dataclass(frozen=True)
class Forced(Fact):
    """Somebody said that what blocks the node's way home may be removed. blocked: what it was, in its side's words."""

    blocked: str


@dataclass(frozen=True)
class WaitGranted(Fact):
    """Somebody gave a blocked node more time before people are asked again."""

    until: datetime
