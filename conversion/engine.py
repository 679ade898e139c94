"""Runs a plan for one subject: resume from the journal, retry, rewind, wait without a thread, and fail with a sentence.

It knows neither nodes nor databases: a Subject hands it fresh work and writes its journal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, Protocol, TypeVar

import structlog

from conversion.fence import NotNow
from conversion.pace import Pace
from conversion.ports import (
    Away,
    Denied,
    Distrusted,
    Elsewhere,
    FarSideError,
    UnexpectedAnswer,
    Unidentified,
    Unreachable,
)
from conversion.skips import not_so
from conversion.steps import Ask, Done, Held, NodeWork, NotYet, Plan, Seen, Step, TakeWork, TryIsOver, look_every_of
from loans.facts import Cause, StepDid, StepFact, StepFailed, StepFinished, StepStarted, Told, Trouble, Wrong
from loans.lengths import exact
from loans.runbook import StepName

log = structlog.get_logger()

RUBBISH_TRIES: Final = 6
"""How often a far side may answer what we cannot read before a step fails: with pauses that double from 5 s, a daemon
has over two minutes to come to itself."""

_ASKED_WHILE_REFUSED: Final = 10
"""How often a side is asked again within the time in which a refusal may pass."""

W_co = TypeVar("W_co", NodeWork, TakeWork, covariant=True)
W = TypeVar("W", NodeWork, TakeWork)


class Subject(Protocol[W_co]):
    """What a plan is run for."""

    @property
    def pace(self) -> Pace:
        """Return how patient to be."""

    def now(self) -> datetime:
        """Return the time."""

    def waited(self) -> timedelta:
        """Return how long the present try has been waited for, by a clock that nobody sets."""

    def pause(self) -> None:
        """Let the time since it was last waited for, and until the next look, not count."""

    def refused(self) -> timedelta:
        """Return for how long far sides have refused this subject, and nothing else has come of a look in between."""

    def not_refused(self) -> None:
        """Hear that a look went well, or that nobody answered it."""

    def work(self) -> W_co:
        """Return what a check may ask, as of now."""

    def acting(self, asks: Sequence[Ask] = ()) -> W_co:
        """Return what a step may change, as of now, once the asks are answered; what may not be done raises NotNow."""

    def journal(self) -> Sequence[Told[StepFact]]:
        """Return the journal of this plan's run so far, oldest first."""

    def write(self, kind: type[StepFact], step: StepName, said: str = "") -> None:
        """Write a journal line, durably; with StepStarted the waiting begins anew.

        raises   Overtaken when this run is no longer the one that is wanted
        """

    def tell_wrong(self, about: Wrong, what: str) -> None:
        """Tell people of something that should not be, and has been put right."""


@dataclass(frozen=True)
class Finished:
    """Every step is done."""


@dataclass(frozen=True)
class Waiting:
    """Nothing to do before look_at. paused: a far side is away, and no patience is spent."""

    step: StepName
    why: str
    look_at: datetime
    blocked: bool = False
    paused: bool = False


@dataclass(frozen=True)
class Failed:
    """The plan is over without success. step: None when it was none of ours that failed; cause: when it is a side's."""

    step: StepName | None
    why: str
    cause: Cause | None = None


Outcome = Finished | Waiting | Failed


@dataclass(frozen=True)
class Progress:
    """Where a run stands, read off its journal.

    began    when the step's present try began; None when it has not
    did      whether its change was made in this try
    failed   how many tries of this step are over, by step name
    """

    index: int = 0
    began: datetime | None = None
    did: bool = False
    failed: tuple[StepName, ...] = ()

    def tries_of(self, step: StepName) -> int:
        """Return how many tries of a step have failed."""
        return self.failed.count(step)


def progress(plan: Plan[W], journal: Sequence[Told[StepFact]], begin_at: StepName | None = None) -> Progress:
    """Read off a journal where a run stands. begin_at: the step that a person said to begin at."""
    names = [step.name for step in plan]
    at: Progress = Progress(index=names.index(begin_at) if begin_at in names else 0)
    for told in journal:
        step = told.fact.step
        if step not in names:
            continue
        index = names.index(step)
        match told.fact:
            case StepStarted():
                at = Progress(index, told.at, did=False, failed=at.failed)
            case StepDid():
                at = Progress(index, at.began or told.at, did=True, failed=at.failed)
            case StepFinished():
                at = Progress(index + 1, failed=at.failed)
            case StepFailed():
                back = plan[index].rewind_to
                at = Progress(names.index(back) if back else index, failed=(*at.failed, step))
    return at


def run(plan: Plan[W], subject: Subject[W], begin_at: StepName | None = None) -> Outcome:
    """Do all that can be done now, and say what comes next.

    Safe to call again at any time, in any process: the journal and the far sides say where it stands.
    """
    if begin_at is not None and not subject.journal():
        refused = _refused(plan, subject, begin_at)
        if refused is not None:
            return refused
    while True:
        at = progress(plan, subject.journal(), begin_at)
        if at.index == len(plan):
            return Finished()
        outcome = _Look(plan[at.index], subject, at).take()
        if outcome is not None:
            return outcome


def _refused(plan: Plan[W], subject: Subject[W], begin_at: StepName) -> Outcome | None:
    """Ask what a person had skipped; it was so when they said it, and may not be any more."""
    try:
        found = not_so(plan, subject.work(), begin_at)
    except Unreachable as e:
        subject.pause()
        return Waiting(begin_at, e.plainly, subject.now() + subject.pace.look_every, paused=isinstance(e, Away))
    except FarSideError as e:
        return Failed(begin_at, f"it cannot begin there: {e.side} says {e.said}")
    if not found:
        return None
    return Failed(begin_at, f"it cannot begin there: {'; '.join(f'{each.step}: {each.why}' for each in found)}")


class _Look(Generic[W]):
    """One look at one step: None when the run can go on at once."""

    def __init__(self, step: Step[W], subject: Subject[W], at: Progress) -> None:
        self.step: Step[W] = step
        self.subject: Subject[W] = subject
        self.at = at

    def take(self) -> Outcome | None:
        try:
            seen = self._see_in_time()
            self.subject.not_refused()
        except FarSideError as e:
            return self._of_far_side(e)
        except Held as e:
            return self._hold(str(e))
        except TryIsOver as e:
            return self._try_is_over(str(e), tries=self.step.tries)
        if isinstance(seen, NotYet):
            return self._wait(seen)
        self.subject.write(StepFinished, self.step.name, seen.detail)
        return None

    def _of_far_side(self, error: FarSideError) -> Outcome:
        """Say whose turn it is: nobody's while a whole side is away, and a person's when it says no for long."""
        match error:
            case Unreachable():
                self.subject.not_refused()  # silence is no refusal: an outage between two of them is not time refused
                if isinstance(error, Away):
                    return self._pause(error.plainly)
                return self._wait(NotYet(error.plainly), Cause(Trouble.SILENT, error.whole))
            case UnexpectedAnswer():
                return self._not_understood(error)
            case Unidentified():
                return self._passing(error) or self._hold(f"{error.side}: {error.said}")
            case Elsewhere():
                return self._hold(f"{error.side}: {error.said}")
            case Denied():
                return self._passing(error) or self._refuses(error)
            case _:
                raise error

    def _refuses(self, error: Denied) -> Outcome:
        trouble = Trouble.DISTRUSTED if isinstance(error, Distrusted) else Trouble.REFUSES
        return self._try_is_over(f"{error.side} refuses: {error.said}", 1, Cause(trouble, error.whole))

    def _not_understood(self, error: UnexpectedAnswer) -> Outcome:
        why = f"{error.side} answered what lendbot does not understand: {error.said}"
        cause = Cause(Trouble.UNCLEAR, error.whole)
        if self.step.do is not None:
            return self._try_is_over(why, max(self.step.tries, RUBBISH_TRIES), cause)
        # A step that only waits changes nothing by waiting on; a new try could cost a power cycle.
        return self._wait(NotYet(why), cause)

    def _see_in_time(self) -> Seen:
        seen = self._see()
        if isinstance(seen, NotYet) and self.step.late is not None and self._is_late():
            return self.step.late(self.subject.acting(self.step.asks))
        return seen

    def _see(self) -> Seen:
        """Ask, change, ask again. STARTED is durable before anything changes."""
        step: Step[W] = self.step
        did = self.at.did
        if self.at.began is None:
            self.subject.write(StepStarted, step.name)
        lifted = self._hold_promises()
        if lifted is not None:
            return lifted
        if step.ask_first or did:
            seen: Seen = step.done(self.subject.work())
            if isinstance(seen, Done) or step.do is None or (did and not step.repeats):
                return seen
        answer: Seen | None = self._do()
        if isinstance(answer, NotYet):
            return answer
        if not did:
            self.subject.write(StepDid, step.name)
        return answer or step.done(self.subject.work())

    def _do(self) -> Seen | None:
        if self.step.do is None:
            return None
        try:
            return self.step.do(self.subject.acting(self.step.asks))
        except NotNow as no:
            return no.seen

    def _hold_promises(self) -> NotYet | None:
        """Put back what earlier steps made and somebody lifted; the look ends with it, and the next one asks afresh.

        A side that does not answer holds nobody up here: what would harm asks again, right before it acts.
        """
        for promise in self.step.keeps:
            try:
                lifted = promise.lifted(self.subject.work())
            except (Unreachable, UnexpectedAnswer) as e:
                log.info("promise.unknown", promise=promise.says, why=str(e))
                continue
            if lifted:
                promise.restore(self.subject.acting())
                self.subject.tell_wrong(promise.about, lifted)
                return NotYet(lifted)
        return None

    def _is_late(self) -> bool:
        patience = self.subject.pace.patience_for(self.step.name)
        return not self.step.endless and self.subject.waited() > patience

    def _wait(self, seen: NotYet, cause: Cause | None = None) -> Outcome:
        """Wait on while there is patience; then the try is over. cause: the far side that is waited for, if one is."""
        if self._is_late():
            patience = self.subject.pace.patience_for(self.step.name)
            return self._try_is_over(f"{seen.why} (for {exact(patience)})", self.step.tries, cause)
        look_at = self.subject.now() + look_every_of(self.step, self.subject.pace)
        why = f"{seen.why}; {seen.then}" if seen.then else seen.why
        return Waiting(self.step.name, why, look_at, blocked=seen.blocked)

    def _pause(self, why: str, look_every: timedelta = timedelta()) -> Outcome:
        """Wait without spending patience or tries; what went before is as it was."""
        self.subject.pause()
        look_at = self.subject.now() + max(look_every, look_every_of(self.step, self.subject.pace))
        return Waiting(self.step.name, why, look_at, paused=True)

    def _passing(self, error: Denied | Unidentified) -> Outcome | None:
        """Take a refusal for one that passes, for a while. It is asked seldom: some BMCs lock an account that fails."""
        passing = self.subject.pace.passing
        if isinstance(error, Distrusted) or self.subject.refused() >= passing:
            return None
        return self._pause(f"paused: {error.side} refuses ({error.said})", passing / _ASKED_WHILE_REFUSED)

    def _hold(self, why: str) -> Outcome:
        """Stop here without spending patience: what is not so is for people to put right, and nothing is concluded."""
        self.subject.tell_wrong(Wrong.STOPPED, f"{self.step.name}: {why}")
        look_at = self.subject.now() + look_every_of(self.step, self.subject.pace)
        return Waiting(self.step.name, why, look_at, blocked=True)

    def _try_is_over(self, why: str, tries: int, cause: Cause | None = None) -> Outcome:
        self.subject.write(StepFailed, self.step.name, why)
        failed = self.at.tries_of(self.step.name) + 1
        if failed >= tries:
            after = f", after {failed} tries" if failed > 1 else ""
            return Failed(self.step.name, f"{why}{after}", cause)
        pause = self.subject.pace.look_every * 2 ** (failed - 1)
        return Waiting(self.step.name, f"{why}; trying again ({failed + 1} of {tries})", self.subject.now() + pause)
