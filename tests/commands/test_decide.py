"""approve and decline: one decision a request, by somebody else than its asker, and the others hear who was first."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from commands.decide import NOTE_LIMIT, Approve, Decline
from commands.desk import Caller
from commands.extend import SettleExtension
from commands.refusals import AlreadyDecided, CannotTell, ExtensionSettled, Forbidden, NoLoan
from commands.replies import Decided, ExtensionAsked, ExtensionDecided, WhichTime
from conversion.due import lapse_due
from loans import facts
from loans.loan import State
from loans.policy import NotInGroup, OwnRequest
from tests.commands.counter import APPROVER, ONCALL, REQUESTER, SECOND_APPROVER, STRANGER, Counter
from tests.moment import dated, days_on


def extended(counter: Counter, loan_id: int) -> None:
    """Ask for a later deadline."""
    which = counter.say(f"extend #{loan_id} for 1 day")
    assert isinstance(which, WhichTime)
    assert isinstance(counter.do(SettleExtension(which.readings[0][1])), ExtensionAsked)


def test_an_approver_signs(counter: Counter) -> None:
    """One yes, written down with who and when, and told to the asker."""
    loan = counter.request()
    answer = counter.say(f"approve #{loan.id}", APPROVER)
    assert isinstance(answer, Decided)
    assert answer.loan.state is State.APPROVED
    assert counter.loan().decision is not None
    assert counter.loan().decision.by == APPROVER.person.id  # type: ignore[union-attr] - just asked
    assert counter.news() == [facts.Decided]


def test_an_approver_declines_with_a_reason(counter: Counter) -> None:
    """The asker reads why; a novel is cut."""
    counter.request()
    answer = counter.say("decline #1 because the nodes are reserved", APPROVER)
    assert isinstance(answer, Decided)
    assert answer.loan.state is State.DECLINED
    assert answer.loan.decision is not None
    assert answer.loan.decision.note == "the nodes are reserved"
    counter.request()
    counter.do(Decline(2, "x" * 5000), APPROVER)
    decided = counter.loan(2).decision
    assert decided is not None
    assert len(decided.note) == NOTE_LIMIT


@pytest.mark.parametrize("ask", [Approve, Decline])
@pytest.mark.parametrize("who", [ONCALL, STRANGER, REQUESTER], ids=lambda who: who.person.id)
def test_nobody_else_decides(counter: Counter, who: Any, ask: Callable[[int], Any]) -> None:
    """Whatever button is shown to whom: policy is asked when it is pressed."""
    counter.request()
    answer = counter.do(ask(1), who)
    assert isinstance(answer, Forbidden)
    assert isinstance(answer.reasons[0], NotInGroup)
    assert counter.loan().state is State.REQUESTED


def test_nobody_signs_their_own_even_as_an_approver(counter: Counter) -> None:
    """Two people stand behind every loan, through a forged button too."""
    counter.request(who=APPROVER)
    assert counter.do(Approve(1), APPROVER) == Forbidden((OwnRequest(1),))
    assert counter.do(Decline(1), APPROVER) == Forbidden((OwnRequest(1),))
    assert isinstance(counter.do(Approve(1), SECOND_APPROVER), Decided)


def test_twenty_presses_at_once_have_one_effect_and_the_others_hear_who(counter: Counter) -> None:
    """Two impatient approvers sign one loan once."""
    counter.request()
    who = [APPROVER, SECOND_APPROVER] * 10
    with ThreadPoolExecutor(20) as crowd:
        answers = list(crowd.map(lambda caller: counter.do(Approve(1), caller), who))
    won = [answer for answer in answers if isinstance(answer, Decided)]
    lost = [answer for answer in answers if isinstance(answer, AlreadyDecided)]
    assert (len(won), len(lost)) == (1, 19)
    assert {answer.loan.decision for answer in lost} == {won[0].loan.decision}
    assert counter.news() == [facts.Decided]


def test_yes_and_no_at_once_are_one_of_them(counter: Counter) -> None:
    """The first counts; the second is told, and changes nothing."""
    counter.request()
    with ThreadPoolExecutor(2) as crowd:
        both = crowd.map(lambda pair: counter.do(*pair), [(Approve(1), APPROVER), (Decline(1), SECOND_APPROVER)])
    assert sorted(type(answer).__name__ for answer in both) == ["AlreadyDecided", "Decided"]
    assert len(counter.news()) == 1


@pytest.mark.parametrize("state", [State.WITHDRAWN, State.LAPSED])
def test_what_nobody_decided_is_over_too(counter: Counter, state: State) -> None:
    """A press on a card that has gone stale changes nothing, and the loan tells how it ended."""
    counter.request()
    if state is State.WITHDRAWN:
        counter.say("cancel #1")
    else:
        counter.ahead = timedelta(days=1)
        lapse_due(counter.ground)
    answer = counter.do(Approve(1), APPROVER)
    assert isinstance(answer, AlreadyDecided)
    assert (answer.loan.state, answer.loan.decision) == (state, None)


def test_an_extension_is_signed_by_the_same_rules(counter: Counter) -> None:
    """A later deadline needs its own yes, from somebody else than who asked for it."""
    loan = counter.lent("gpu001")
    extended(counter, loan.id)
    assert isinstance(counter.do(Approve(loan.id), REQUESTER), Forbidden)
    answer = counter.do(Approve(loan.id), APPROVER)
    assert isinstance(answer, ExtensionDecided)
    assert answer.granted
    assert counter.loan().until - loan.until == timedelta(days=1)
    again = counter.do(Approve(loan.id), SECOND_APPROVER)
    assert isinstance(again, ExtensionSettled)
    assert again.decision is not None
    assert (again.decision.by, again.decision.approved) == (APPROVER.person.id, True)


def test_a_declined_extension_leaves_the_deadline(counter: Counter) -> None:
    """No means: as promised."""
    loan = counter.lent("gpu001")
    extended(counter, loan.id)
    answer = counter.do(Decline(loan.id, "benchmark"), APPROVER)
    assert answer == ExtensionDecided(counter.loan(), granted=False)
    assert counter.loan().until == loan.until
    assert facts.ExtensionDecided in counter.news()


@pytest.mark.parametrize("ask", [Approve, Decline])
def test_who_is_late_for_an_extension_hears_who_decided_it(counter: Counter, ask: Any) -> None:
    """And not who signed the loan itself, days ago."""
    loan = counter.lent("gpu001")
    extended(counter, loan.id)
    what = counter.loan().awaits
    asked = counter.loan().extension
    assert asked is not None
    counter.do(Decline(loan.id, "benchmark", what), SECOND_APPROVER)
    answer = counter.do(ask(loan.id, what=what), APPROVER)
    assert isinstance(answer, ExtensionSettled)
    assert answer.decision is not None
    assert (answer.until, answer.decision.by) == (asked.until, SECOND_APPROVER.person.id)
    assert (answer.decision.approved, answer.decision.note) == (False, "benchmark")
    assert counter.loan().until == loan.until


def test_two_approvers_of_an_extension_at_once_have_one_effect(counter: Counter) -> None:
    """The second is told of the first."""
    loan = counter.lent("gpu001")
    extended(counter, loan.id)
    ask = Approve(loan.id, counter.loan().awaits)
    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(lambda who: counter.do(ask, who), [APPROVER, SECOND_APPROVER] * 4))
    kinds = sorted(type(answer).__name__ for answer in answers)
    assert kinds == ["ExtensionDecided", *["ExtensionSettled"] * 7]


@pytest.mark.parametrize("how", ["lapsed", "asked anew", "going home"])
def test_an_extension_nobody_decided_is_settled_too(counter: Counter, how: str) -> None:
    """A button that was left behind says what became of its question, and signs nothing else."""
    loan = counter.lent("gpu001")
    extended(counter, loan.id)
    what = counter.loan().awaits
    if how == "lapsed":
        counter.ahead = timedelta(days=2)
        lapse_due(counter.ground)
    elif how == "asked anew":
        counter.ahead = timedelta(hours=1)
        day = dated(days_on(6, counter.now))
        counter.extend(f"until {day} 18:00")
    else:
        counter.say(f"give back #{loan.id}")
    before = counter.loan()
    answer = counter.do(Approve(loan.id, what), APPROVER)
    assert isinstance(answer, ExtensionSettled)
    assert (answer.decision and answer.decision.by) == ("lendbot" if how == "lapsed" else None)
    assert counter.loan() == before


def test_a_decline_of_what_was_signed_meanwhile_declines_nothing(counter: Counter) -> None:
    """A form that stood open for an hour is no way round the first decision."""
    counter.request()
    counter.do(Approve(1, "request"), APPROVER)
    answer = counter.do(Decline(1, "too late", "request"), SECOND_APPROVER)
    assert isinstance(answer, AlreadyDecided)
    assert counter.loan().state is State.APPROVED


@pytest.mark.parametrize("number", [0, 2, -1, 2**31, 2**63, 10**40])
def test_a_loan_that_is_not_there_is_answered_with_those_that_are(counter: Counter, number: int) -> None:
    """A forged or mistyped number is no traceback."""
    counter.request()
    assert counter.do(Approve(number), APPROVER) == NoLoan(number, (1,))


def test_while_slack_does_not_say_who_is_in_a_group_nobody_reads_that_they_may_not(counter: Counter) -> None:
    """An outage is not a no: it says so, and changes nothing."""
    loan = counter.request()
    unknown = Caller(replace(APPROVER.person, groups=frozenset(), knows_groups=False))
    assert isinstance(counter.say(f"approve #{loan.id}", unknown), CannotTell)
    assert counter.loan() == loan
    assert isinstance(counter.say(f"approve #{loan.id}", REQUESTER), Forbidden)
