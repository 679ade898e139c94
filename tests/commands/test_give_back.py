"""give back and cancel: a loan, or some of its nodes, before the deadline."""

from typing import Any

import pytest

from commands.give_back import GiveBack
from commands.refusals import Forbidden, NoLoan, NotFrom, NotLent, UnknownNodes
from commands.replies import GoingHome, Withdrawn
from loans.facts import WhyReturn
from loans.loan import NodeState, State
from loans.runbook import StepName
from tests.commands.counter import APPROVER, CLI, ONCALL, REQUESTER, STRANGER, Counter


@pytest.mark.parametrize(
    ("who", "why"),
    [
        (REQUESTER, WhyReturn.ASKED),
        (APPROVER, WhyReturn.RECALLED),
        (ONCALL, WhyReturn.RECALLED),
        (CLI, WhyReturn.RECALLED),
    ],
    ids=["requester", "approver", "on-call", "command line"],
)
def test_those_concerned_send_the_whole_loan_home(counter: Counter, who: Any, why: WhyReturn) -> None:
    """The nodes are on their way at the next tick, and the asker hears who said so."""
    counter.lent("gpu001", "gpu002")
    answer = counter.say("give back #1", who)
    assert isinstance(answer, GoingHome)
    assert answer.nodes == ("gpu001", "gpu002")
    assert (counter.loan().state, counter.loan().return_why) == (State.RETURNING, why)
    assert {part.state for part in counter.parts().values()} == {NodeState.RETURNING}
    assert counter.loan().returned_by == who.person.id


def test_a_stranger_sends_nothing_home(counter: Counter) -> None:
    """Nobody ends another's workshop."""
    counter.lent("gpu001")
    assert isinstance(counter.say("give back #1", STRANGER), Forbidden)
    assert isinstance(counter.say("give back gpu001", STRANGER), Forbidden)
    assert counter.parts()["gpu001"].state is NodeState.LENT


@pytest.mark.parametrize("said", ["give back gpu002 from #1", "give back gpu002", "RETURN gpu002 of Loan 1"])
def test_one_node_goes_home_and_the_others_stay(counter: Counter, said: str) -> None:
    """A broken node is sent home without ending the workshop."""
    counter.lent("gpu001", "gpu002")
    answer = counter.say(said)
    assert isinstance(answer, GoingHome)
    assert answer.nodes == ("gpu002",)
    assert [part.state for part in counter.parts().values()] == [NodeState.LENT, NodeState.RETURNING]
    assert counter.loan().state is State.LENT


@pytest.mark.parametrize("said", ["give back GPU002", "give back Gpu[002] from #1", "give back GPU002 from #1"])
def test_a_node_is_meant_whatever_its_capitals(counter: Counter, said: str) -> None:
    """Phones write the first letter large, and there is one node that can be meant."""
    counter.lent("gpu001", "gpu002")
    answer = counter.say(said)
    assert isinstance(answer, GoingHome)
    assert answer.nodes == ("gpu002",)


def test_capitals_tell_nodes_apart_where_a_site_does(counter: Counter) -> None:
    """Where two names differ in capitals alone, only what is written exactly is meant."""
    counter.lent("gpu001", "GPU001")
    assert isinstance(counter.say("give back Gpu001 from #1"), UnknownNodes)
    answer = counter.say("give back GPU001 from #1")
    assert isinstance(answer, GoingHome)
    assert answer.nodes == ("GPU001",)


@pytest.mark.parametrize("said", ["gpu[001-003]", "gpu[001,003],gpu002", "gpu001, gpu002, gpu003"])
def test_a_hostlist_means_its_nodes(counter: Counter, said: str) -> None:
    """Lists are written as Slurm writes them, and as lendbot's own cards do."""
    counter.lent("gpu001", "gpu002", "gpu003", "gpu004")
    answer = counter.say(f"give back {said} from #1")
    assert isinstance(answer, GoingHome)
    assert set(answer.nodes) == {"gpu001", "gpu002", "gpu003"}
    assert counter.parts()["gpu004"].state is NodeState.LENT


def test_a_node_that_is_not_in_the_loan_stops_all_of_it(counter: Counter) -> None:
    """A typo in a list sends none of the others home by accident; what the loan has is named."""
    counter.lent("gpu001", "gpu002")
    assert counter.say("give back gpu[002-003] from #1") == UnknownNodes(1, ("gpu003",), ("gpu001", "gpu002"))
    assert counter.parts()["gpu002"].state is NodeState.LENT


def test_a_node_of_no_loan_is_said_to_be(counter: Counter) -> None:
    """Whoever mistyped sees what was read."""
    assert counter.say("give back gpu006") == NotLent(("gpu006",))
    assert counter.say("give back gpu[005-006]") == NotLent(("gpu005", "gpu006"))


@pytest.mark.parametrize(
    "said", ["gpu[0-99999999]", "gpu[0-9999][0-9999]", "gpu[0-9999],cpu[0-9999]", "all", "gpu[3-1]", "gpu[1,,2]"]
)
def test_a_hostlist_that_cannot_be_is_answered_at_once(counter: Counter, said: str) -> None:
    """A million nodes, or none: no memory is spent on making their names."""
    counter.lent("gpu001")
    assert isinstance(counter.do(GiveBack(1, said)), UnknownNodes)
    assert isinstance(counter.do(GiveBack(None, said)), NotLent)


def test_twice_is_once(counter: Counter) -> None:
    """An impatient second word does not begin the way home anew."""
    counter.lent("gpu001")
    counter.say("give back #1")
    run = counter.parts()["gpu001"].run
    assert counter.say("give back #1") == NotFrom(counter.loan(), "give back")
    assert counter.say("give back gpu001 from #1") == NotFrom(counter.loan(), "give back")
    assert counter.parts()["gpu001"].run == run


def test_a_stuck_node_is_tried_again_from_a_step(counter: Counter) -> None:
    """On-call goes on from where they mended it."""
    counter.lent("gpu001", "gpu002", state=State.STUCK, node_state="stuck")
    answer = counter.do(GiveBack(None, "gpu001", StepName.VERIFY), CLI)
    assert isinstance(answer, GoingHome)
    parts = counter.parts()
    assert (parts["gpu001"].state, parts["gpu001"].begin_at_step) == (NodeState.RETURNING, StepName.VERIFY)
    assert parts["gpu002"].state is NodeState.STUCK
    assert counter.loan().state is State.RETURNING


def test_what_has_not_begun_is_cancelled_instead(counter: Counter) -> None:
    """give back says so, and cancel does it."""
    loan = counter.request()
    assert counter.say("give back #1") == NotFrom(loan, "give back")
    assert isinstance(counter.say("cancel #1"), Withdrawn)
    assert counter.loan().state is State.WITHDRAWN
    assert counter.say("cancel #1") == NotFrom(counter.loan(), "cancel")


def test_a_stranger_cancels_nothing(counter: Counter) -> None:
    """A request is its asker's, and the approvers'."""
    counter.request()
    assert isinstance(counter.say("cancel #1", STRANGER), Forbidden)
    assert isinstance(counter.say("cancel #1", APPROVER), Withdrawn)


def test_what_has_begun_is_not_cancelled(counter: Counter) -> None:
    """Nodes that moved have to be given back."""
    loan = counter.lent("gpu001")
    assert counter.say("cancel #1") == NotFrom(loan, "cancel")


@pytest.mark.parametrize("number", [0, 9, 999_999_999])
def test_a_loan_that_is_not_there(counter: Counter, number: int) -> None:
    """The open ones are named."""
    counter.request()
    assert counter.say(f"give back #{number}") == NoLoan(number, (1,))
    assert counter.say(f"cancel #{number}") == NoLoan(number, (1,))
    assert counter.do(GiveBack(10**40)) == NoLoan(10**40, (1,))
