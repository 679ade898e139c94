"""The life of an alarm in the store: one a cause, called again while nobody comes, over when what it asked for is."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from conversion import alarms, orders
from conversion.news import Audience, hears
from conversion.pace import Pace
from loans.alarms import Alarm, AlarmKind, AlarmShown, cause_of
from loans.classes import NodeClass, Rules
from loans.facts import (
    Actor,
    AlarmRaised,
    AlarmSolved,
    AlarmTaken,
    Blocked,
    BreakerOpened,
    CalledAgain,
    Cause,
    ExtensionDecided,
    Fact,
    Forced,
    GotStuck,
    ReturnedEarly,
    ReturnOrdered,
    SideAway,
    Told,
    Trouble,
    WhyReturn,
    Withdrawn,
)
from loans.loan import Loan, NodeState, State
from loans.nodes import NodeName
from loans.runbook import StepName
from loans.spots import Spot
from store.db import Store, Tx
from tests.store.values import HOUR, MINUTE, NOW, a_loan, a_node

PACE = Pace()
ONCALL = Actor("U0ONCALL01", "T0HPCSITE1")
RULES = Rules(oncall=frozenset({"S0ONCALL01"}), oncall_second=frozenset({"S0SECOND01"}))
CLASSES = {"gpu": NodeClass("gpu", "gpu", RULES), "cpu": NodeClass("cpu", "cpu", Rules(approvers=frozenset({"U0CPU"})))}
NO_BOOT = GotStuck(StepName.BOOT, "BMC says on; Slurm says DOWN (for 20 min), after 3 tries")
REFUSED = GotStuck(StepName.RESUME, "Slurm refuses: Invalid user id", Cause(Trouble.REFUSES, "Slurm"))


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    store = Store.open(f"sqlite:///{tmp_path / 'store.db'}")
    store.upgrade()
    with store.write() as found:
        yield found
    store.close()


def a_loan_of(tx: Tx, *nodes: str, node_class: str = "gpu") -> Loan:
    """Return a loan on its way home whose nodes are stuck."""
    loan = tx.loans.add(a_loan(node_class=node_class, state=State.STUCK))
    for node in nodes:
        tx.nodes.add(a_node(loan.id, node, state=NodeState.STUCK))
    return loan


def happens(tx: Tx, fact: Fact, loan: Loan, node: str, at: datetime = NOW) -> None:
    told = tx.facts.tell(Told(fact, at, loan_id=loan.id, node=NodeName(node)))
    raise_ = alarms.stuck if isinstance(fact, GotStuck) else alarms.blocked
    raise_(tx, told, loan, PACE)  # type: ignore[arg-type,operator] - the one that is of this fact


def waiting(alarm: Alarm) -> list[str]:
    return [member.node for member in alarm.waiting]


def spots(tx: Tx) -> set[str]:
    return {letter.to for letter in tx.outbox.due(NOW + 99 * HOUR, 999) if letter.alarm_id}


def test_nodes_with_one_cause_are_one_alarm_that_ends_with_the_last_of_them(tx: Tx) -> None:
    """Sixty are one message; it isn't over while one of them waits."""
    loan = a_loan_of(tx, *(f"gpu{number:03}" for number in range(60)))
    for number in range(60):
        happens(tx, replace(NO_BOOT), loan, f"gpu{number:03}", NOW + number * timedelta(seconds=20))
    [alarm] = tx.alarms.open()
    assert len(alarm.waiting) == 60
    assert len(tx.facts.of(loan.id, AlarmRaised)) == 1
    assert spots(tx) == {"oncall", f"thread/{loan.id}", f"requester/{loan.id}"}
    for number in range(60):
        [alarm] = tx.alarms.open()
        alarms.came_home(tx, loan, NodeName(f"gpu{number:03}"), NOW + HOUR)
    assert tx.alarms.open() == ()
    [solved] = tx.facts.of(loan.id, AlarmSolved)
    assert solved.at == NOW + HOUR


def test_another_cause_and_another_night_are_alarms_of_their_own(tx: Tx) -> None:
    """Who mends one isn't taken for who looks after the other."""
    loan = a_loan_of(tx, "gpu001", "gpu002", "gpu003")
    happens(tx, NO_BOOT, loan, "gpu001")
    happens(tx, GotStuck(StepName.VERIFY, "Slurm sees too few of gpu"), loan, "gpu002")
    happens(tx, NO_BOOT, loan, "gpu003", NOW + 2 * HOUR)
    assert [waiting(alarm) for alarm in tx.alarms.open()] == [["gpu001"], ["gpu002"], ["gpu003"]]


def test_a_side_that_refuses_is_one_alarm_for_every_step_and_class(tx: Tx) -> None:
    """Slurm that refuses is one trouble, whichever nodes meet it; both classes' on-call hear of it."""
    gpu, cpu = a_loan_of(tx, "gpu001"), a_loan_of(tx, "cpu001", node_class="cpu")
    happens(tx, REFUSED, gpu, "gpu001")
    happens(tx, replace(REFUSED, step=StepName.BOOT), cpu, "cpu001")
    [alarm] = tx.alarms.open()
    assert waiting(alarm) == ["gpu001", "cpu001"]
    assert alarms.whom(alarm, CLASSES) == {"S0ONCALL01", "U0CPU"}


def test_nobody_comes_and_people_are_called_three_times_and_then_no_more(tx: Tx) -> None:
    """The last call goes to the second group, too; every retry ends."""
    loan = a_loan_of(tx, "gpu001")
    happens(tx, NO_BOOT, loan, "gpu001")
    called = []
    for minute in range(0, 300, 5):
        alarms.call_due(tx, CLASSES, PACE, NOW + minute * MINUTE)
    called = [(told.at - NOW, told.fact.to) for told in tx.facts.of(loan.id, CalledAgain)]  # type: ignore[attr-defined]
    both = ("S0ONCALL01", "S0SECOND01")
    assert called == [(15 * MINUTE, both[:1]), (30 * MINUTE, both[:1]), (60 * MINUTE, both)]
    assert {"call/1", "call/2", "call/3"} <= spots(tx)


def test_a_clock_that_was_set_forward_calls_once(tx: Tx) -> None:
    """Whoever restarts lendbot in the morning isn't called three times in a second."""
    loan = a_loan_of(tx, "gpu001")
    happens(tx, NO_BOOT, loan, "gpu001")
    assert [alarms.call_due(tx, CLASSES, PACE, NOW + 9 * HOUR) for _ in range(3)] == [1, 0, 0]


def test_whoever_takes_it_stops_the_calls_and_keeps_it(tx: Tx) -> None:
    """It's known who looks, and of which team they are; who comes second doesn't take it over."""
    loan = a_loan_of(tx, "gpu001")
    happens(tx, NO_BOOT, loan, "gpu001")
    [alarm] = tx.alarms.open()
    taken = alarms.take(tx, alarm, ONCALL, NOW + MINUTE)
    alarms.take(tx, taken, Actor("U0SECOND01"), NOW + 2 * MINUTE)
    [told] = tx.facts.of(loan.id, AlarmTaken)
    assert (told.who, tx.alarms.open()[0].taken) == (ONCALL, ONCALL)
    assert alarms.call_due(tx, CLASSES, PACE, NOW + 9 * HOUR) == 0


def test_who_tries_again_is_named_when_it_is_home_and_called_when_it_is_not(tx: Tx) -> None:
    """Try again takes the alarm. A node that gets stuck again calls people anew: they think it is mended."""
    loan = a_loan_of(tx, "gpu001", "gpu002")
    for node in ("gpu001", "gpu002"):
        happens(tx, NO_BOOT, loan, node)
    orders.give_back_nodes(tx, tx.loans.get(loan.id), [NodeName("gpu001"), NodeName("gpu002")], NOW, by=ONCALL)
    [alarm] = tx.alarms.open()
    assert (alarm.taken, alarm.acted, alarm.act) == (ONCALL, ONCALL, "Try again")
    for node in ("gpu001", "gpu002"):
        happens(tx, NO_BOOT, loan, node, NOW + HOUR)
    [alarm] = tx.alarms.open()
    assert (alarm.taken, alarm.posts) == (None, 1), "one call for both"
    assert alarm.call_at == NOW + HOUR + 15 * MINUTE
    alarms.came_home(tx, loan, NodeName("gpu001"), NOW + 2 * HOUR)
    alarms.came_home(tx, loan, NodeName("gpu002"), NOW + 2 * HOUR)
    [solved] = tx.facts.of(loan.id, AlarmSolved)
    assert solved.who == ONCALL


def test_a_node_that_meets_another_trouble_leaves_the_alarm_of_the_first(tx: Tx) -> None:
    """Each node is told of once, where its trouble is now."""
    loan = a_loan_of(tx, "gpu001")
    happens(tx, Blocked(StepName.EVICT, "pod `a/b` stays"), loan, "gpu001")
    happens(tx, NO_BOOT, loan, "gpu001")
    happens(tx, GotStuck(StepName.VERIFY, "Slurm sees too few of gpu"), loan, "gpu001")
    [alarm] = tx.alarms.open()
    assert (alarm.kind, alarm.step) == (AlarmKind.STUCK, StepName.VERIFY)


def test_blocked_nodes_of_a_loan_are_one_question_that_ends_when_they_go_on(tx: Tx) -> None:
    """A node that gets past its step needs no decision any more."""
    loan = a_loan_of(tx, "gpu001", "gpu002")
    for node in ("gpu001", "gpu002"):
        happens(tx, Blocked(StepName.EVICT, "pod `a/b` stays"), loan, node)
    [alarm] = tx.alarms.open()
    assert waiting(alarm) == ["gpu001", "gpu002"]
    alarms.went_on(tx, loan, NodeName("gpu001"), NOW)
    alarms.went_on(tx, loan, NodeName("gpu002"), NOW)
    assert tx.alarms.open() == ()


def test_a_side_counts_who_waits_and_is_over_once(tx: Tx) -> None:
    """The message says how many wait now; a side that is away twice is told of twice."""
    loan = a_loan_of(tx, "gpu001")
    told = tx.facts.tell(Told(SideAway("Slurm", NOW - 3 * MINUTE, "connection refused", 1, (loan.id,)), NOW))
    alarms.side_away(tx, told, PACE)
    alarms.side_away(tx, told, PACE)
    alarms.side_counts(tx, "Slurm", 60, (loan.id,), NOW)
    [alarm] = tx.alarms.open()
    assert (alarm.count, alarm.loans) == (60, (loan.id,))
    assert alarms.over(tx, "side:Slurm", NOW + HOUR)
    assert not alarms.over(tx, "side:Slurm", NOW + HOUR)
    alarms.side_away(tx, told, PACE)
    assert len(tx.alarms.open(AlarmKind.SIDE)) == 1


def test_whoever_decides_on_a_class_that_fails_is_named(tx: Tx) -> None:
    """The message is over with the decision, and says whose it was."""
    fact = BreakerOpened("gpu", StepName.PUPPET, "Puppet failed with 6", (NodeName("gpu001"),), 1)
    alarms.breaker_opened(tx, tx.facts.tell(Told(fact, NOW)), PACE)
    assert alarms.over(tx, "breaker:gpu", NOW, "Go on", ONCALL)
    [solved] = [told for told in tx.facts.recent(9) if isinstance(told.fact, AlarmSolved)]
    assert solved.who == ONCALL


def test_a_class_without_oncall_calls_its_operators_and_else_its_approvers() -> None:
    """Somebody is always called."""
    assert Rules(operators=frozenset({"U1"}), approvers=frozenset({"U2"})).called == {"U1"}
    assert Rules(approvers=frozenset({"U2"})).called == {"U2"}


def test_a_bug_of_ours_is_one_cause_whatever_its_number_in_the_log() -> None:
    """Sixty nodes that meet one bug are one message."""
    why = "lendbot itself failed here; its log knows why under {}"
    causes = {cause_of(NodeName("gpu001"), GotStuck(None, why.format(each))) for each in ("0a1b2c3d", "ffffffff")}
    assert len(causes) == 1


@pytest.mark.parametrize("text", ["", "1 abcd", "1 abcd x", "x abcd 12", "1 ABCD 12", "1 abcd 12 more"])
def test_what_no_button_of_ours_carries_is_refused(text: str) -> None:
    """A forged press names no alarm."""
    with pytest.raises(ValueError, match="not what an alarm's button carries"):
        AlarmShown.parse(text)


@pytest.mark.parametrize("text", ["oncall", "call/2", "thread/12", "requester/12", "person/U0ONCALL01/call/2"])
def test_a_spot_reads_back_as_it_was_written(text: str) -> None:
    """A message is found again where it was put."""
    assert Spot.parse(text).text == text


def test_a_restart_forgets_nobody(tmp_path: Path) -> None:
    """The next call comes when it was due, whichever process is alive by then."""
    address = f"sqlite:///{tmp_path / 'store.db'}"
    before, after = Store.open(address), Store.open(address)
    before.upgrade()
    with before.write() as tx:
        happens(tx, NO_BOOT, a_loan_of(tx, "gpu001"), "gpu001")
    before.close()
    with after.write() as tx:
        assert alarms.call_due(tx, CLASSES, PACE, NOW + 14 * MINUTE) == 0
        assert alarms.call_due(tx, CLASSES, PACE, NOW + 15 * MINUTE) == 1
    after.close()


def test_the_requester_hears_at_once_what_others_do_with_their_loan() -> None:
    """A cancel, a recall, a forced removal and a granted extension are no surprise; their own doing is no news."""
    loan, both = a_loan(requester="U0ASKER"), (Audience.REQUESTER, Audience.THREAD)
    told = (
        Withdrawn(), Forced("pod `a/b`"), ReturnOrdered(WhyReturn.RECALLED), ReturnOrdered(WhyReturn.ASKED),
        ReturnedEarly((NodeName("gpu001"),)), ExtensionDecided(NOW, granted=True),
    )  # fmt: skip
    assert {hears(fact, Actor("U0APPROVER"), loan) for fact in told} == {both}
    assert hears(Withdrawn(), Actor("U0ASKER"), loan) == (Audience.THREAD,)
    assert hears(ReturnOrdered(WhyReturn.AGAIN), Actor("U0ASKER"), loan) == ()
