"""A card stands once. Where it could not be helped that it stands twice, the first press takes the buttons off one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread

import pytest
from slack_sdk import WebClient

from bot.publishing.pump import Pump
from bot.publishing.surroundings import Surroundings
from commands import grammar
from commands.extend import SettleExtension
from commands.replies import WhichTime
from loans.loan import State
from sandbox.faults import Fault
from sandbox.slack import seed
from sandbox.slack.records import Message
from sandbox.slack.server import SlackSettings
from store.posts import PostKind
from tests.bot.house import APPROVALS, APPROVER, House, at_work, buttons, eventually, shown
from tests.conversion.rig import REQUESTER, Rig, rigged
from tests.stories.store_lock import Lock, impatient, lock_on

LATER = "from tomorrow 8am until tomorrow 6pm"


@dataclass
class Desk:
    """A site without a running lendbot: a test turns the publisher by hand, and lets it die."""

    rig: Rig
    lock: Lock
    pump: Pump

    def fault(self, mode: str) -> None:
        self.rig.site.call(lambda: self.rig.site.faults.set(Fault("slack", mode, times=1)))

    def messages(self) -> list[Message]:
        workspace = self.rig.site.site.slack.workspace
        return self.rig.site.call(lambda: list(workspace.channels[APPROVALS].messages.values()))

    def cards(self) -> list[Message]:
        return [m for m in self.messages() if m.thread_ts is None]

    def waiting(self) -> int:
        with self.rig.core.store.read() as tx:
            return tx.outbox.backlog().count

    def publish_all(self) -> None:
        eventually("an empty outbox", lambda: self.pump.flush() == 0 and not self.waiting(), within_s=60.0)

    def die_when_slack_has_it(self) -> None:
        """Let Slack take what is due next, and lendbot die before it can write that down."""
        self.fault("slow")
        thread = Thread(target=self.pump.flush)
        thread.start()
        eventually("a call", lambda: not self.rig.site.call(self.rig.site.faults.listed))
        self.lock.take()
        thread.join(30)
        self.lock.leave()
        self.pump = pump(self.rig)


def pump(rig: Rig) -> Pump:
    told = rig.site.site_json
    client = WebClient(told["bot_token"], base_url=told["slack_api_url"], timeout=10)
    surroundings = Surroundings(rig.core.store, rig.core.desk)
    return Pump(rig.core.store, client, rig.core.desk, surroundings, oncall=seed.C_ONCALL, clock=rig.core.clock)


@contextmanager
def desk_with(scopes: frozenset[str]) -> Iterator[Desk]:
    slack = SlackSettings(scopes=scopes)
    with (
        rigged(impatient, gpu_nodes=4, cpu_nodes=0, busy=0.0, slack=slack) as rig,
        lock_on(rig.site.paths / "lendbot.db") as lock,
    ):
        yield Desk(rig, lock, pump(rig))


@pytest.fixture
def desk() -> Iterator[Desk]:
    with desk_with(seed.SCOPES) as found:
        yield found


@pytest.fixture
def blind_desk() -> Iterator[Desk]:
    """A site that does not let lendbot read channels back."""
    with desk_with(seed.SCOPES - {"channels:history", "groups:history"}) as found:
        yield found


def test_a_crash_after_slack_took_a_card_brings_no_second_one(desk: Desk) -> None:
    """The first one is found again, and edited from then on: no Approve stays on a loan that was decided."""
    loan = desk.rig.lend(f"lend 1 gpu node to k8s {LATER}")
    desk.die_when_slack_has_it()
    assert len(desk.cards()) == 1
    desk.publish_all()
    [card] = desk.cards()
    desk.rig.ask(f"cancel #{loan.id}")
    desk.publish_all()
    assert [m.ts for m in desk.cards()] == [card.ts]
    assert not buttons(desk.cards()[0])


def test_an_answer_of_slacks_that_is_lost_brings_no_second_card(desk: Desk) -> None:
    """A connection that breaks says nothing about what was done: it is looked for before anything is sent again."""
    desk.rig.lend(f"lend 1 gpu node to k8s {LATER}")
    desk.fault("lost")
    assert desk.pump.flush() == 0
    assert len(desk.cards()) == 1
    desk.publish_all()
    assert len(desk.cards()) == 1


def test_a_crash_after_slack_took_a_question_brings_no_second_one(desk: Desk) -> None:
    """The later deadline is decided on one message, and one is closed."""
    loan = desk.rig.lend("lend 1 gpu node to k8s for 9 days")
    desk.rig.run_to(State.LENT)
    desk.publish_all()
    which = desk.rig.ask(f"extend #{loan.id} for 2 more days")
    assert isinstance(which, WhichTime)
    grammar.run(SettleExtension(which.readings[0][1]), REQUESTER, desk.rig.core.desk())

    def asking() -> list[Message]:
        return [m for m in desk.messages() if m.thread_ts is not None and "approve" in buttons(m)]

    desk.fault("lost")
    eventually("the question", lambda: desk.pump.flush() is not None and asking())
    desk.publish_all()
    assert len(asking()) == 1


def test_a_card_that_slack_refused_is_looked_for_by_nobody(desk: Desk) -> None:
    """A no is a no: only where Slack may have taken it is the channel read."""
    desk.rig.lend(f"lend 1 gpu node to k8s {LATER}")
    desk.fault("ratelimit")
    desk.publish_all()
    calls = desk.rig.site.site.slack.core.calls
    assert desk.rig.site.call(lambda: calls.counts["conversations.history"]) == 0
    assert len(desk.cards()) == 1


def test_without_the_scope_a_card_may_come_twice_but_is_posted(blind_desk: Desk) -> None:
    """A site that grants less gets its cards all the same."""
    loan = blind_desk.rig.lend(f"lend 1 gpu node to k8s {LATER}")
    blind_desk.die_when_slack_has_it()
    blind_desk.publish_all()
    first, second = blind_desk.cards()
    with blind_desk.rig.core.store.read() as tx:
        own = tx.posts.get(loan.id, PostKind.CARD)
    assert own is not None
    assert (own.ts, first.ts != second.ts) == (second.ts, True)


def double_of(house: House, card: Message) -> Message:
    """Post a card's double, as an earlier lendbot did that died before it could write that down."""
    told = house.site.site_json
    client = WebClient(told["bot_token"], base_url=told["slack_api_url"])
    ts = client.chat_postMessage(channel=APPROVALS, text=card.text, blocks=card.blocks)["ts"]
    return next(m for m in house.messages(APPROVALS) if m.ts == ts)


@pytest.fixture(scope="module")
def quiet_house() -> Iterator[House]:
    with at_work() as house:
        yield house


def test_a_press_on_a_double_counts_and_takes_its_buttons_off(quiet_house: House) -> None:
    """Whoever approves there has approved, and finds the way to the card that will be kept up to date."""
    house = quiet_house
    loan = house.request()
    double = double_of(house, house.card(loan))
    assert house.click(double, "approve", APPROVER)["acked"]
    eventually("a decision", lambda: house.loan(loan).state is State.APPROVED)
    eventually("no buttons", lambda: not buttons(double))
    assert f"/archives/{APPROVALS}/p{house.card(loan).ts.replace('.', '')}" in shown(double)
    eventually("a card that says so", lambda: APPROVER in shown(house.card(loan)))


def test_a_press_on_a_double_of_a_decided_card_changes_nothing_and_ends_it(quiet_house: House) -> None:
    """The Approve that stayed for ever goes with the first press on it."""
    house = quiet_house
    loan = house.request()
    double = double_of(house, house.card(loan))
    house.click(house.card(loan), "approve", APPROVER)
    eventually("a decision", lambda: house.loan(loan).state is State.APPROVED)
    before = len(house.seen_by(APPROVER, APPROVALS))
    house.click(double, "decline", APPROVER)
    eventually("an answer", lambda: len(house.seen_by(APPROVER, APPROVALS)) > before)
    eventually("no buttons", lambda: not buttons(double))
    assert house.loan(loan).state is State.APPROVED


def test_a_press_on_the_card_itself_leaves_it_where_it_is(quiet_house: House) -> None:
    """Only what is known to be a double is replaced."""
    house = quiet_house
    loan = house.request()
    card = house.card(loan)
    house.click(card, "approve", APPROVER)
    eventually("a decision", lambda: house.loan(loan).state is State.APPROVED)
    eventually("a card that says so", lambda: APPROVER in shown(house.card(loan)))
    assert "Replaced" not in shown(card)
