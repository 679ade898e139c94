"""An alarm asks people for something until it is done: raised, taken by somebody, solved. Pure.

One cause is one alarm, however many nodes it holds.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from loans.breaker import Attempt, reason
from loans.facts import Actor, GotStuck, Trouble
from loans.marks import STORE_LENGTH, STORE_LETTERS
from loans.nodes import NodeName
from loans.runbook import StepName

CALL_AGAIN: Final = (timedelta(minutes=15), timedelta(minutes=30), timedelta(hours=1))
"""How long after it was raised an alarm that nobody took is called out again."""
JOINS_WITHIN: Final = timedelta(minutes=30)
"""Nodes that meet the same trouble within this of each other have one cause; later ones deserve a call of their own."""
_TROUBLES: Final = {
    Trouble.REFUSES: "{} refuses",
    Trouble.DISTRUSTED: "{} is not trusted",
    Trouble.SILENT: "no answer from {}",
    Trouble.UNCLEAR: "{} answers what lendbot does not understand",
}
_ANY: Final = datetime(2026, 1, 1, tzinfo=UTC)
_LOG_ID: Final = re.compile(r" under [0-9a-f]{8}$")


class AlarmKind(StrEnum):
    """What people are asked for."""

    SIDE = "side"
    """A far side does not answer."""
    STUCK = "stuck"
    """Nodes cannot come home, and nothing moves until somebody helps."""
    BLOCKED = "blocked"
    """Nodes wait for pods that may not be evicted; somebody has to decide."""
    BREAKER = "breaker"
    """Nodes of a class fail alike on their way out."""
    SLACK = "slack"
    """Slack takes no message in a channel."""


@dataclass(frozen=True, order=True)
class Member:
    """A node of a loan for which an alarm stands."""

    loan: int
    node: NodeName

    @property
    def text(self) -> str:
        """Return it as it is kept."""
        return f"{self.loan}/{self.node}"

    @classmethod
    def parse(cls, text: str) -> "Member":
        """Read it back."""
        loan, _, node = text.partition("/")
        return cls(int(loan), NodeName(node))


@dataclass(frozen=True)
class Alarm:
    """One alarm.

    cause       what is the same for everything that it stands for; two open ones of a cause began far apart
    about       whose trouble it is: a side's name, a class, a channel's id, the reason that nodes have in common
    node_class  whose on-call is called; empty for that of every class
    said        why, in the words of whoever said so first
    fact        the number of the fact that it was raised for
    loans       those concerned, in order
    waiting     nodes that it stands for; helped: those that it stood for and that are well again
    count       of a side: how many nodes wait for it
    joined_at   when the last node came to it
    called_from since when people are called for it; calls: how often again since then; call_at: when next, if ever;
                called_at: when the last was due
    posts       how often it was called again in all: each call is a message of its own
    taken       who looks after it, and since when
    acted       who did something about it last, and what: "Try again"
    solved_at   None while it is open
    """

    cause: str
    kind: AlarmKind
    about: str
    raised_at: datetime
    joined_at: datetime
    called_from: datetime
    node_class: str = ""
    said: str = ""
    step: StepName | None = None
    fact: int = 0
    loans: tuple[int, ...] = ()
    waiting: tuple[Member, ...] = ()
    helped: tuple[Member, ...] = ()
    count: int = 0
    calls: int = 0
    call_at: datetime | None = None
    posts: int = 0
    called_at: datetime | None = None
    taken: Actor | None = None
    taken_at: datetime | None = None
    acted: Actor | None = None
    act: str = ""
    solved_at: datetime | None = None
    id: int = 0

    @property
    def call_span(self) -> timedelta:
        """Return for how long people had been called when the last call went out."""
        return self.called_at - self.called_from if self.called_at else timedelta()

    @property
    def is_open(self) -> bool:
        """Return True while it asks for something."""
        return self.solved_at is None

    @property
    def brief(self) -> str:
        """Return what it is about in a few words, for a row of a history."""
        nodes = sorted({member.node for member in (*self.waiting, *self.helped)})
        if nodes:
            return f"{', '.join(nodes[:3])}{f' and {len(nodes) - 3} more' if len(nodes) > 3 else ''}: {self.about}"  # noqa: PLR2004
        return self.about


_SHOWN: Final = re.compile(rf"(\d{{1,9}}) ([{STORE_LETTERS}]{{{STORE_LENGTH}}}) (\d{{1,12}})")


@dataclass(frozen=True)
class AlarmShown:
    """What an alarm's button carries. store: its name; raised: epoch seconds, for a restored store counts anew."""

    alarm: int
    store: str
    raised: int

    @classmethod
    def of(cls, alarm: Alarm, store: str) -> "AlarmShown":
        """Return what the buttons of an alarm carry."""
        return cls(alarm.id, store, int(alarm.raised_at.timestamp()))

    @property
    def text(self) -> str:
        """Return it as a button has it."""
        return f"{self.alarm} {self.store} {self.raised}"

    @classmethod
    def parse(cls, text: str) -> "AlarmShown":
        """Read it back; ValueError when no lendbot wrote it."""
        found = _SHOWN.fullmatch(text)
        if found is None:
            raise ValueError(f"not what an alarm's button carries: {text!r}")
        return cls(int(found[1]), found[2], int(found[3]))


def cause_of(node: NodeName, stuck: GotStuck) -> str:
    """Return what a stuck node's trouble has in common with others': the side that it is, or its reason.

    >>> cause_of(NodeName("gpu1"), GotStuck(StepName.BOOT, "gpu1 has not booted (for 20 min), after 3 tries"))
    'the node has not booted, at boot'
    >>> from loans.facts import Cause
    >>> cause_of(NodeName("gpu1"), GotStuck(StepName.RESUME, "no", Cause(Trouble.REFUSES, "Slurm")))
    'Slurm refuses'
    """
    if stuck.cause is not None:
        return _TROUBLES[stuck.cause.trouble].format(stuck.cause.side)
    short = _LOG_ID.sub("", reason(Attempt(node, _ANY, stuck.step, stuck.why)))
    return f"{short}, at {stuck.step}" if stuck.step else short


def may_join(alarm: Alarm, now: datetime) -> bool:
    """Return True while what happens now is told by an alarm of the same cause."""
    return alarm.is_open and now - alarm.joined_at <= JOINS_WITHIN


def with_member(alarm: Alarm, member: Member, now: datetime) -> Alarm:
    """Return the alarm with one node more; one that it stood for before is not counted twice."""
    return replace(
        alarm,
        waiting=tuple(sorted({*alarm.waiting, member})),
        helped=tuple(each for each in alarm.helped if each != member),
        loans=tuple(sorted({*alarm.loans, member.loan})),
        joined_at=now,
    )


def without(alarm: Alarm, members: Iterable[Member], *, helped: bool) -> Alarm:
    """Return the alarm without some of its nodes. helped: they are well; else another alarm stands for them now."""
    gone = set(members)
    well = {*alarm.helped, *(gone & set(alarm.waiting))} if helped else set(alarm.helped)
    return replace(alarm, waiting=tuple(each for each in alarm.waiting if each not in gone), helped=tuple(sorted(well)))


def called_anew(alarm: Alarm, now: datetime, spans: Sequence[timedelta]) -> Alarm:
    """Return the alarm with nobody looking after it, and its calls begun from now."""
    at = now + spans[0] if spans else None
    return replace(alarm, called_from=now, calls=0, call_at=at, called_at=None, taken=None, taken_at=None)


def called_again(alarm: Alarm, now: datetime, spans: Sequence[timedelta]) -> Alarm:
    """Return the alarm after one more call; a clock that was set forward brings one call, not all of them."""
    calls = alarm.calls + 1
    while calls < len(spans) and alarm.called_from + spans[calls] <= now:
        calls += 1
    at = alarm.called_from + spans[calls] if calls < len(spans) else None
    due = alarm.called_from + spans[calls - 1] if calls <= len(spans) else now
    return replace(alarm, calls=calls, posts=alarm.posts + 1, call_at=at, called_at=due)


def taken_by(alarm: Alarm, by: Actor, now: datetime) -> Alarm:
    """Return the alarm in somebody's hands: it isn't called out again."""
    return replace(alarm, taken=by, taken_at=now, call_at=None)


def is_last_call(alarm: Alarm) -> bool:
    """Return True when nobody has come, and nobody will be called any more."""
    return alarm.calls > 0 and alarm.call_at is None and alarm.taken is None
