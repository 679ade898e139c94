"""I'm looking, Try again: what a press on an alarm does, and what it answers."""

import pytest

from bot.views.alarm_answers import alarm_answer
from commands.alarm_replies import AlarmOver, AllTriedAgain, AlreadyTaken, Looking, NoAlarm
from commands.alarms import Take, TryAll
from commands.refusals import Forbidden
from conversion import alarms
from loans.alarms import AlarmShown
from loans.facts import GotStuck, Told, TriedAgain
from loans.loan import State
from loans.nodes import NodeName
from loans.runbook import StepName
from tests.commands.counter import APPROVER, ONCALL, REQUESTER, STRANGER, Counter


def raised(counter: Counter, *nodes: str) -> AlarmShown:
    """Have nodes of a loan stuck for one reason, and return what the alarm's buttons carry."""
    loan = counter.lent(*nodes, state=State.STUCK, node_state="stuck")
    with counter.store.write() as tx:
        for node in nodes:
            fact = GotStuck(StepName.BOOT, "no boot")
            told = tx.facts.tell(Told(fact, counter.now, loan_id=loan.id, node=NodeName(node)))
            alarms.stuck(tx, told, loan, counter.desk.pace)
        [alarm] = tx.alarms.open()
        return AlarmShown.of(alarm, tx.identity.name())


def test_whoever_is_first_looks_and_the_second_hears_who_does(counter: Counter) -> None:
    """Two people don't mend one node, each without the other."""
    card = raised(counter, "gpu001")
    assert isinstance(counter.do(Take(card), ONCALL), Looking)
    assert isinstance(counter.do(Take(card), ONCALL), Looking)
    second = counter.do(Take(card), APPROVER)
    assert isinstance(second, AlreadyTaken)
    assert f"<@{ONCALL.person.id}>" in alarm_answer(second)


def test_one_press_tries_every_node_of_it_again(counter: Counter) -> None:
    """Sixty nodes are not sixty presses."""
    card = raised(counter, "gpu001", "gpu002")
    answer = counter.do(TryAll(card), ONCALL)
    assert answer == AllTriedAgain((NodeName("gpu001"), NodeName("gpu002")), (1,))
    assert {part.state for part in counter.parts().values()} == {"returning"}
    with counter.store.read() as tx:
        [told] = tx.facts.of(1, TriedAgain)
    assert told.who == ONCALL.person.actor
    assert counter.do(TryAll(card), APPROVER) == AllTriedAgain((), (1,))


@pytest.mark.parametrize("who", [REQUESTER, STRANGER])
@pytest.mark.parametrize("ask", [Take, TryAll])
def test_only_who_may_be_called_takes_it(counter: Counter, ask: type[Take | TryAll], who: object) -> None:
    """An alarm that a passer-by takes is one that nobody looks after."""
    card = raised(counter, "gpu001")
    assert isinstance(counter.do(ask(card), who), Forbidden)  # type: ignore[arg-type] - a caller


def test_what_is_over_and_what_is_unknown_is_said_so(counter: Counter) -> None:
    """An old message's button does nothing, and says so."""
    card = raised(counter, "gpu001")
    with counter.store.write() as tx:
        alarms.came_home(tx, tx.loans.get(1), NodeName("gpu001"), counter.now)
    assert isinstance(counter.do(Take(card), ONCALL), AlarmOver)
    for strange in (AlarmShown(card.alarm, "zzzz", card.raised), AlarmShown(99, card.store, card.raised)):
        assert counter.do(TryAll(strange), ONCALL) == NoAlarm()
    earlier = AlarmShown(card.alarm, card.store, card.raised - 1)
    assert counter.do(Take(earlier), ONCALL) == NoAlarm(), "a restored store has counted anew"
