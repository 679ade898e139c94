"""The book at the desk: what is promised to others is refused with names and dates, and what can be had is a button."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from commands.decide import Approve
from commands.extend import SettleExtension
from commands.lend import Settle, SignOff, preview
from commands.refusals import BookedOut
from commands.replies import Decided, ExtensionAsked, ExtensionDecided, Preview, Requested, WhichTime
from conversion.in_book import keep_pools
from loans.book import Kept
from loans.loan import Loan, State
from loans.nodes import NodeName
from loans.terms import Terms
from sandbox.faults import Fault
from store.pools import PoolSeen
from tests.commands.counter import APPROVER, REQUESTER, Counter
from tests.conversion.rig import Rig
from tests.moment import dated, days_on
from tests.store.values import a_loan

HOUR = timedelta(hours=1)
OUT, BACK = timedelta(minutes=10), timedelta(minutes=15)
"""What the settings say of a class of which nothing has been measured."""


def at(counter: Counter, days: int, hour: int) -> datetime:
    """Return a moment some days on, `hour` hours after midnight there in UTC."""
    return days_on(days, counter.now).astimezone(UTC).replace(hour=hour, minute=0, second=0, microsecond=0)


def wish(counter: Counter, count: int, days: int = 3, begins: int = 12, ends: int = 20) -> Any:
    """Ask for nodes on a day; most tests have another loan there from 9 to 17."""
    terms = Terms("gpu", count, at(counter, days, ends), at(counter, days, begins))
    return preview(terms, REQUESTER, counter.desk)


def request(counter: Counter, count: int, days: int = 3) -> Loan:
    asked = counter.do(SignOff(wish(counter, count, days, 9, 17).draft))
    assert isinstance(asked, Requested), asked
    return asked.loan


def booked(counter: Counter, count: int, days: int = 3) -> Loan:
    """Return an approved loan of some nodes for a day, from 9 to 17."""
    loan = request(counter, count, days)
    assert isinstance(counter.say(f"approve #{loan.id}", APPROVER), Decided)
    return counter.loan(loan.id)


def starts(loan: Loan) -> datetime:
    assert loan.starts_at is not None
    return loan.starts_at


def test_nodes_that_are_promised_are_refused_with_whose_they_are_and_two_offers_work(counter: Counter) -> None:
    """Six nodes, two of which stay, three booked: one is left for that day, and two are from when those are home."""
    loan = booked(counter, 3)
    answer = wish(counter, 2)
    assert isinstance(answer, BookedOut)
    assert (answer.room.count, answer.wished, answer.fewer) == (1, 2, 1)
    [promised] = answer.room.promised
    assert (promised.loan_id, promised.count) == (loan.id, 3)
    assert (promised.starts, promised.ends) == (starts(loan) - OUT, loan.until + BACK)
    assert counter.loans() == 1
    assert answer.fewer_draft is not None
    fewer = counter.do(SignOff(answer.fewer_draft))
    assert isinstance(fewer, Requested)
    assert fewer.loan.count == 1
    assert answer.later_draft is not None
    later = counter.do(Settle(answer.later_draft))
    assert isinstance(later, Preview)
    assert later.starts_at == answer.later_at == loan.until + BACK + OUT
    assert later.until - later.starts_at == 8 * HOUR


def test_another_day_is_free(counter: Counter) -> None:
    """A booked Tuesday says nothing about Wednesday."""
    booked(counter, 4)
    assert isinstance(wish(counter, 4, days=4), Preview)


def test_a_request_holds_nothing_and_the_second_to_be_signed_hears_who_has_them(counter: Counter) -> None:
    """Two ask, one is signed: the other stays undecided, and its approver is told why and what would do."""
    first, second = request(counter, 3), request(counter, 3)
    assert isinstance(counter.say(f"approve #{first.id}", APPROVER), Decided)
    answer = counter.say(f"approve #{second.id}", APPROVER)
    assert isinstance(answer, BookedOut)
    assert (answer.loan, answer.wished, answer.fewer) == (second, 3, 1)
    assert [each.loan_id for each in answer.room.promised] == [first.id]
    assert counter.loan(second.id).state is State.REQUESTED
    counter.say(f"cancel #{first.id}")
    assert isinstance(counter.say(f"approve #{second.id}", APPROVER), Decided)


def test_of_two_approvals_in_one_second_one_gets_the_last_nodes(counter: Counter) -> None:
    """The book is asked in the transaction that signs, so nobody reads it a moment too early."""
    asked = [request(counter, 3) for _ in range(6)]
    with ThreadPoolExecutor(6) as crowd:
        answers = list(crowd.map(lambda loan: counter.do(Approve(loan.id), APPROVER), asked))
    assert sorted(type(answer).__name__ for answer in answers) == [*["BookedOut"] * 5, "Decided"]


def test_a_preview_that_was_overtaken_is_refused_when_it_is_sent(counter: Counter) -> None:
    """A button shown before the others were signed grants nothing."""
    preview = wish(counter, 2)
    assert isinstance(preview, Preview)
    booked(counter, 4)
    answer = counter.do(SignOff(preview.draft))
    assert isinstance(answer, BookedOut)
    assert (answer.fewer, counter.loans()) == (0, 1)


def test_a_loan_of_now_may_not_run_into_a_booked_one(counter: Counter) -> None:
    """Idle today is not free until Friday; until the booked one leaves Slurm it is."""
    loan = booked(counter, 4, days=2)
    answer = counter.say("lend 2 gpu nodes to k8s for 5 days")
    assert isinstance(answer, BookedOut)
    assert (answer.room.count, answer.room.at) == (0, starts(loan) - OUT)
    assert isinstance(counter.say("lend 2 gpu nodes to k8s for 3 hours"), Preview)


@pytest.fixture
def lent(counter: Counter) -> Loan:
    """Two nodes, lent for three days, and three more booked for the fourth."""
    loan = counter.lent("gpu001", "gpu002")
    booked(counter, 3, days=4)
    return loan


def test_a_later_deadline_that_runs_into_a_booked_loan_is_refused_and_the_latest_is_a_button(
    counter: Counter, lent: Loan
) -> None:
    """Whoever has nodes keeps them up to the next promise, and no further."""
    answer = counter.say(f"extend #{lent.id} until {dated(days_on(5, counter.now))} 18:00")
    assert isinstance(answer, BookedOut)
    assert (answer.wished, answer.room.count) == (2, 1)
    assert answer.latest == starts(counter.loan(2)) - OUT - BACK - _beyond(counter)
    assert counter.loan(lent.id).extension is None
    assert answer.latest_draft is not None
    assert isinstance(counter.do(SettleExtension(answer.latest_draft)), ExtensionAsked)
    assert isinstance(counter.say(f"approve #{lent.id}", APPROVER), ExtensionDecided)
    assert counter.loan(lent.id).until == answer.latest


def _beyond(counter: Counter) -> timedelta:
    """Return what the latest deadline is short of, being a multiple of five minutes."""
    return timedelta(seconds=(starts(counter.loan(2)) - OUT - BACK).timestamp() % 300)


def test_a_later_deadline_is_judged_again_when_it_is_signed(counter: Counter) -> None:
    """What was free when it was asked for may be promised by now."""
    loan = counter.lent("gpu001", "gpu002")
    asked = counter.say(f"extend #{loan.id} until {dated(days_on(5, counter.now))} 18:00")
    assert isinstance(asked, WhichTime)
    [(_, overtaken)] = asked.readings
    assert isinstance(counter.do(SettleExtension(overtaken)), ExtensionAsked)
    booked(counter, 4, days=4)
    answer = counter.say(f"approve #{loan.id}", APPROVER)
    assert isinstance(answer, BookedOut)
    assert answer.latest_draft is None, "who signs asks for nothing"
    assert isinstance(counter.do(SettleExtension(overtaken)), BookedOut), "nor can it be asked for again"
    assert counter.loan(loan.id).until == loan.until
    assert isinstance(counter.say(f"decline #{loan.id} because it is booked", APPROVER), ExtensionDecided)


def test_with_slurm_away_an_approval_goes_by_what_it_last_told(counter: Counter, quiet_site: Rig) -> None:
    """An approver waits for no Slurm; and nobody is promised nodes blindly."""
    first, second = request(counter, 3), request(counter, 3)
    quiet_site.site.call(lambda: quiet_site.site.faults.set(Fault("slurm", "refuse")))
    try:
        counter.until_slurm_is_down()
        keep_pools(counter.ground)
        assert isinstance(counter.say(f"approve #{first.id}", APPROVER), Decided)
        assert isinstance(counter.say(f"approve #{second.id}", APPROVER), BookedOut)
    finally:
        quiet_site.site.call(quiet_site.site.faults.clear)
        counter.until_slurm_is_up()


def test_nodes_that_others_keep_are_not_promised_for_a_date(counter: Counter) -> None:
    """Three are drained as Slurm last told: of six with a floor of two one is left, and the refusal names them."""
    loan = request(counter, 3)
    drained = [NodeName("gpu001"), NodeName("gpu002"), NodeName("gpu003")]
    _say_drained(counter, drained)
    answer = counter.say(f"approve #{loan.id}", APPROVER)
    assert isinstance(answer, BookedOut)
    assert (answer.room.count, answer.room.kept_nodes, answer.room.promised) == (1, frozenset(drained), ())


def _say_drained(counter: Counter, nodes: list[NodeName]) -> None:
    with counter.store.read() as tx:
        pool = tx.pools.all()["gpu"]
    with counter.store.write() as tx:
        tx.pools.put([replace(pool, kept=(Kept(frozenset(nodes), counter.now),), seen_at=counter.now)])


def test_before_slurm_has_ever_told_of_a_class_nothing_is_refused(counter: Counter) -> None:
    """An upgrade with requests open leaves their approvers free to sign: nothing is known, which is no reason."""
    with counter.store.write() as tx:
        loans = [tx.loans.add(a_loan(count=4, asked_at=counter.now, until=counter.now + HOUR)) for _ in range(2)]
        assert not tx.pools.all()
    for loan in loans:
        assert isinstance(counter.say(f"approve #{loan.id}", APPROVER), Decided)


def test_what_slurm_told_later_is_not_written_over(counter: Counter) -> None:
    """A slow preview does not bring an old picture back."""
    counter.say("lend 1 gpu node to k8s for 3 hours")
    with counter.store.read() as tx:
        kept = tx.pools.all()["gpu"]
    assert len(kept.nodes) == 6
    old = PoolSeen("gpu", (NodeName("gpu001"),), (), kept.seen_at - HOUR)
    with counter.store.write() as tx:
        tx.pools.put([old])
    with counter.store.read() as tx:
        assert tx.pools.all()["gpu"] == kept
