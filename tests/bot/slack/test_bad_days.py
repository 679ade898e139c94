"""Slack that hangs, hangs up, or is fine while our store is not: loans go on, and cards come true afterwards."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.publishing.pump import Pump
from bot.publishing.surroundings import Surroundings
from bot.slack.line import SocketLine, bolt_app, web_client
from loans.loan import State
from sandbox.faults import Fault
from sandbox.slack import seed
from sandbox.slack.records import Message
from tests.bot.house import APPROVALS, APPROVER, REQUESTER, House, at_work, buttons, eventually, shown
from tests.conversion.rig import Rig, rigged
from tests.patience import PATIENCE_S
from tests.stories.store_lock import Lock, impatient, lock_on

SILENCE_S = 0.3
"""How long the pump waits for Slack here; in the product it is 10 s."""


@dataclass
class Desk:
    """A site without a running lendbot: the test turns the engine, and the pump, by hand."""

    rig: Rig
    pump: Pump
    lock: Lock

    def fault(self, mode: str, times: int | None = None) -> None:
        self.rig.site.call(lambda: self.rig.site.faults.set(Fault("slack", mode, times=times)))

    def messages(self, channel: str) -> list[Message]:
        workspace = self.rig.site.site.slack.workspace
        return self.rig.site.call(lambda: list(workspace.channels[channel].messages.values()))

    def cards(self) -> list[Message]:
        return [m for m in self.messages(APPROVALS) if m.thread_ts is None]

    def waiting(self) -> int:
        with self.rig.core.store.read() as tx:
            return tx.outbox.backlog().count

    def publish_all(self) -> None:
        eventually("an empty outbox", lambda: self.pump.flush() == 0 and not self.waiting())


@pytest.fixture
def desk() -> Iterator[Desk]:
    with rigged(impatient, gpu_nodes=4, cpu_nodes=0, busy=0.0) as rig, lock_on(rig.site.paths / "lendbot.db") as lock:
        told = rig.site.site_json
        yield Desk(rig, pump(rig, told, timeout_s=SILENCE_S), lock)


def pump(rig: Rig, told: dict[str, Any], timeout_s: float) -> Pump:
    client = WebClient(told["bot_token"], base_url=told["slack_api_url"], timeout=timeout_s)  # type: ignore[arg-type]
    core = rig.core
    beside = Surroundings(core.store, core.desk)
    return Pump(core.store, client, core.desk, beside, oncall=seed.C_ONCALL, clock=core.clock)


def test_slack_that_hangs_holds_up_no_node_and_costs_a_turn_one_wait(desk: Desk) -> None:
    """The nodes go out and come home meanwhile; afterwards there is one card, and it is true."""
    loan = desk.rig.lend("lend 1 gpu node to k8s for 9 days")
    desk.fault("hang")
    assert desk.pump.flush() == 0
    desk.rig.run_to(State.LENT)
    assert desk.waiting() > 2, "more than one message waits"
    assert desk.pump.flush() == 0
    assert len(desk.rig.site.call(desk.rig.site.faults.listed)) == 1
    desk.rig.ask(f"give back #{loan.id}")
    desk.rig.run_to(State.RETURNED)
    assert not desk.cards()
    desk.rig.site.call(desk.rig.site.faults.clear)
    desk.publish_all()
    [card] = desk.cards()
    assert "returned" in shown(card)
    assert not buttons(card)
    desk.rig.assert_harmless_and_home()


def test_a_store_that_is_locked_while_slack_takes_a_card_brings_no_second_card(desk: Desk) -> None:
    """What is out is out: it is written down as soon as the store takes it, and not posted again."""
    patient = pump(desk.rig, desk.rig.site.site_json, timeout_s=10.0)
    desk.rig.lend("lend 1 gpu node to k8s from tomorrow 8am until tomorrow 6pm")
    taken = slow_answers(desk)
    from_slack: list[int] = []

    def flush() -> None:
        from_slack.append(patient.flush())

    run_until_taken(desk, flush, taken)
    assert from_slack == [0]
    assert len(desk.cards()) == 1
    assert patient.flush() == 0, "while nothing can be written down, nothing is sent"
    desk.lock.leave()
    eventually("an empty outbox", lambda: patient.flush() == 0 and not desk.waiting())
    assert len(desk.cards()) == 1
    said = [shown(m) for m in dms(desk)]
    assert len(said) == len(set(said)), "nobody reads the same twice"


def slow_answers(desk: Desk) -> Any:
    """Let Slack take its time over the next call, and return a question for whether that call has come."""
    desk.fault("slow", times=1)
    return lambda: not desk.rig.site.call(desk.rig.site.faults.listed)


def run_until_taken(desk: Desk, work: Any, taken: Any) -> None:
    """Do the work in a thread, and lock the store as soon as Slack has its call."""
    thread = Thread(target=work)
    thread.start()
    eventually("a call", taken)
    desk.lock.take()
    thread.join(PATIENCE_S)


def dms(desk: Desk) -> list[Message]:
    room = desk.rig.site.call(lambda: desk.rig.site.site.slack.workspace.dm(REQUESTER))
    return desk.messages(room.id)


@pytest.fixture(scope="module")
def fast_house() -> Iterator[House]:
    with at_work(adjust=impatient, speed=600.0, gpu_nodes=4) as house:
        yield house


@pytest.mark.parametrize("how", ["asked to come back", "cut off"])
def test_a_socket_that_ends_in_the_middle_of_a_loan_is_opened_again(fast_house: House, how: str) -> None:
    """Slack ends every socket now and then; what is pressed afterwards works, and the loan did not notice."""
    house = fast_house
    loan = house.request(words="lend 1 gpu node to k8s for 9 days")
    house.click(house.card(loan), "approve", APPROVER)
    eventually("nodes on their way", lambda: house.loan(loan).state in {State.LENDING, State.LENT})
    sockets = house.site.site.slack.sockets
    before = set(house.site.call(lambda: [id(each) for each in sockets.sockets]))
    if how == "cut off":
        house.site.call(lambda: [each.hang_up() for each in sockets.sockets])
    else:
        house.site.call(lambda: house.site.faults.set(Fault("slack", "disconnect", times=1)))

    def is_back() -> bool:
        return bool({id(s) for s in house.site.call(lambda: [s for s in sockets.sockets if not s.is_leaving])} - before)

    eventually("another socket", is_back)
    eventually("the loan", lambda: house.loan(loan).state is State.LENT)
    card = house.card(loan, "in k8s until")
    assert house.click(card, "give_back", APPROVER)["acked"]
    eventually("the nodes at home", lambda: house.loan(loan).state is State.RETURNED)
    house.card(loan, "returned")
    assert house.site.call(house.site.world.tally) == {"jobs_killed": 0, "pods_killed": 0}


def test_one_socket_follows_one_that_was_cut_off(fast_house: House) -> None:
    """The SDK and lendbot both watch the line: a second socket would cut the first, and lose what is on its way."""
    house = fast_house
    line: Any = house.program._line
    sockets = house.site.site.slack.sockets

    def live() -> set[int]:
        return set(house.site.call(lambda: [id(each) for each in sockets.sockets if not each.wire.closed]))

    before, client = live(), line._handler.client
    house.site.call(lambda: [each.hang_up() for each in sockets.sockets])
    for _ in range(3):
        line.check()
    eventually("another socket", lambda: live() - before)
    fresh = live()
    line.check()
    assert live() == fresh
    assert line._handler.client is client


def test_a_client_that_is_silent_for_long_is_replaced(fast_house: House) -> None:
    """Clients wedge while they look alive, and open sockets that they never read: only a ping tells."""
    house = fast_house
    line: Any = house.program._line
    client = line._handler.client
    line._alive_at_s -= 1000.0
    client.current_session.last_ping_pong_time = None
    assert line.silent_for() > line._silent_after
    line.check()
    assert line._handler.client is not client
    assert line.silent_for() < timedelta(seconds=60)
    assert house.slash("help")["acked"]
    house.answer(REQUESTER, "history")


def test_a_line_that_finds_slack_away_connects_when_it_is_back(fast_house: House) -> None:
    """lendbot starts all the same, for nodes may be on their way home, and tries again by itself."""
    house = fast_house
    settings = house.program._core.settings.slack
    client = web_client(settings)
    line = SocketLine(bolt_app(settings, client), settings, client)
    house.site.call(lambda: house.site.faults.set(Fault("slack", "refuse")))
    line.start()
    assert line.silent_for() == timedelta.max
    house.site.call(house.site.faults.clear)
    line.check()
    assert line.silent_for() < timedelta(seconds=60)
    line.close()
    own: Any = house.program._line
    eventually("the house's own socket", own._handler.client.is_connected)


def test_a_person_who_speaks_while_the_store_is_locked_reads_so_and_is_heard_afterwards(fast_house: House) -> None:
    """No traceback, no silence, and nothing half done."""
    house = fast_house
    before = len(house.seen_by(REQUESTER))
    with lock_on(house.site.paths / "lendbot.db") as lock:
        lock.take()
        assert house.slash("loans")["acked"]
        eventually("an answer", lambda: len(house.seen_by(REQUESTER)) > before)
        said = shown(house.seen_by(REQUESTER)[-1])
        assert "can't reach my own store" in said
        assert "say it again" in said
        assert not any(word in json.loads(said)[0] for word in ("Traceback", "sqlite", "Error"))
    loan = house.request(words="lend 1 gpu node to k8s from tomorrow 8am until tomorrow 6pm")
    assert house.loan(loan).state is State.REQUESTED
