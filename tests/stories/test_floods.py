"""One person's flood: somebody else's approval is acted on as ever, and of the flood nothing is lost in silence."""

import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Event

import pytest

from bot.listeners.lanes import PER_PERSON
from loans.loan import State
from sandbox.faults import Fault
from sandbox.slack.records import Message
from tests.bot.house import APPROVALS, APPROVER, REQUESTER, House, at_work, eventually, shown

FLOOD = 200
FINGERS = 20
"""What of a flood is on its way to Slack at once."""
MOST = 25.0
"""How many times as long an approval may take as with nobody else about. Measured: 7 to 26 ms alone, 43 to 66 ms in a
flood, 2.5 to 7 times: Slack's line is one for all, and a press waits for the acks of what came before it. Behind their
answers it would wait for minutes."""


@pytest.fixture
def house() -> Iterator[House]:
    with at_work() as found:
        yield found


def approval_s(house: House, card: Message, loan: int) -> float:
    """Approve, and return how many seconds it took until that is so in the store."""
    began = time.monotonic()
    house.click(card, "approve", APPROVER)
    while house.loan(loan).state is not State.APPROVED:
        assert time.monotonic() - began < 60, "never approved"
        time.sleep(0.001)
    return time.monotonic() - began


def test_a_flood_delays_nobody_elses_approval_and_loses_nothing_in_silence(house: House) -> None:
    """Two hundred questions of one person under a Slurm that hangs: another's approval waits for no answer."""
    loans = [house.request() for _ in range(10)]
    cards = {loan: house.card(loan) for loan in loans}
    idle = [approval_s(house, cards[loan], loan) for loan in loans[:5]]
    before = len(house.seen_by(REQUESTER))
    house.site.call(lambda: house.site.faults.set(Fault("slurm", "hang")))
    over, sent = Event(), count(1)

    def type_on(_: int) -> list[bool]:
        acks: list[bool] = []
        while next(sent) <= FLOOD or not over.is_set():
            acks.append(house.slash("free", REQUESTER)["acked"])
        return acks

    with ThreadPoolExecutor(FINGERS) as fingers:
        flood = [fingers.submit(type_on, finger) for finger in range(FINGERS)]
        flooded = [approval_s(house, cards[loan], loan) for loan in loans[5:]]
        over.set()
        acked = [ack for each in flood for ack in each.result()]
    ratio = statistics.median(flooded) / statistics.median(idle)
    assert ratio < MOST, (ratio, idle, flooded)
    assert all(acked)
    house.site.call(house.site.faults.clear)
    eventually("an answer to each", lambda: len(house.seen_by(REQUESTER)) - before == len(acked), within_s=120.0)
    said = [shown(m) for m in house.seen_by(REQUESTER)[before:]]
    full = sum("more than I can take in" in text for text in said)
    assert len(said) >= FLOOD
    assert len(said) - full >= PER_PERSON, "what there is room for is answered"
    assert full > 0, "and the rest is told that it was not taken"


def test_a_flood_of_presses_is_told_what_was_left_out(house: House) -> None:
    """A button's ack can carry no words, so one sentence stands for what was not taken."""
    loan = house.request()
    card = house.card(loan)
    before = len(house.seen_by(APPROVER, APPROVALS))
    house.site.call(lambda: house.site.faults.set(Fault("slack", "slow")))
    with ThreadPoolExecutor(FINGERS) as fingers:
        acked = list(fingers.map(lambda _: house.click(card, "approve", APPROVER)["acked"], range(PER_PERSON + 20)))
    assert all(acked)
    house.site.call(house.site.faults.clear)

    def answers() -> list[str]:
        return [shown(m) for m in house.seen_by(APPROVER, APPROVALS)[before:]]

    eventually("the answers", lambda: len(answers()) > PER_PERSON, within_s=120.0)
    eventually("an empty inbox", lambda: not waiting(house), within_s=120.0)
    assert any("more than I can take in" in text for text in answers())
    assert sum("You approved" in text for text in answers()) == 1


def waiting(house: House) -> int:
    with house.store.read() as tx:
        return tx.inbox.waiting()
