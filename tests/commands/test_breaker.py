"""go on, send home: what people decide when several nodes of a class have failed alike."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from commands.breaker import GoOn, SendHome
from commands.refusals import Forbidden, NoBreaker, UnknownClass
from commands.replies import Free, Loans, Preview, WentOn
from conversion.news import tell
from loans import facts
from loans.loan import State
from loans.nodes import NodeName
from loans.runbook import StepName
from store.breakers import Breaker
from tests.commands.counter import APPROVER, CLI, ONCALL, REQUESTER, STRANGER, Counter


def broken(counter: Counter) -> None:
    """A loan on its way out, and nodes of its class that have failed alike."""
    counter.lent("gpu001", state=State.LENDING, node_state="lending")
    nodes = (NodeName("gpu002"), NodeName("gpu003"))
    now = counter.now
    with counter.store.write() as tx:
        tx.breakers.put(Breaker("gpu", StepName.PUPPET, "Puppet failed with 6", nodes, 2, now))
        tell(tx, facts.BreakerOpened("gpu", StepName.PUPPET, "Puppet failed with 6", nodes, 2, loans=(1,)), now)


@pytest.mark.parametrize("who", [APPROVER, ONCALL, CLI], ids=["approver", "on-call", "command line"])
def test_who_keeps_the_nodes_running_says_go_on(counter: Counter, who: Any) -> None:
    """Who said it is in the history; who comes second reads that it is decided."""
    broken(counter)
    assert counter.say("go on with gpu nodes", who) == WentOn("gpu")
    with counter.store.read() as tx:
        assert not tx.breakers.open()
        [told] = tx.facts.recent(1, facts.BreakerClosed)
    assert (told.who.id, told.fact.why) == (who.person.id, facts.WhyClosed.GO_ON)
    assert counter.do(SendHome("gpu"), APPROVER) == NoBreaker("gpu")
    assert counter.loan().state is State.LENDING


def test_send_home_ends_the_loans_that_are_on_their_way_out(counter: Counter) -> None:
    """Their nodes go home by the way that every loan goes."""
    broken(counter)
    assert counter.say("send home all gpu nodes", ONCALL) == WentOn("gpu", (1,), is_end=True)
    assert counter.loan().state is State.RETURNING


def test_a_press_ends_the_loans_of_its_message_and_words_end_all(counter: Counter) -> None:
    """Who signed for a new loan since does not lose it to a message that did not show it."""
    broken(counter)
    counter.lent("gpu004", state=State.LENDING, node_state="lending")
    with counter.store.read() as tx:
        [known] = tx.breakers.open()
    pressed = counter.do(SendHome("gpu", known.opened_at), ONCALL)
    assert pressed == WentOn("gpu", (1,), began_since=(2,), is_end=True)
    assert [counter.loan(number).state for number in (1, 2)] == [State.RETURNING, State.LENDING]
    with counter.store.write() as tx:
        tx.breakers.put(known)
    assert counter.say("send home gpu", ONCALL) == WentOn("gpu", (2,), is_end=True)


def test_a_press_whose_message_is_not_in_the_store_ends_nothing(counter: Counter) -> None:
    """What it showed cannot be told: nobody's nodes go home for it."""
    broken(counter)
    with counter.store.read() as tx:
        [known] = tx.breakers.open()
    other = replace(known, opened_at=known.opened_at + timedelta(seconds=1))
    with counter.store.write() as tx:
        tx.breakers.put(other)
    assert counter.do(SendHome("gpu", other.opened_at), ONCALL) == WentOn("gpu", (), (1,), is_end=True)
    assert counter.loan().state is State.LENDING


@pytest.mark.parametrize("who", [REQUESTER, STRANGER], ids=["requester", "stranger"])
def test_nobody_else_decides(counter: Counter, who: Any) -> None:
    """The requester's hurry reboots no more of Slurm's nodes, through a forged button either."""
    broken(counter)
    for ask in (GoOn("gpu"), SendHome("gpu")):
        assert isinstance(counter.do(ask, who), Forbidden)
    with counter.store.read() as tx:
        assert tx.breakers.open()


@pytest.mark.parametrize("ask", [GoOn, SendHome])
def test_a_button_is_about_the_failures_that_it_was_shown_with(counter: Counter, ask: Any) -> None:
    """Last month's message, or one of a store that was lost, sends none of today's loans home."""
    broken(counter)
    with counter.store.read() as tx:
        [known] = tx.breakers.open()
    earlier = known.opened_at - timedelta(days=30)
    assert counter.do(ask("gpu", earlier), APPROVER) == NoBreaker("gpu", is_newer=True)
    assert counter.loan().state is State.LENDING
    assert isinstance(counter.do(ask("gpu", known.opened_at), APPROVER), WentOn)
    assert counter.do(ask("gpu", earlier), APPROVER) == NoBreaker("gpu")


def test_a_class_that_there_is_not_is_said(counter: Counter) -> None:
    """An old button may carry one."""
    assert isinstance(counter.do(GoOn("tpu"), APPROVER), UnknownClass)


def test_status_free_and_the_preview_tell_of_it(counter: Counter) -> None:
    """Whoever asks for nodes of the class knows that the last ones failed."""
    broken(counter)
    status: Loans = counter.say("status")
    free: Free = counter.say("free")
    preview: Preview = counter.say("lend 1 gpu node to k8s for 2 days")
    assert [each.node_class for each in status.breakers] == ["gpu"]
    assert [each.node_class for each in free.breakers] == ["gpu"]
    assert preview.breaker is not None
