"""What all facts share, and who did what they tell of."""

from dataclasses import dataclass
from typing import ClassVar, Final


@dataclass(frozen=True)
class Actor:
    """Who did it.

    id     a Slack user id, `cli:<account>` for whoever used the command line, or "lendbot" for what it did by itself
    team   the Slack workspace that the id is of; empty for the other two
    """

    id: str
    team: str = ""


LENDBOT: Final = Actor("lendbot")


@dataclass(frozen=True)
class Fact:
    """What all facts share. VERSION: of the shape in which it is written down."""

    VERSION: ClassVar[int] = 1
