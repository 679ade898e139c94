"""What a card showed of a loan, as its buttons carry it: a press answers that text, and no other.

Numbers come back after a restore or a lost store, and deadlines move. So a button says whose loan it means, which one,
and on which terms; what of this is not so now is named here. Pure: nobody is asked, and nothing is refused.
"""

import re
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Self

from loans.loan import Loan, NodeLoan, NodeState
from loans.marks import STORE_LENGTH, STORE_LETTERS
from loans.nodes import NodeName

_DIGITS: Final = 10
"""Hex digits of a digest: a million loans of one number would have to be made before two of them are alike."""
_DIGEST: Final = rf"[0-9a-f]{{{_DIGITS}}}"
_STAGE: Final = rf"\d{{1,9}}-(?:{'|'.join(NodeState)})"
_TEXT: Final = re.compile(
    rf"(\d{{1,9}}):([{STORE_LETTERS}]{{{STORE_LENGTH}}})?:({_DIGEST}):(\d{{1,12}}):({_DIGEST}):({_DIGEST})?:({_STAGE})?"
)


@dataclass(frozen=True)
class Shown:
    """What stood beside a button.

    loan    its number, as people say it
    store   the name of the store that keeps it; empty for loans that are older than such names
    born    digest of who asked for it, and when: another loan of that number has another
    until   its deadline, epoch seconds
    terms   digest of what else was asked for: how many of which class, from when, for what
    asked   digest of who asked for the later deadline that awaits its decision, and when; empty when none does
    stage   of the node that the button is about, its run and state: `2-stuck`; empty for the whole loan
    """

    loan: int
    store: str
    born: str
    until: int
    terms: str
    asked: str = ""
    stage: str = ""

    @classmethod
    def of(cls, loan: Loan, part: NodeLoan | None = None) -> Self:
        """Return what a card shows of a loan as it is. part: for a button about one node."""
        return cls(
            loan.id,
            loan.store,
            _born(loan),
            _seconds(loan.until),
            _terms(loan),
            _asked(loan),
            f"{part.run}-{part.state}" if part else "",
        )

    @property
    def text(self) -> str:
        """Return it as a button or a draft carries it: no secret, and nothing that somebody wrote."""
        return ":".join(str(each) for each in astuple(self))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read it back; ValueError when no lendbot wrote it."""
        found = _TEXT.fullmatch(text)
        if found is None:
            raise ValueError(f"not what a button carries: {text!r}")
        loan, store, born, until, terms, asked, stage = found.groups(default="")
        return cls(int(loan), store, born, int(until), terms, asked, stage)

    @property
    def whose(self) -> str:
        """Return what is the same on all buttons of a loan, and on no other's."""
        return f"{self.loan}:{self.store}:{self.born}"

    def is_of(self, loan: Loan) -> bool:
        """Return True for the very loan that was shown, whatever has become of it."""
        return self.whose == Shown.of(loan).whose


@dataclass(frozen=True)
class OtherDeadline:
    """The loan ends at another time than the card said."""

    showed: datetime


@dataclass(frozen=True)
class OtherTerms:
    """How many, of which class, from when or for what is not what the card said."""


@dataclass(frozen=True)
class OtherAsker:
    """Somebody has asked anew for the later deadline that the card showed."""


@dataclass(frozen=True)
class OtherStage:
    """The node has gone on since. showed: where it was; the same as now when it was sent home once more meanwhile."""

    node: NodeName
    showed: NodeState
    now: NodeState


@dataclass(frozen=True)
class NotBlocked:
    """Nothing blocks the node's way home any more."""

    node: NodeName


@dataclass(frozen=True)
class ForcedBefore:
    """Somebody has ordered already that what blocks the node is removed."""

    node: NodeName
    by: str


Change = OtherDeadline | OtherTerms | OtherAsker | OtherStage | NotBlocked | ForcedBefore


def changes(shown: Shown, loan: Loan) -> tuple[Change, ...]:
    """Return what of the loan's terms is not as it was shown."""
    moved = shown.until != _seconds(loan.until)
    found: list[Change] = [OtherDeadline(datetime.fromtimestamp(shown.until, UTC))] if moved else []
    return (*found, OtherTerms()) if shown.terms != _terms(loan) else tuple(found)


def changes_of_decision(shown: Shown, loan: Loan) -> tuple[Change, ...]:
    """Return the same for a yes or a no, which is also about who asked for the later deadline."""
    anew = shown.asked != _asked(loan)
    return (*changes(shown, loan), OtherAsker()) if anew else changes(shown, loan)


def changes_of_node(shown: Shown, part: NodeLoan, *, removes: bool = False) -> tuple[Change, ...]:
    """Return how the node stands otherwise than it was shown. removes: the button removes what blocks it."""
    run, _, state = shown.stage.partition("-")
    if (run, state) != (str(part.run), str(part.state)):
        return (OtherStage(part.node, NodeState(state), part.state),)
    if removes and part.forced_by is not None:
        return (ForcedBefore(part.node, part.forced_by),)
    return (NotBlocked(part.node),) if removes and not part.blocked else ()


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _born(loan: Loan) -> str:
    return _digest(loan.requester, _instant(loan.asked_at))


def _terms(loan: Loan) -> str:
    begins = _instant(loan.starts_at) if loan.starts_at else ""
    return _digest(str(loan.count), loan.node_class, begins, loan.purpose)


def _asked(loan: Loan) -> str:
    asked = loan.extension
    return _digest(asked.asked_by, _instant(asked.asked_at), _instant(asked.until)) if asked else ""


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _digest(*words: str) -> str:
    return sha256("\0".join(words).encode()).hexdigest()[:_DIGITS]
