"""The engine on plans made by hand: what is written, what is done twice, and how each kind of trouble ends."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from conversion.engine import RUBBISH_TRIES, Failed, Finished, Outcome, Waiting, progress, run
from conversion.fence import NotNow
from conversion.pace import Pace
from conversion.permit import Overtaken
from conversion.ports import Away, Denied, Distrusted, PutOff, UnexpectedAnswer, Unreachable
from conversion.steps import Ask, Done, Held, NotYet, Promise, Step, TryIsOver
from loans.facts import Cause, StepDid, StepFact, StepFailed, StepFinished, StepStarted, Told, Trouble, Wrong
from loans.runbook import PlanName, StepName
from tests.store.values import HOUR, MINUTE, NOW

STARTED, DID, FINISHED, FAILED = StepStarted, StepDid, StepFinished, StepFailed
PACE = Pace(
    look_every=timedelta(seconds=5),
    evict_every=timedelta(seconds=20),
    patience=dict.fromkeys(["one", "two", "three"], 10 * MINUTE),
)


@dataclass
class World:
    """A far side of three switches, a journal, and a clock that the test turns. It is its own Subject."""

    on: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    lines: list[Told[StepFact]] = field(default_factory=list)
    at: datetime = NOW
    dies_after: int = 10**6
    trouble: dict[str, Exception] = field(default_factory=dict)
    news: list[str] = field(default_factory=list)
    paused: int = 0
    refused_since: datetime | None = None

    @property
    def pace(self) -> Pace:
        return PACE

    def now(self) -> datetime:
        return self.at

    def waited(self) -> timedelta:
        began = [told.at for told in self.lines if isinstance(told.fact, StepStarted)]
        return self.at - began[-1] if began else timedelta()

    def pause(self) -> None:
        self.paused += 1

    def refused(self) -> timedelta:
        self.refused_since = self.refused_since or self.at
        return self.at - self.refused_since

    def not_refused(self) -> None:
        self.refused_since = None

    def work(self) -> Any:
        return self

    def acting(self, asks: Sequence[Ask] = ()) -> Any:
        for ask in asks:
            seen = ask.check(self)  # type: ignore[arg-type] - it looks at this world
            if isinstance(seen, NotYet):
                raise NotNow(seen)
        return self

    def tell_wrong(self, about: Wrong, what: str) -> None:
        del about
        self.news.append(what)

    def journal(self) -> Sequence[Told[StepFact]]:
        return list(self.lines)

    def write(self, kind: type[StepFact], step: StepName, said: str = "") -> None:
        self.lines.append(Told(kind(PlanName.LEND, step, said=said), self.at))
        self.dies_after -= 1
        if self.dies_after == 0:
            raise Killed

    def ask(self, what: str) -> Done | NotYet:
        self.calls.append(f"{what}?")
        if f"{what}?" in self.trouble:
            raise self.trouble[f"{what}?"]
        return Done(f"{what} is on") if what in self.on else NotYet(f"{what} is off")

    def turn(self, what: str) -> None:
        self.calls.append(what)
        if what in self.trouble:
            raise self.trouble[what]
        self.on.add(what)

    def told(self) -> list[tuple[str, type[StepFact]]]:
        return [(told.fact.step, type(told.fact)) for told in self.lines]


class Killed(BaseException):
    """The process is gone: nothing catches this."""


def step(name: str, do: Callable[[World], Any] | None = None, **options: Any) -> Step[Any]:
    def switched(world: World) -> None:
        world.turn(name)

    return Step(name, lambda world: world.ask(name), do or switched, **options)


def waiting(name: str, **options: Any) -> Step[Any]:
    return Step(name, lambda world: world.ask(name), **options)


PLAN = (step("one"), step("two"), step("three"))


def run_on(world: World, plan: tuple[Step[Any], ...] = PLAN, begin_at: str = "") -> Outcome:
    return run(plan, world, begin_at)


def test_each_step_is_asked_done_asked_again_and_written() -> None:
    """The journal says of every change that it was about to be made, was made, and is so."""
    world = World()
    assert run_on(world) == Finished()
    assert world.calls == ["one?", "one", "one?", "two?", "two", "two?", "three?", "three", "three?"]
    assert world.told() == [(name, kind) for name in ("one", "two", "three") for kind in (STARTED, DID, FINISHED)]
    assert world.lines[2].fact.said == "one is on"


def test_what_is_so_already_is_not_done_again() -> None:
    """A node that somebody prepared by hand is left as it is."""
    world = World(on={"one", "two", "three"})
    assert run_on(world) == Finished()
    assert world.calls == ["one?", "two?", "three?"]


def test_a_finished_run_does_nothing() -> None:
    """Looking once more costs nothing."""
    world = World()
    run_on(world)
    world.calls.clear()
    assert run_on(world) == Finished()
    assert world.calls == []


@pytest.mark.parametrize("line", range(1, 10))
def test_a_run_that_dies_at_any_line_ends_the_same(line: int) -> None:
    """After kill -9 the same world comes about, whatever was under way."""
    world = World(dies_after=line)
    with pytest.raises(Killed):
        run_on(world)
    assert run_on(world) == Finished()
    assert world.on == {"one", "two", "three"}
    assert [at for at in world.told() if at[1] is FINISHED] == [(n, FINISHED) for n in ("one", "two", "three")]


def test_started_is_written_before_anything_changes() -> None:
    """Whatever was changed can be found in the journal, even when the process died in the middle."""
    world = World(dies_after=1)
    with pytest.raises(Killed):
        run_on(world)
    assert world.told() == [("one", STARTED)]
    assert world.calls == []


def test_a_change_that_takes_time_is_waited_for_without_doing_it_again() -> None:
    """Power off is asked for once; then it is waited for, without a thread."""
    world = World()
    plan = (step("one", lambda world: world.calls.append("one")),)
    first = run_on(world, plan)
    assert first == Waiting("one", "one is off", NOW + PACE.look_every)
    world.at += MINUTE
    run_on(world, plan)
    assert world.calls.count("one") == 1
    world.on.add("one")
    assert run_on(world, plan) == Finished()
    assert world.told() == [("one", STARTED), ("one", DID), ("one", FINISHED)]


def test_a_step_that_repeats_asks_at_every_look() -> None:
    """Each pod is asked to go until it is gone, at eviction's own pace."""
    world = World()
    plan = (step("one", lambda world: world.calls.append("one"), repeats=True),)
    assert run_on(world, plan) == Waiting("one", "one is off", NOW + PACE.evict_every)
    run_on(world, plan)
    run_on(world, plan)
    assert world.calls.count("one") == 3
    assert world.told() == [("one", STARTED), ("one", DID)]


def test_an_answer_of_the_change_itself_is_taken() -> None:
    """A pass of eviction that says "blocked" is not asked once more."""
    world = World()
    plan = (step("one", lambda _: NotYet("budget", blocked=True), repeats=True),)
    assert run_on(world, plan) == Waiting("one", "budget", NOW + PACE.evict_every, blocked=True)
    plan = (step("one", lambda _: Done("evicted")),)
    assert run_on(world, plan) == Finished()
    assert world.lines[-1].fact.said == "evicted"


def test_a_step_that_may_be_true_for_an_old_reason_is_done_at_least_once() -> None:
    """A node that is off already is still cut from power: its BMC's answer may be a minute old."""
    world = World(on={"one"})
    assert run_on(world, (step("one", ask_first=False),)) == Finished()
    assert world.calls == ["one", "one?"]


def test_a_wait_without_end_fails_when_patience_is_over() -> None:
    """A node never hangs in a step for ever, and the reason tells for how long it was waited."""
    world = World()
    assert isinstance(run_on(world, (waiting("one"),)), Waiting)
    world.at += 10 * MINUTE
    assert isinstance(run_on(world, (waiting("one"),)), Waiting)
    world.at += timedelta(seconds=1)
    assert run_on(world, (waiting("one"),)) == Failed("one", "one is off (for 10 min)")
    assert world.told()[-1] == ("one", FAILED)


def test_a_second_try_has_patience_of_its_own_and_does_the_change_again() -> None:
    """A step that was given two tries gets two whole ones."""
    world = World()
    plan = (step("one", lambda world: world.calls.append("one"), tries=2),)
    run_on(world, plan)
    world.at += 11 * MINUTE
    over = run_on(world, plan)
    assert over == Waiting("one", "one is off (for 10 min); trying again (2 of 2)", world.at + PACE.look_every)
    world.at += MINUTE
    run_on(world, plan)
    assert world.calls.count("one") == 2
    world.at += 11 * MINUTE
    assert run_on(world, plan) == Failed("one", "one is off (for 10 min), after 2 tries")


def test_an_endless_step_waits_for_people() -> None:
    """A pod that may not be evicted is never the reason to break a node off half-way."""
    world = World()
    plan = (waiting("one", endless=True),)
    run_on(world, plan)
    world.at += 1000 * HOUR
    assert isinstance(run_on(world, plan), Waiting)


def test_a_late_step_may_end_in_another_way() -> None:
    """Nodes that stay busy are left, and the others go on."""
    world = World()
    plan = (waiting("one", late=lambda _: Done("left one")), step("two"))
    run_on(world, plan)
    world.at += 11 * MINUTE
    assert run_on(world, plan) == Finished()
    assert world.lines[1] == Told(StepFinished(PlanName.LEND, "one", said="left one"), world.at)


def test_a_failed_try_begins_again_where_the_plan_says() -> None:
    """A node that does not boot goes through another power cycle, not through another wait."""
    world = World(on={"one", "two"})
    plan = (step("one", ask_first=False), step("two"), waiting("three", tries=3, rewind_to="one"))
    run_on(world, plan)
    cycles = 1
    while True:
        world.at += 11 * MINUTE
        outcome = run_on(world, plan)
        if isinstance(outcome, Failed):
            break
        world.at += 11 * MINUTE
        run_on(world, plan)
        cycles += 1
    assert world.calls.count("one") == cycles == 3
    assert outcome == Failed("three", "three is off (for 10 min), after 3 tries")


@pytest.mark.parametrize("at", ["one?", "one"])
@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (Unreachable("Slurm", "timed out"), "Slurm does not answer (timed out)"),
        (PutOff("Kubernetes", "too much to do"), "Kubernetes could not do it yet (too much to do)"),
    ],
)
def test_no_answer_is_waited_out(at: str, trouble: Unreachable, said: str) -> None:
    """An outage costs time, not a node: nothing is concluded while nobody answers."""
    world = World(trouble={at: trouble})
    assert run_on(world) == Waiting("one", said, NOW + PACE.look_every)
    world.trouble.clear()
    world.at += MINUTE
    assert run_on(world) == Finished()


def test_an_outage_longer_than_the_patience_is_a_failure_that_says_so() -> None:
    """A person reads which side was silent, and for how long."""
    world = World(trouble={"one?": Unreachable("Slurm", "timed out")})
    run_on(world)
    world.at += 11 * MINUTE
    said = "Slurm does not answer (timed out) (for 10 min)"
    assert run_on(world) == Failed("one", said, Cause(Trouble.SILENT, "Slurm"))


def test_rubbish_is_asked_about_again_with_growing_pauses_and_then_given_up() -> None:
    """A daemon that restarts has minutes to come to itself; one that speaks another language does not have for ever."""
    world = World(trouble={"one?": UnexpectedAnswer("Kubernetes", "no JSON", "<html>")})
    pauses = []
    while isinstance(outcome := run_on(world), Waiting):
        assert "Kubernetes answered what lendbot does not understand: no JSON" in outcome.why
        pauses.append((outcome.look_at - world.at).total_seconds())
        world.at = outcome.look_at
    assert pauses == [5, 10, 20, 40, 80]
    assert outcome.step == "one"
    assert outcome.why.endswith(f"after {RUBBISH_TRIES} tries")
    assert world.calls == ["one?"] * RUBBISH_TRIES


def test_a_refusal_that_passes_costs_neither_a_try_nor_patience() -> None:
    """A 401 of an API server that starts at night strands no node."""
    world = World(trouble={"one": Denied("Kubernetes", "401")})
    plan = (step("one"),)
    outcome = run_on(world, plan)
    assert isinstance(outcome, Waiting)
    assert outcome.why == "paused: Kubernetes refuses (401)"
    assert outcome.paused
    world.at += 9 * MINUTE
    assert isinstance(run_on(world, plan), Waiting)
    world.trouble.clear()
    assert run_on(world, plan) == Finished()
    assert not [told for told in world.lines if isinstance(told.fact, StepFailed)]
    world.trouble = {"two": Denied("Kubernetes", "401")}
    world.at += HOUR
    again = run_on(world, (*plan, step("two")))
    assert isinstance(again, Waiting), "each refusal has its own time"


def test_an_outage_between_two_refusals_is_no_time_refused() -> None:
    """An API server says 403 as it ends and as it starts: the quarter of an hour between them strands no node."""
    world = World(trouble={"one": Denied("Kubernetes", "403")})
    plan = (step("one"),)
    assert isinstance(run_on(world, plan), Waiting)
    world.trouble = {"one": Away("Kubernetes", "connection refused")}
    for _ in range(3):
        world.at += 4 * MINUTE
        assert isinstance(run_on(world, plan), Waiting)
    world.trouble = {"one": Denied("Kubernetes", "403")}
    assert isinstance(run_on(world, plan), Waiting)


def test_who_may_not_for_long_is_not_asked_again() -> None:
    """A wrong password is tried ten times in ten minutes, not until an account locks; then the step has failed."""
    world = World(trouble={"one": Denied("gpu001 (BMC)", "401")})
    plan = (step("one", tries=3),)
    while isinstance(outcome := run_on(world, plan), Waiting):
        world.at = outcome.look_at
    cause = Cause(Trouble.REFUSES, "gpu001 (BMC)")
    assert outcome == Failed("one", "gpu001 (BMC) refuses: 401", cause)
    assert world.at - NOW == PACE.passing
    assert world.calls.count("one") == 11


def test_what_time_does_not_mend_is_not_waited_for() -> None:
    """Nobody logs in to a machine that may be another one, not even ten minutes later."""
    world = World(trouble={"one": Distrusted("gpu001 (ssh)", "host key changed")})
    assert run_on(world, (step("one", tries=3),)) == Failed(
        "one", "gpu001 (ssh) refuses: host key changed", Cause(Trouble.DISTRUSTED, "gpu001 (ssh)")
    )


def test_a_side_that_is_away_stops_the_clock() -> None:
    """Three hours without Slurm cost no node: the step goes on where it was."""
    world = World(trouble={"one": Away("Slurm", "connection refused")})
    outcome = run_on(world, (step("one"),))
    world.at += 3 * HOUR
    assert run_on(world, (step("one"),)) == Waiting(
        "one", "paused: Slurm does not answer (connection refused)", world.at + PACE.look_every, paused=True
    )
    assert isinstance(outcome, Waiting)
    assert world.paused == 2


def test_a_step_that_fails_is_tried_as_often_as_the_plan_says() -> None:
    """Puppet gets its second run, and no third."""
    world = World(trouble={"one": TryIsOver("Puppet ended with 4")})
    plan = (step("one", tries=2),)
    again = run_on(world, plan)
    assert again == Waiting("one", "Puppet ended with 4; trying again (2 of 2)", NOW + PACE.look_every)
    assert run_on(world, plan) == Failed("one", "Puppet ended with 4, after 2 tries")


def test_tries_of_one_step_do_not_count_for_another() -> None:
    """Bad luck at the start takes no try from the end."""
    world = World(trouble={"one": TryIsOver("no")})
    plan = (step("one", tries=2), step("two", tries=2))
    run_on(world, plan)
    world.trouble = {"two": TryIsOver("no")}
    assert isinstance(run_on(world, plan), Waiting)


def test_a_person_may_say_where_to_begin() -> None:
    """On-call who mended a node by hand goes on from there."""
    world = World(on={"one", "two"})
    assert run_on(world, begin_at="three") == Finished()
    assert world.calls == ["one?", "two?", "three?", "three", "three?"]
    assert progress(PLAN, [], begin_at="no such step").index == 0


def test_what_a_person_had_skipped_has_to_be_so() -> None:
    """A word said at night does not make it true: what is not so is named, and nothing is done."""
    world = World(on={"one"})
    assert run_on(world, begin_at="three") == Failed("three", "it cannot begin there: two: two is off")
    assert world.told() == []
    assert world.on == {"one"}


def test_what_nobody_can_tell_of_a_step_that_was_skipped_is_a_sentence_too() -> None:
    """Somebody deleted the Node: on-call who begins later reads that its power stays on, and no traceback."""
    world = World(on={"one"}, trouble={"two?": Held("gpu003 was in Kubernetes, and is not")})
    refused = Failed("three", "it cannot begin there: two: gpu003 was in Kubernetes, and is not")
    assert run_on(world, begin_at="three") == refused


def test_what_a_later_step_has_ended_is_not_asked_of_who_begins_after_that() -> None:
    """The power is off only until somebody switches it on: a node that is up again may be verified."""
    plan = (step("one", stands_until="two"), step("two"), step("three"))
    assert run_on(World(on={"two"}), plan, begin_at="three") == Finished()
    refused = run_on(World(), plan, begin_at="two")
    assert refused == Failed("two", "it cannot begin there: one: one is off")


def test_a_side_that_is_away_is_waited_for_before_a_run_begins_in_its_middle() -> None:
    """Silence is no yes."""
    world = World(on={"one", "two"}, trouble={"two?": Unreachable("Kubernetes", "refused")})
    waits = run_on(world, begin_at="three")
    assert waits == Waiting("three", "Kubernetes does not answer (refused)", NOW + PACE.look_every)
    assert world.told() == []


def test_what_must_be_so_is_asked_before_the_act_and_a_no_waits() -> None:
    """A job that came in between is neither ended nor waited for without a word."""
    no = Ask("no job is there", lambda _: NotYet("job 7 is RUNNING", blocked=True))
    world = World()
    waits = run_on(world, (step("one", asks=(no,)),))
    assert waits == Waiting("one", "job 7 is RUNNING", NOW + PACE.look_every, blocked=True)
    assert world.on == set()


def test_a_promise_that_was_lifted_is_put_back_first_and_told() -> None:
    """The next look finds the world as it should be, and people know who had to be helped."""
    promise = Promise[Any](
        "DRAIN", Wrong.SCHEDULABLE, lambda w: "" if "drain" in w.on else "lifted", lambda w: w.turn("drain")
    )
    world = World()
    plan = (step("one", keeps=(promise,)),)
    assert run_on(world, plan) == Waiting("one", "lifted", NOW + PACE.look_every)
    assert (world.on, world.news) == ({"drain"}, ["lifted"])
    assert run_on(world, plan) == Finished()
    assert world.news == ["lifted"]


def test_a_promise_of_a_side_that_is_away_holds_nobody_up() -> None:
    """What would harm asks that side again by itself."""

    def away(_: Any) -> str:
        raise Unreachable("Slurm", "refused")

    promise = Promise[Any]("DRAIN", Wrong.SCHEDULABLE, away, lambda w: w.turn("drain"))
    assert run_on(World(), (step("one", keeps=(promise,)),)) == Finished()


def test_a_line_of_a_step_that_a_new_version_no_longer_has_is_passed_by() -> None:
    """An upgrade in the middle of a loan does not lose the loan."""
    world = World()
    world.write(STARTED, "gone")
    world.write(FINISHED, "one")
    assert progress(PLAN, world.journal()).index == 1
    assert run_on(world) == Finished()


def test_who_is_overtaken_stops_at_once() -> None:
    """A node that was given back meanwhile is not converted further."""

    class Other(World):
        def write(self, kind: type[StepFact], step: StepName, said: str = "") -> None:
            if kind is DID:
                raise Overtaken
            super().write(kind, step, said)

    world = Other()
    with pytest.raises(Overtaken):
        run_on(world)
    assert world.calls == ["one?", "one"]


def test_a_bug_of_ours_is_no_outcome() -> None:
    """What nobody foresaw goes to the log with its trace; the journal does not call it a failed step."""
    world = World(trouble={"one": RuntimeError("bug")})
    with pytest.raises(RuntimeError, match="bug"):
        run_on(world)
    assert world.told() == [("one", STARTED)]
