"""What a command answers, as values. The words and the buttons are made of them by bot/views."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from commands.alarm_replies import AlarmOver, AllTriedAgain, AlreadyTaken, Looking, NoAlarm
from commands.refusals import (
    AlreadyDecided,
    BadTime,
    BookedOut,
    CannotTell,
    ExtensionSettled,
    FarSideDown,
    Forbidden,
    HowMany,
    NoBreaker,
    NoLoan,
    NotByName,
    NotEnough,
    NotFrom,
    NotLent,
    NotUnderstood,
    StaleDraft,
    UnknownClass,
    UnknownNodes,
)
from commands.strange_cards import LostLoan, OldButton, StrangersCard
from conversion.estimate import Estimate
from conversion.skips import NotSo
from loans.classes import NodeClass
from loans.facts import Fact, Told
from loans.loan import Loan, NodeLoan, Taking
from loans.nodes import NodeName
from loans.readers.breakdown import Breakdown, Failure, failure
from loans.readers.history import Part, Story
from loans.runbook import StepName
from loans.selection import Choice
from loans.shown import Change
from store.away import AwaySide
from store.breakers import Breaker


@dataclass(frozen=True)
class Preview:
    """What was understood; nothing has changed. draft: what the button for sign-off carries."""

    draft: str
    node_class: NodeClass
    choice: Choice
    until: datetime
    tz: str
    now: datetime
    starts_at: datetime | None = None
    purpose: str = ""
    jobs_waiting: int = 0
    estimate: Estimate = field(default_factory=Estimate)
    breaker: Breaker | None = None


@dataclass(frozen=True)
class WhichTime:
    """The time has several readings, or one that needs a yes. Each has a draft of its own.

    extends   True when it is about a later deadline
    """

    phrase: str
    readings: tuple[tuple[str, str], ...]
    guess: str | None = None
    extends: bool = False


@dataclass(frozen=True)
class Welcome:
    """Somebody said thanks."""


@dataclass(frozen=True)
class Requested:
    """The request stands and awaits its decision."""

    loan: Loan
    node_class: NodeClass


@dataclass(frozen=True)
class Decided:
    """The decision was taken by this very person."""

    loan: Loan


@dataclass(frozen=True)
class Withdrawn:
    """The request is taken back; nothing had changed."""

    loan: Loan


@dataclass(frozen=True)
class GoingHome:
    """These nodes are on their way home."""

    loan: Loan
    nodes: tuple[NodeName, ...]
    estimate: Estimate = field(default_factory=Estimate)


@dataclass(frozen=True)
class SkipsTooMuch:
    """The way home cannot begin there: for these nodes a step that would be skipped is not done."""

    loan_id: int
    from_step: StepName
    missing: tuple[tuple[NodeName, NotSo], ...]


@dataclass(frozen=True)
class ExtensionAsked:
    """The later deadline awaits its decision."""

    loan: Loan
    now: datetime
    tz: str


@dataclass(frozen=True)
class ExtensionDecided:
    """The extension was granted or declined by this very person."""

    loan: Loan
    granted: bool


@dataclass(frozen=True)
class Forced:
    """What blocks the node's way home will be removed."""

    loan: Loan
    node: NodeName


@dataclass(frozen=True)
class WentOn:
    """The person decided.

    is_end       to give up
    sent_home    the loans that end by it
    began_since  loans of the class that the message did not show yet: they go on
    """

    node_class: str
    sent_home: tuple[int, ...] = ()
    began_since: tuple[int, ...] = ()
    is_end: bool = False


@dataclass(frozen=True)
class WaitsOn:
    """People are asked about the node again at that time."""

    node: NodeName
    until: datetime


@dataclass(frozen=True)
class OneLoan:
    """Everything about one loan.

    broke    why, per node that goes back, or went back, without having been lent
    replaced which node took the place of which
    failure  why no node could be lent; of use once the loan has failed
    no_more  why no other node could be had, in a few words; of use when it came short
    choice   of a request, what Slurm would give now; None when it does not answer
    pods     of a lent loan, how many an eviction would end now; None when they were not counted
    breaker  of a loan on its way out, why no node of its class is replaced
    away     far sides that its nodes wait for and that do not answer
    tries    of nodes beyond the first try of their step, which one they are at
    before   of a request, the requester's latest loans that are over, newest first
    staying  of a lent loan, the pods that ask to be left there, each as `jupyter/hub-0 (safe-to-evict: "false")`
    """

    loan: Loan
    node_class: NodeClass
    parts: tuple[NodeLoan, ...]
    takings: tuple[Taking, ...]
    estimate: Estimate
    now: datetime
    choice: Choice | None = None
    jobs_waiting: int = 0
    broke: Mapping[NodeName, Breakdown] = field(default_factory=dict)
    replaced: Mapping[NodeName, NodeName] = field(default_factory=dict)
    failure: Failure = field(default_factory=lambda: failure(()))
    no_more: str = ""
    pods: int | None = None
    away: tuple[AwaySide, ...] = ()
    staying: tuple[str, ...] = ()
    breaker: Breaker | None = None
    tries: Mapping[NodeName, int] = field(default_factory=dict)
    before: tuple[Loan, ...] = ()


@dataclass(frozen=True)
class CardDiffers:
    """What was pressed showed something else than what is so. one: the loan as it stands; changes: at least one."""

    one: OneLoan
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Loans:
    """Loans in brief, with how many of their nodes have arrived. title: what the list is.

    breakers, away   what holds nodes up just now
    stuck, blocked   per loan, how many of its nodes need a person, and how many cannot go home yet
    """

    title: str
    loans: tuple[Loan, ...]
    arrived: Mapping[int, int]
    now: datetime
    breakers: tuple[Breaker, ...] = ()
    away: tuple[AwaySide, ...] = ()
    stuck: Mapping[int, int] = field(default_factory=dict)
    blocked: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Free:
    """What could be lent now, a choice per class. breakers: classes of which several nodes have failed alike."""

    classes: tuple[tuple[NodeClass, Choice], ...]
    now: datetime
    breakers: tuple[Breaker, ...] = ()


@dataclass(frozen=True)
class History:
    """What happened to a loan, or to a node.

    loan      None for a node's, or for a part of a loan that the store has lost
    node      None for a loan's
    opened    the part of which every step is asked for; None for the whole in brief
    page      from 1; where all fits on one, there is one
    standing  of a node: what lendbot has set on it and not taken back
    """

    story: Story
    loan: Loan | None = None
    node: NodeName | None = None
    opened: Part | None = None
    page: int = 1
    standing: Sequence[Told[Fact]] = ()


@dataclass(frozen=True)
class Lately:
    """What happened anywhere, newest last. page: from 1, the newest; has_earlier: whether there is another."""

    rows: Sequence[Told[Fact]]
    page: int = 1
    has_earlier: bool = False


@dataclass(frozen=True)
class HelpOn:
    """One verb in full."""

    verb: str
    summary: str
    usage: str
    examples: tuple[str, ...]


@dataclass(frozen=True)
class HelpAll:
    """Every verb with its line."""

    verbs: tuple[tuple[str, str, str], ...]
    """(verb, usage, summary)"""


Reply = (
    Preview
    | WhichTime
    | BadTime
    | HowMany
    | NotByName
    | Welcome
    | UnknownClass
    | UnknownNodes
    | NotLent
    | NotEnough
    | BookedOut
    | NotUnderstood
    | Forbidden
    | CannotTell
    | NoLoan
    | StrangersCard
    | LostLoan
    | OldButton
    | CardDiffers
    | AlreadyDecided
    | ExtensionSettled
    | NotFrom
    | StaleDraft
    | FarSideDown
    | SkipsTooMuch
    | Requested
    | Decided
    | Withdrawn
    | GoingHome
    | ExtensionAsked
    | ExtensionDecided
    | Forced
    | WaitsOn
    | NoBreaker
    | WentOn
    | Looking
    | AlreadyTaken
    | AlarmOver
    | NoAlarm
    | AllTriedAgain
    | OneLoan
    | Loans
    | Free
    | History
    | Lately
    | HelpOn
    | HelpAll
)

REFUSALS = (
    BadTime,
    HowMany,
    NotByName,
    UnknownClass,
    UnknownNodes,
    NotLent,
    NotEnough,
    BookedOut,
    NotUnderstood,
    Forbidden,
    NoLoan,
    StrangersCard,
    LostLoan,
    OldButton,
    CardDiffers,
    AlreadyDecided,
    ExtensionSettled,
    NotFrom,
    StaleDraft,
    FarSideDown,
    NoBreaker,
    AlreadyTaken,
    AlarmOver,
    NoAlarm,
)
"""The replies after which nothing has changed although something was asked for: exit code 1 on the command line."""
