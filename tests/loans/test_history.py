"""The history of a loan: nothing that happened is in none of its lists, and each node's part is one line."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from loans import facts as f
from loans.facts import LENDBOT, Actor, Fact, Told
from loans.nodes import NodeName
from loans.readers.history import Milestone, Story, of_node, story
from loans.runbook import PlanName, StepName

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
NODE = NodeName("gpu003")
WAY_OUT, WAY_HOME = (PlanName.LEND, StepName.PUPPET), (PlanName.RETURN, StepName.BOOT)


def told(
    fact: Fact, after_s: int = 0, node: str | None = NODE, by: Actor = LENDBOT, loan: int | None = 12
) -> Told[Fact]:
    return Told(fact, NOW + timedelta(seconds=after_s), by, loan, NodeName(node) if node else None, after_s + 1)


WAY = (
    told(f.StepStarted(PlanName.TAKE, StepName.RESERVE, wave=1), node=None),
    told(f.StepFailed(PlanName.TAKE, StepName.RESERVE, wave=1, said="busy"), 5, node=None),
    told(f.Taken(wave=1), 20),
    told(f.StepStarted(*WAY_OUT), 21),
    told(f.StepFailed(*WAY_OUT, said="exit 4"), 60),
    told(f.StepStarted(*WAY_OUT), 61),
    told(f.StepDid(*WAY_OUT), 100),
    told(f.StepFinished(*WAY_OUT), 101),
    told(f.NodeArrived(), 270),
    told(f.StepStarted(*WAY_HOME), 1000),
    told(f.StepFailed(*WAY_HOME, said="no answer"), 1100),
    told(f.StepFailed(*WAY_HOME, said="no answer yet"), 1200),
    told(f.NodeHome(), 1362),
)


def milestones(found: Story, name: str = NODE) -> list[tuple[type[Fact], int | None, int]]:
    part = found.part(name)
    assert part is not None
    return [(type(m.told.fact), int(m.after.total_seconds()) if m.after else None, m.times) for m in part.milestones]


def test_a_nodes_way_is_folded_with_its_lengths_and_its_failed_tries() -> None:
    """gpu003: Puppet failed once; lent in 4:10; boot failed twice; home in 6:02."""
    assert milestones(story(WAY)) == [
        (f.StepFailed, None, 1),
        (f.NodeArrived, 250, 1),
        (f.StepFailed, None, 2),
        (f.NodeHome, 362, 1),
    ]


def test_a_wave_of_taking_is_a_part_of_its_own() -> None:
    """What lendbot tried for all of them together belongs to no node."""
    found = story(WAY)
    assert milestones(found, "wave:1") == [(f.StepFailed, None, 1)]
    wave = found.part("wave:1")
    assert wave is not None
    assert wave.taken == (1, timedelta(seconds=20))


def test_tries_that_failed_in_different_plans_are_not_added_up() -> None:
    """A step of the way out is not the same as its namesake on the way home."""
    tries = (
        told(f.StepFailed(PlanName.LEND, StepName.HEALTH)),
        told(f.StepFailed(PlanName.RETURN, StepName.HEALTH), 1),
    )
    assert [times for _, _, times in milestones(story(tries))] == [1, 1]


def test_a_nodes_history_has_a_part_for_each_loan() -> None:
    """The same node fails on each loan: that is seen at one glance."""
    again = tuple(Told(t.fact, t.at, t.who, 13, t.node, t.id + 5000) for t in WAY if t.node)
    parts = of_node((*WAY[2:], *again)).parts
    assert [part.loan_id for part in parts] == [12, 13]
    assert all(isinstance(part.milestones[1], Milestone) for part in parts)


PEOPLE = st.sampled_from((LENDBOT, Actor("U0REQUEST1"), Actor("cli:root")))
FACTS = st.sampled_from((
    f.Requested("gpu", 1, NOW), f.Decided(approved=True), f.Withdrawn(), f.Lapsed(f.WhyLapsed.NOBODY_DECIDED),
    f.ExtensionAsked(NOW), f.ExtensionDecided(NOW, granted=True), f.ExtensionLapsed(NOW, f.WhyLapsed.NOBODY_DECIDED),
    f.Forced("a pod"), f.WaitGranted(NOW), f.NodeSentHome(), f.ReturnOrdered(f.WhyReturn.ASKED), f.Began(), f.Home(),
    f.NodeArrived(), f.NodeBroke(None, "why"), f.GotStuck(None, "why"), f.Mismatch(f.Wrong.OPEN, "what"),
    f.StepFailed(*WAY_OUT), f.StepDid(*WAY_OUT), f.StepDid(PlanName.TAKE, StepName.DOWN, wave=1),
    f.WaveFailed(1, None, ""),
))  # fmt: skip


@given(st.lists(st.builds(told, FACTS, st.integers(0, 99), st.sampled_from((NODE, None)), PEOPLE), max_size=20))
def test_nothing_that_a_person_reads_is_in_none_of_the_lists_and_no_decision_is_without_its_name(
    happened: list[Told[Fact]],
) -> None:
    """Whatever happened, and whoever did it, is found by whoever looks."""
    found = story(happened)
    shown = [*found.people, *found.course, *(step for part in found.parts for step in part.steps)]
    read = [
        each
        for each in happened
        if not (isinstance(each.fact, f.StepFact) and each.node is None and not each.fact.wave)
    ]
    assert all(each in shown for each in read)
    by_people = [each for each in happened if each.who != LENDBOT and not isinstance(each.fact, f.StepFact)]
    assert all(each in found.people for each in by_people)
