"""force and wait: what may be said to a node whose way home is blocked."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from commands.blocked import Force, Wait
from commands.refusals import Forbidden, NoLoan, NotFrom, UnknownNodes
from commands.replies import Forced, WaitsOn
from loans import facts
from loans.loan import State
from loans.policy import NotInGroup
from tests.commands.counter import APPROVER, CLI, ONCALL, REQUESTER, STRANGER, Counter


def blocked(counter: Counter) -> None:
    """A loan on its way home, with a node that a budget holds."""
    counter.lent("gpu001", state=State.RETURNING, node_state="returning")
    with counter.store.write() as tx:
        [part] = tx.nodes.of(1)
        tx.nodes.save(replace(part, blocked=True, step="evict", ask_at=counter.now))


@pytest.mark.parametrize("who", [APPROVER, ONCALL, CLI], ids=["approver", "on-call", "command line"])
def test_approvers_and_operators_force(counter: Counter, who: Any) -> None:
    """Who said it is written on the node and in the audit."""
    blocked(counter)
    answer = counter.say("force gpu001 of #1", who)
    assert isinstance(answer, Forced)
    assert counter.parts()["gpu001"].forced_by == who.person.id
    with counter.store.read() as tx:
        assert who.person.id in [each.who.id for each in tx.facts.of(1, facts.Forced)]


@pytest.mark.parametrize("who", [REQUESTER, STRANGER], ids=["requester", "stranger"])
def test_nobody_else_forces(counter: Counter, who: Any) -> None:
    """The requester's hurry does not end another tenant's pods, through a forged button either."""
    blocked(counter)
    answer = counter.do(Force(1, "gpu001"), who)
    assert isinstance(answer, Forbidden)
    assert isinstance(answer.reasons[0], NotInGroup)
    assert counter.parts()["gpu001"].forced_by is None


def test_an_hour_more_moves_the_question(counter: Counter) -> None:
    """People are asked again then, not before."""
    blocked(counter)
    assert isinstance(counter.say("wait for gpu001 of #1"), Forbidden), "it isn't for the requester alone to put it off"
    answer = counter.say("wait for gpu001 of #1", APPROVER)
    assert isinstance(answer, WaitsOn)
    assert timedelta(minutes=59) < answer.until - counter.now < timedelta(minutes=61)
    assert counter.parts()["gpu001"].ask_at == answer.until


def test_a_stranger_does_not_prolong(counter: Counter) -> None:
    """Only those concerned keep a node waiting."""
    blocked(counter)
    assert isinstance(counter.do(Wait(1, "gpu001"), STRANGER), Forbidden)


@pytest.mark.parametrize("ask", [Force(1, "gpu001"), Wait(1, "gpu001")], ids=["force", "wait"])
def test_a_node_that_does_not_go_home_is_left_alone(counter: Counter, ask: Force | Wait) -> None:
    """A stale button does not empty a node that is lent."""
    loan = counter.lent("gpu001")
    verb = "force" if isinstance(ask, Force) else "wait for"
    assert counter.do(ask, APPROVER) == NotFrom(loan, verb)
    assert counter.parts()["gpu001"].forced_by is None


@pytest.mark.parametrize("node", ["gpu099", "gpu001; rm -rf /", "x" * 5000, ""])
def test_a_forged_node_is_answered(counter: Counter, node: str) -> None:
    """What a button carries is an id, and nothing is done with what is none."""
    blocked(counter)
    assert counter.do(Force(1, node), APPROVER) == UnknownNodes(1, (node,), ("gpu001",))


@pytest.mark.parametrize("ask", [Force(10**40, "gpu001"), Wait(7, "gpu001")])
def test_a_loan_that_is_not_there(counter: Counter, ask: Force | Wait) -> None:
    """The open ones are named."""
    counter.request()
    assert counter.do(ask, APPROVER) == NoLoan(ask.loan, (1,))
