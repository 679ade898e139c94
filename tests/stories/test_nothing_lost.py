"""lendbot is killed while people speak: what was acked is done once and answered, or its person is told.

A kill comes at three points: before an order is carried out, between what it changed and its answer, and the moment the
acks are in, wherever that is.
"""

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from loans.facts import Decided, Requested, ReturnOrdered
from sandbox.slack.records import Message
from tests.bot.house import APPROVALS, APPROVER, APPROVER2, OPS, REQUESTER, buttons, eventually, shown
from tests.stories.town import PATIENCE_S, WISH, Town, town

PEOPLE = (REQUESTER, APPROVER, APPROVER2)
SLOWLY_S = 20.0
"""What Slack takes for an answer in whose middle lendbot is killed, on whatever machine."""
GOODBYE_S = 30.0
"""What a service manager is promised."""


def patient(settings: str) -> str:
    """Have a question to a Slurm that hangs wait longer than any machine needs for an order beside it."""
    assert settings.count("[slurm]\n") == 1
    return settings.replace("[slurm]\n", '[slurm]\ntimeout = "10 min"\n')


@pytest.fixture(scope="module")
def whole_place() -> Iterator[Town]:
    with town(adjust=patient) as found:
        yield found


@pytest.fixture
def place(whole_place: Town) -> Iterator[Town]:
    whole_place.start()
    yield whole_place
    whole_place.heal()
    whole_place.end(signal.SIGKILL, 10)


@dataclass
class Orders:
    """A give back, an approval and a sign-off by three people, and what each of them has read so far."""

    town: Town
    lent: int
    requested: int
    preview: Message
    read: dict[str, int]
    before: int

    @classmethod
    def ready(cls, of: Town) -> "Orders":
        lent, requested = of.lent(), of.requested()
        of.house.slash(WISH, APPROVER2)
        mine = [APPROVER2, OPS]
        preview = eventually(
            "a preview", lambda: [m for m in of.house.seen_by(*mine) if "sign_off" in buttons(m)], PATIENCE_S
        )[-1]
        of.house.card(requested)
        orders = cls(of, lent, requested, preview, {}, len(of.asked_by(APPROVER2)))
        orders.read = {who: len(orders.seen(who)) for who in (REQUESTER, APPROVER)}
        return orders

    def give(self) -> None:
        """All three at once, and return when all are acked."""
        house = self.town.house
        acts: list[Callable[[], object]] = [
            lambda: house.slash(f"give back #{self.lent}", REQUESTER),
            lambda: house.click(house.card(self.requested), "approve", APPROVER),
            lambda: house.click(self.preview, "sign_off", APPROVER2),
        ]
        with ThreadPoolExecutor(3) as people:
            answers = list(people.map(lambda act: act(), acts))
        assert all(answer["acked"] for answer in answers), answers  # type: ignore[index] - what the sandbox told

    def are_carried_out(self) -> bool:
        return self.counts() == (1, 1, 1)

    def counts(self) -> tuple[int, int, int]:
        """Return how often each was carried out."""
        asked = self.town.asked_by(APPROVER2)
        signed = sum(self.town.told(loan, Requested) for loan in asked[: len(asked) - self.before])
        return self.town.told(self.lent, ReturnOrdered), self.town.told(self.requested, Decided), signed

    def seen(self, who: str) -> list[Message]:
        return self.town.house.seen_by(who, APPROVALS if who == APPROVER else OPS)

    def are_answered(self) -> bool:
        """Each has read something new; the preview's place is taken."""
        return all(len(self.seen(who)) > n for who, n in self.read.items()) and "sign_off" not in buttons(self.preview)


def die_and_come_back(place: Town) -> None:
    """Kill -9, and start again on a site that is in order."""
    place.end(signal.SIGKILL, 10)
    place.heal()
    place.start()


def assert_done_once(orders: Orders) -> None:
    """What was ordered happened once, and everybody has heard."""
    place = orders.town
    eventually("an empty inbox", lambda: place.waiting() == 0, PATIENCE_S)
    assert orders.counts() == (1, 1, 1)
    assert orders.are_answered(), {who: [shown(m) for m in orders.seen(who)][-2:] for who in orders.read}


def test_what_was_acked_and_not_begun_is_done_after_the_restart(place: Town) -> None:
    """Give back, approve and sign-off: an ack is a promise, and lendbot's death does not break it."""
    orders = Orders.ready(place)
    die_and_come_back(place)  # who people are is forgotten: Slack has to be asked again before anything is done
    place.fault("slack", "slow", SLOWLY_S)
    orders.give()
    assert orders.counts() == (0, 0, 0), "killed before anything is done"
    die_and_come_back(place)
    assert_done_once(orders)


def test_what_was_done_and_not_answered_is_answered_and_not_done_again(place: Town) -> None:
    """Killed between the change and its answer, nobody is left without a word, and no node goes home twice."""
    orders = Orders.ready(place)
    for who in (REQUESTER, APPROVER):
        place.house.slash("help", who)
    eventually("answers", lambda: len(orders.seen(REQUESTER)) > orders.read[REQUESTER], PATIENCE_S)
    eventually("an empty inbox", lambda: place.waiting() == 0, PATIENCE_S)
    orders.read = {who: len(orders.seen(who)) for who in orders.read}
    place.fault("slack", "slow", SLOWLY_S)
    orders.give()
    eventually("the changes", orders.are_carried_out, PATIENCE_S)
    unanswered = place.waiting()
    die_and_come_back(place)
    assert_done_once(orders)
    assert unanswered, "killed before everybody had an answer"


def test_a_kill_the_moment_the_acks_are_in_loses_nothing(place: Town) -> None:
    """Wherever each of them is by then."""
    for _ in range(2):
        orders = Orders.ready(place)
        orders.give()
        die_and_come_back(place)
        assert_done_once(orders)


def test_it_ends_in_time_though_slurm_hangs_and_what_is_not_done_is_done_later(place: Town) -> None:
    """A service manager's patience is not tried, a restart loses no question, and no order waits for Slurm."""
    orders = Orders.ready(place)
    before = frees(place)
    place.fault("slurm", "hang")
    asked = ask_until_they_hang(place)
    orders.give()
    eventually("the orders, under a Slurm that hangs", orders.are_carried_out, PATIENCE_S)
    took_s = place.end(signal.SIGTERM, 2 * GOODBYE_S)
    assert took_s < GOODBYE_S
    assert place.waiting() >= len(PEOPLE), "questions hang, and are kept"
    place.heal()
    place.start()
    assert_done_once(orders)
    assert frees(place) - before == asked, "and the questions are answered"


def ask_until_they_hang(place: Town) -> int:
    """Have all ask `free` until questions pile up: the first may be answered by a read from before; return how many."""
    asked = 0

    def hang() -> bool:
        nonlocal asked
        for who in PEOPLE:
            assert place.house.slash("free", who)["acked"]
            asked += 1
        return place.waiting() > 3 * len(PEOPLE)

    eventually("questions that hang", hang, PATIENCE_S)
    return asked


def frees(place: Town) -> int:
    """Count the answers to `free` that people have read."""
    seen = [shown(m) for who in PEOPLE for m in place.house.seen_by(who)]
    return sum("could go now" in text for text in seen)
