"""status, loans, free: anybody may look, and looking changes nothing."""

from dataclasses import replace
from datetime import UTC

import pytest

from bot.views.plain import plain
from bot.views.replies import reply
from commands import grammar
from commands.look import Status
from commands.refusals import FarSideDown, NoLoan, NotLent
from commands.replies import Free, Loans, OneLoan
from conversion.news import tell
from loans import facts
from loans.loan import NodeLoan, NodeState, State
from loans.nodes import NodeName
from loans.readers.breakdown import Breakdown
from loans.runbook import PlanName, StepName
from sandbox.faults import Fault
from tests.commands.counter import APPROVER, STRANGER, Counter
from tests.conversion.rig import Rig


def test_status_shows_what_is_open_and_loans_also_what_ended(counter: Counter) -> None:
    """The first thing people ask: what is out?"""
    counter.lent("gpu001", "gpu002")
    counter.request()
    counter.say("cancel #2")
    open_now = counter.say("status", STRANGER)
    assert isinstance(open_now, Loans)
    assert [loan.id for loan in open_now.loans] == [1]
    assert open_now.arrived == {1: 2}
    every = counter.say("loans", STRANGER)
    assert isinstance(every, Loans)
    assert [loan.id for loan in every.loans] == [2, 1]


def test_status_of_one_loan_has_its_nodes(counter: Counter) -> None:
    """Which nodes, in which state."""
    counter.lent("gpu001")
    answer = counter.say("status #1", STRANGER)
    assert isinstance(answer, OneLoan)
    assert [part.node for part in answer.parts] == ["gpu001"]
    assert answer.node_class.name == "gpu"


def test_an_empty_desk_is_no_accident(counter: Counter) -> None:
    """The first day: nothing is open, and that is said."""
    assert counter.say("status").loans == ()
    assert counter.say("loans").loans == ()
    assert counter.say("history").rows == ()


@pytest.mark.parametrize("number", [0, -1, 7, 10**40])
def test_a_loan_that_is_not_there(counter: Counter, number: int) -> None:
    """The open ones are named."""
    counter.request()
    assert counter.do(Status(number)) == NoLoan(number, (1,))


def test_a_list_counts_the_nodes_that_need_a_person(counter: Counter) -> None:
    """A loan whose state reads "returning" may have been waiting for somebody since last night."""
    counter.lent("gpu001", "gpu002", "gpu003", state=State.RETURNING, node_state="returning")
    with counter.store.write() as tx:
        stuck, blocked, _ = tx.nodes.of(1)
        tx.nodes.save(replace(stuck, state=NodeState.STUCK, blocked=True))
        tx.nodes.save(replace(blocked, blocked=True))
    answer = counter.say("status")
    assert (answer.stuck, answer.blocked) == ({1: 1}, {1: 1})
    assert "1 stuck, 1 blocked" in plain(reply(answer), UTC)


def test_free_says_per_class_what_could_go_now(counter: Counter) -> None:
    """Floor kept, held nodes aside."""
    counter.lent("gpu001")
    answer = counter.say("free", STRANGER)
    assert isinstance(answer, Free)
    found = {node_class.name: choice for node_class, choice in answer.classes}
    assert (found["gpu"].free, found["gpu"].floor, found["gpu"].total) == (3, 2, 6)
    assert found["cpu"].total == 2


def test_free_says_when_slurm_does_not_answer_and_status_works_all_the_same(counter: Counter, quiet_site: Rig) -> None:
    """What we know ourselves is told without the far side."""
    quiet_site.site.call(lambda: quiet_site.site.faults.set(Fault("slurm", "refuse")))
    try:
        counter.until_slurm_is_down()
        assert isinstance(counter.say("free"), FarSideDown)
        assert isinstance(counter.say("status"), Loans)
    finally:
        quiet_site.site.call(quiet_site.site.faults.clear)
        counter.until_slurm_is_up()


def test_a_node_that_did_not_come_keeps_its_reason(counter: Counter) -> None:
    """The card says why it goes back, however far it has got on the way: its own note is about the way by then."""
    counter.lent("gpu001", node_state="unwinding")
    with counter.store.write() as tx:
        loan = tx.loans.get(1)
        broke = {"gpu001": (StepName.PUPPET, "exit 4"), "gpu002": (StepName.QUIET, "a job has sneaked in")}
        for name, (step, why) in broke.items():
            tell(tx, facts.NodeBroke(step, why), counter.now, loan=loan, node=NodeName(name))
        boot = facts.StepFailed(PlanName.RETURN, StepName.BOOT, run=2, said="no answer")
        tell(tx, boot, counter.now, loan=loan, node=NodeName("gpu001"))
        tx.nodes.add(NodeLoan(1, NodeName("gpu002"), 1, counter.now, counter.now, state=NodeState.UNWOUND))
    answer = counter.say("status #1")
    assert isinstance(answer, OneLoan)
    assert answer.broke == {name: Breakdown(*why) for name, why in broke.items()}


def test_a_loan_of_a_class_that_is_gone_can_still_be_looked_at(counter: Counter) -> None:
    """A class that is taken out of the settings takes no history with it."""
    counter.request()
    counter.say("cancel #1")
    classes = {name: of for name, of in counter.desk.classes.items() if name != "gpu"}
    desk = replace(counter.desk, classes=classes)
    answer = grammar.run(Status(1), STRANGER, desk)
    assert isinstance(answer, OneLoan)
    assert answer.node_class.name == "gpu"


def test_a_node_and_my_own_loans_are_looked_up(counter: Counter) -> None:
    """Nobody has to know a loan's number to find it."""
    loan = counter.lent("gpu001")
    found = counter.say("status gpu001")
    assert isinstance(found, OneLoan)
    assert found.loan.id == loan.id
    assert isinstance(counter.say("status gpu002"), NotLent)
    mine, theirs = counter.say("my loans"), counter.say("my loans", STRANGER)
    assert ([each.id for each in mine.loans], theirs.loans) == ([loan.id], ())


def test_approve_without_a_number_shows_what_waits_and_decides_nothing(counter: Counter) -> None:
    """Whoever types "approve" may mean a request that another has replaced: they press below what they have read."""
    loan = counter.request()
    shown = counter.say("approve", APPROVER)
    assert isinstance(shown, OneLoan)
    assert (shown.loan.id, counter.loan(loan.id).state) == (loan.id, State.REQUESTED)
    counter.request()
    several = counter.say("approve", APPROVER)
    assert isinstance(several, Loans)
    assert len(several.loans) == 2
