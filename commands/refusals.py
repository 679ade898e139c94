"""What a command answers when it has not done what was asked, as values: each with what its words need."""

from dataclasses import dataclass
from datetime import datetime

from loans.book import Room
from loans.classes import NodeClass
from loans.loan import Decision, Loan
from loans.nodes import NodeName
from loans.policy import NoNodes, Reason, TooLong, TooMany, TooShort
from loans.selection import Choice


@dataclass(frozen=True)
class Begun:
    """A wish as far as it was understood, for a form to go on from. sentence: as it was said."""

    sentence: str
    count: str = ""
    node_class: str = ""
    until: str = ""
    purpose: str = ""


@dataclass(frozen=True)
class BadTime:
    """The time cannot be acted on; the grammar says why. understood: what else was said, and is understood."""

    phrase: str
    sentence: str
    understood: str = ""
    begun: Begun | None = None


@dataclass(frozen=True)
class HowMany:
    """A wish without one number: "some", "up to 4", "as many as possible". free: None when Slurm does not answer."""

    node_class: NodeClass
    free: int | None
    tail: str
    begun: Begun | None = None


@dataclass(frozen=True)
class NotByName:
    """A wish for nodes by name: lendbot chooses. node_class: the one that their names begin with, if there is one."""

    nodes: tuple[str, ...]
    node_class: str | None
    tail: str
    begun: Begun | None = None


@dataclass(frozen=True)
class NotANumber:
    """A form's count is no whole number."""

    word: str


@dataclass(frozen=True)
class WrongFields:
    """What a form says cannot be meant. Each is None when its field will do."""

    count: NotANumber | NoNodes | TooMany | None = None
    until: BadTime | TooLong | TooShort | None = None


@dataclass(frozen=True)
class UnknownClass:
    """No class has that name. near: the closest, when one is close."""

    word: str
    classes: tuple[str, ...]
    near: str | None = None


@dataclass(frozen=True)
class UnknownNodes:
    """The loan has no such nodes."""

    loan_id: int
    asked: tuple[str, ...]
    has: tuple[NodeName, ...]


@dataclass(frozen=True)
class NotLent:
    """No open loan holds the node."""

    nodes: tuple[NodeName, ...]


@dataclass(frozen=True)
class NotEnough:
    """Fewer nodes can go than were asked for. now_draft, later_draft: the offers, where there are any."""

    choice: Choice
    node_class: NodeClass
    tz: str
    now_draft: str | None = None
    later_draft: str | None = None
    later_at: datetime | None = None


@dataclass(frozen=True)
class BookedOut:
    """Others have been promised what would be needed. What is still to be had is offered, where there is any.

    wished         nodes, for the wish or loan that is judged
    loan           the one that cannot be signed, or extended, as it is asked; None for a wish
    fewer_draft    for the same span, `fewer` nodes
    later_draft    for as long, from `later_at`
    latest_draft   the same loan until `latest`, which is earlier than what was asked for
    """

    room: Room
    wished: int
    tz: str
    loan: Loan | None = None
    fewer: int = 0
    fewer_draft: str | None = None
    later_at: datetime | None = None
    later_draft: str | None = None
    latest: datetime | None = None
    latest_draft: str | None = None


@dataclass(frozen=True)
class NotUnderstood:
    """The sentence has no reading. usage, examples: of the verb it began with, or of the nearest one."""

    text: str
    nearest: str | None
    usage: str
    examples: tuple[str, ...]
    begun: Begun | None = None


@dataclass(frozen=True)
class Forbidden:
    """Policy says no, with every reason."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class CannotTell:
    """Slack does not say who is in the groups that may, so whether this person may is not known. reasons: else."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class NoLoan:
    """There is no loan of that number. open_ids: those that are open."""

    loan_id: int
    open_ids: tuple[int, ...]


@dataclass(frozen=True)
class AlreadyDecided:
    """Somebody else was first: the loan as it stands tells who and when."""

    loan: Loan
    now: datetime


@dataclass(frozen=True)
class ExtensionSettled:
    """The later deadline awaits no decision any more. decision: None when it was given up without one."""

    loan: Loan
    until: datetime
    decision: Decision | None
    now: datetime


@dataclass(frozen=True)
class NotFrom:
    """The loan stands where the verb does not apply."""

    loan: Loan
    verb: str


@dataclass(frozen=True)
class StaleDraft:
    """The preview is too old, not theirs, or not there: say it again. strange: another store's, or a lost one's."""

    theirs: bool = True
    strange: bool = False


@dataclass(frozen=True)
class FarSideDown:
    """A far side does not answer, so nothing was concluded and nothing changed."""

    side: str
    said: str


@dataclass(frozen=True)
class NoBreaker:
    """Nothing is to be decided about the class: it is over, or somebody was first. is_newer: of an earlier time."""

    node_class: str
    is_newer: bool = False
