"""What happened? People first: who decided what, and why. Then how the loan went, and each node's part in it, folded.

Everything is there: whoever opens a part reads all that its line adds up, and every try that failed.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from loans.facts import (
    LENDBOT,
    Blocked,
    ExtensionLapsed,
    Fact,
    GotStuck,
    Lapsed,
    MarkedInKubernetes,
    Mismatch,
    NodeArrived,
    NodeBroke,
    NodeHome,
    NodeReplaced,
    PowerOrdered,
    ReturnedEarly,
    ReturnOrdered,
    SetInSlurm,
    StepDid,
    StepFact,
    StepFailed,
    StepFinished,
    StepStarted,
    Taken,
    Told,
    WaveFailed,
)
from loans.nodes import NodeName

_TOLD_TWICE: Final = (StepStarted, StepFinished, SetInSlurm, MarkedInKubernetes, PowerOrdered, Taken, ReturnedEarly)
"""StepDid says of each that it was done, and by which step; NodeSentHome says of each node that it came home early."""
_IN_PLACE_OF_PEOPLE: Final = (Lapsed, ExtensionLapsed, ReturnOrdered)
"""What time decides when nobody does: it stands among the decisions, whoever took it."""
_MARKS_THE_WAY: Final = (
    NodeArrived, NodeBroke, NodeReplaced, Blocked, GotStuck, NodeHome, StepFailed, WaveFailed, Mismatch,
)  # fmt: skip
JOURNAL: Final = (*_TOLD_TWICE, StepDid, StepFailed)
"""What happened inside the steps: of everything lately it would be nearly all, so it is opened with its loan."""
_ENDS_A_WAY: Final = (NodeArrived, NodeHome)


@dataclass(frozen=True)
class Milestone:
    """One word of a folded line.

    after   how long that way took, out or home; None for what ends none, and when its beginning was not kept
    times   how often it came in a row: tries of one step that failed
    """

    told: Told[Fact]
    after: timedelta | None = None
    times: int = 1


@dataclass(frozen=True)
class Part:
    """What happened to one node in one loan, or to one wave of taking.

    node        None for a wave
    wave        None for a node
    milestones  oldest first
    steps       all of it that a person reads, oldest first
    taken       of a wave: how many nodes have left Slurm in it, and how long that took
    """

    loan_id: int | None
    node: NodeName | None = None
    wave: int | None = None
    milestones: tuple[Milestone, ...] = ()
    steps: tuple[Told[Fact], ...] = ()
    taken: tuple[int, timedelta] | None = None

    @property
    def name(self) -> str:
        """Return what it is opened by: the node's name, or `wave:1`."""
        return self.node or f"wave:{self.wave}"


@dataclass(frozen=True)
class Story:
    """A history, each of its lists oldest first.

    people   every decision, with who took it; what time decided, too
    course   what else happened to the loan as a whole
    parts    waves, then nodes, by name
    """

    people: tuple[Told[Fact], ...] = ()
    course: tuple[Told[Fact], ...] = ()
    parts: tuple[Part, ...] = ()

    def part(self, name: str) -> Part | None:
        """Return one of the parts by its name."""
        return next((part for part in self.parts if part.name == name), None)


def story(facts: Sequence[Told[Fact]]) -> Story:
    """Return the history of one loan. facts: all of it, oldest first."""
    return Story(
        people=tuple(told for told in facts if is_decision(told)),
        course=tuple(told for told in facts if _is_course(told)),
        parts=(*_waves(facts), *_parts([told for told in facts if told.node is not None])),
    )


def of_node(facts: Sequence[Told[Fact]]) -> Story:
    """Return the history of one node: a part for each loan. facts: what happened to it, oldest first."""
    return Story(
        people=tuple(told for told in facts if is_decision(told)),
        course=tuple(told for told in facts if told.loan_id is None and not is_decision(told)),
        parts=tuple(_parts([told for told in facts if told.loan_id is not None])),
    )


def lately(facts: Sequence[Told[Fact]]) -> tuple[Told[Fact], ...]:
    """Return what a person reads of everything, oldest first: the steps of a node are opened with its loan."""
    return tuple(told for told in facts if not isinstance(told.fact, JOURNAL))


def is_decision(told: Told[Fact]) -> bool:
    """Return True for what a person did, and for what was decided because nobody did."""
    by_somebody = told.who != LENDBOT and not isinstance(told.fact, (StepFact, ReturnedEarly))
    return by_somebody or isinstance(told.fact, _IN_PLACE_OF_PEOPLE)


def _is_course(told: Told[Fact]) -> bool:
    return told.node is None and _wave_of(told) is None and not is_decision(told) and not _is_told_twice(told)


def _is_told_twice(told: Told[Fact]) -> bool:
    return isinstance(told.fact, _TOLD_TWICE)


def _wave_of(told: Told[Fact]) -> int | None:
    return told.fact.wave if told.node is None and isinstance(told.fact, (StepFact, WaveFailed)) else None


def _parts(facts: Sequence[Told[Fact]]) -> Iterator[Part]:
    """Yield the part of each node in each loan, by loan and name."""
    of: dict[tuple[int, str], list[Told[Fact]]] = defaultdict(list)
    for told in facts:
        of[told.loan_id or 0, told.node or ""].append(told)
    for (loan_id, node), happened in sorted(of.items()):
        yield Part(loan_id or None, NodeName(node), milestones=_milestones(happened), steps=_readable(happened))


def _waves(facts: Sequence[Told[Fact]]) -> Iterator[Part]:
    """Yield each wave of taking."""
    of: dict[int, list[Told[Fact]]] = defaultdict(list)
    for told in facts:
        if (wave := _wave_of(told)) is not None:
            of[wave].append(told)
    for wave, happened in sorted(of.items()):
        left = [told.at for told in facts if isinstance(told.fact, Taken) and told.fact.wave == wave]
        yield Part(
            happened[0].loan_id,
            wave=wave,
            milestones=_milestones(happened),
            steps=_readable(happened),
            taken=(len(left), max(left) - happened[0].at) if left else None,
        )


def _readable(facts: Sequence[Told[Fact]]) -> tuple[Told[Fact], ...]:
    return tuple(told for told in facts if not _is_told_twice(told))


def _milestones(facts: Sequence[Told[Fact]]) -> tuple[Milestone, ...]:
    found: list[Milestone] = []
    began: datetime | None = None
    for told in facts:
        if began is None and isinstance(told.fact, (Taken, StepFact)):
            began = told.at
        if not isinstance(told.fact, _MARKS_THE_WAY) or is_decision(told):
            continue
        ends = isinstance(told.fact, _ENDS_A_WAY)
        if found and _kind(found[-1].told) == _kind(told):
            found[-1] = replace(found[-1], told=told, times=found[-1].times + 1)
        else:
            found.append(Milestone(told, told.at - began if ends and began is not None else None))
        if ends:
            began = None
    return tuple(found)


def _kind(told: Told[Fact]) -> Hashable:
    """Return what tries of one step have in common."""
    match told.fact:
        case StepFailed(plan, step):
            return (StepFailed, plan, step)
        case Blocked(step):
            return (Blocked, step)
        case _:
            return told
