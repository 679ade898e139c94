"""Where an alarm's messages stand: each spot has one message, which is edited as long as the alarm lives."""

from dataclasses import dataclass
from enum import StrEnum


class SpotKind(StrEnum):
    """What kind of place it is."""

    ONCALL = "oncall"
    """On-call's channel."""
    CALL = "call"
    """The same channel, once more: nobody had taken it. of: the how-manieth call."""
    THREAD = "thread"
    """Below a loan's card, and in its channel. of: the loan."""
    REQUESTER = "requester"
    """A direct message to whoever asked for a loan. of: the loan."""
    PERSON = "person"
    """A direct message to one of on-call, for their channel takes none. of: who; instead_of: which message."""


@dataclass(frozen=True)
class Spot:
    """One spot. of: which of its kind; instead_of: of a person's, the text of the spot that failed."""

    kind: SpotKind
    of: str = ""
    instead_of: str = ""

    @property
    def text(self) -> str:
        """Return it as it is kept."""
        return "/".join(filter(None, (self.kind, self.of, self.instead_of)))

    @classmethod
    def parse(cls, text: str) -> "Spot":
        """Read it back."""
        kind, *rest = text.split("/", 2)
        return cls(SpotKind(kind), *rest)

    @property
    def number(self) -> int:
        """Return which loan, or the how-manieth call."""
        return int(self.of)


AT_ONCALL = Spot(SpotKind.ONCALL)


def thread(loan: int) -> Spot:
    """Return the spot below a loan's card."""
    return Spot(SpotKind.THREAD, str(loan))


def requester(loan: int) -> Spot:
    """Return the spot with whoever asked for a loan."""
    return Spot(SpotKind.REQUESTER, str(loan))


def call(number: int) -> Spot:
    """Return the spot of a call."""
    return Spot(SpotKind.CALL, str(number))


def person(who: str, instead_of: Spot) -> Spot:
    """Return the spot with one of on-call. instead_of: the message that their channel does not take."""
    return Spot(SpotKind.PERSON, who, instead_of.text)
