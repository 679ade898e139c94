"""Alarms as people meet them in Slack: nobody looks for an hour, and a channel that takes nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from conversion import alarms
from loans.alarms import Alarm, AlarmKind
from loans.facts import AlarmSolved, AlarmTaken, CalledAgain, GotStuck, Told
from loans.loan import Loan, NodeState, State
from loans.runbook import StepName
from sandbox.slack.records import Channel, Message
from tests.bot.house import (
    APPROVALS,
    APPROVER,
    ONCALL,
    ONCALL_ROOM,
    REQUESTER,
    House,
    at_work,
    buttons,
    eventually,
    shown,
)
from tests.phases import NODES, stand
from tests.stories.transcript import Story, press

NO_BOOT = "BMC says on; Slurm says DOWN+DRAIN, no registration yet (for 20 min), after 3 tries"


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with at_work() as found:
        yield found


def alarm_of(house: House, kind: AlarmKind) -> Alarm:
    with house.store.read() as tx:
        return tx.alarms.open(kind)[-1]


def a_stuck_node(house: House) -> int:
    """Have a loan with a node that doesn't boot on its way home."""
    loan = house.request()
    house.card(loan)
    now = house.program._core.clock.now()
    with house.store.write() as tx:
        stand(tx, loan, "stuck", now, signed_by=APPROVER, asked_by=REQUESTER)
        tx.nodes.save(replace(tx.nodes.get(loan, NODES[1]), state=NodeState.HOME, blocked=False))
        tx.nodes.save(replace(tx.nodes.get(loan, NODES[0]), step=StepName.BOOT, note=NO_BOOT))
        stuck = tx.facts.tell(Told(GotStuck(StepName.BOOT, NO_BOOT), now, loan_id=loan, node=NODES[0]))
        alarms.stuck(tx, stuck, tx.loans.get(loan), house.program._core.pace)
    return loan


def pass_by(house: House, alarm: Alarm, span: timedelta) -> None:
    """Let time go by for an alarm."""
    with house.store.write() as tx:
        known = tx.alarms.get(alarm.id)
        assert known is not None
        assert known.call_at is not None
        tx.alarms.save(replace(known, called_from=known.called_from - span, call_at=known.call_at - span))


def on_oncall(house: House, word: str) -> list[Message]:
    return [m for m in house.messages(ONCALL_ROOM) if word in shown(m)]


def test_nobody_looks_for_an_hour(house: House, request: pytest.FixtureRequest) -> None:
    """Somebody who sleeps is called again, then somebody else is; whoever comes ends it, and it is over everywhere."""
    loan = a_stuck_node(house)
    story = Story(house, "nobody_looks", loan)
    alarm = alarm_of(house, AlarmKind.STUCK)
    eventually("all three", lambda: all(story.of_loan(place) for place in ("#hpc-oncall", "thread")))
    eventually("the requester", lambda: any("stuck" in text for text in story.of_loan("DM to requester")))
    story.tell("gpu001 doesn't boot", "#hpc-oncall", "thread", "DM to requester")
    for call, span in enumerate((15, 15, 30), start=1):
        pass_by(house, alarm, timedelta(minutes=span))
        eventually(f"call {call}", lambda: len(story.of_loan("#hpc-oncall")) == call + 1)  # noqa: B023 - at once
        story.lines += [f"== {span} minutes later", "-- #hpc-oncall", story.of_loan("#hpc-oncall")[-1]]
    pressed = [m for m in house.messages(ONCALL_ROOM) if "alarm_take" in buttons(m)][-1]
    press(house, pressed, "alarm_take", ":eyes:", APPROVER)
    eventually("in hand everywhere", lambda: all(":eyes:" in text for text in story.of_loan("#hpc-oncall")))
    story.lines += ["== approver presses I'm looking", "-- #hpc-oncall", story.of_loan("#hpc-oncall")[-1]]
    press(house, pressed, "alarm_again", "home again", APPROVER)
    now = house.program._core.clock.now
    eventually("on the way", lambda: _state(house, loan) == "returning")
    with house.store.write() as tx:
        tx.nodes.save(replace(tx.nodes.get(loan, NODES[0]), state=NodeState.HOME, left_at=now()))
        alarms.came_home(tx, tx.loans.get(loan), NODES[0], now())
        tx.loans.save(replace(tx.loans.get(loan), state=State.RETURNED, ended_at=now()))
    eventually("solved everywhere", lambda: all("Solved" in t for t in story.of_loan("#hpc-oncall")))
    eventually("solved below the card", lambda: any("Solved" in t for t in story.of_loan("thread")))
    eventually("solved for the requester", lambda: any("Solved" in t for t in story.of_loan("DM to requester")))
    story.tell("approver presses Try again, and the node comes home", "#hpc-oncall", "thread", "DM to requester")
    assert not [m for m in on_oncall(house, f"#{loan} ") if buttons(m)], "nothing is left to press"
    story.is_as_golden(request)
    with house.store.read() as tx:
        who = {type(told.fact): (told.who.id, bool(told.who.team)) for told in tx.facts.of(loan)}
        assert len(tx.facts.of(loan, CalledAgain)) == 3
    assert who[AlarmTaken] == who[AlarmSolved] == (APPROVER, True)


def _state(house: House, loan: int) -> str:
    with house.store.read() as tx:
        return tx.nodes.get(loan, NODES[0]).state


@pytest.fixture
def channels(house: House) -> Iterator[dict[str, Channel]]:
    """The channels, none of them archived afterwards."""
    found = house.site.call(lambda: house.site.site.slack.workspace.channels)
    yield found

    def open_all() -> None:
        for channel in found.values():
            channel.is_archived = False

    house.site.call(open_all)


def archive(house: House, channel: Channel, *, so: bool = True) -> None:
    house.site.call(lambda: setattr(channel, "is_archived", so))


def test_an_archived_channel(house: House, channels: dict[str, Channel], request: pytest.FixtureRequest) -> None:
    """Whoever asked doesn't wait for a decision that nobody can see, and it is mended by who is told."""
    archive(house, channels[APPROVALS])
    before = {loan.id for loan in _mine(house)}
    house.slash("lend 1 gpu node to k8s from tomorrow 8am until tomorrow 6pm")
    preview = eventually("a preview", lambda: [m for m in house.seen_by(REQUESTER) if "sign_off" in buttons(m)])[-1]
    house.click(preview, "sign_off", REQUESTER)
    [loan] = eventually("a loan", lambda: {loan.id for loan in _mine(house)} - before)
    story = Story(house, "archived_channel", loan)
    eventually("on-call", lambda: story.of_loan("#hpc-oncall"))
    eventually("the requester", lambda: story.of_loan("DM to requester"))
    story.tell("#lend-approvals is archived, and requester asks for a node", "#hpc-oncall", "DM to requester")
    archive(house, channels[APPROVALS], so=False)
    house.card(loan)
    eventually("solved", lambda: any("Solved" in text for text in story.of_loan("DM to requester")))
    eventually("solved", lambda: any("can write in" in shown(m) for m in house.messages(ONCALL_ROOM)))
    story.tell("it is unarchived", "DM to requester")
    story.is_as_golden(request)


def _mine(house: House) -> tuple[Loan, ...]:
    with house.store.read() as tx:
        return tx.loans.recent(9, REQUESTER)


def test_on_call_is_told_in_person_when_their_channel_takes_nothing(house: House, channels: dict[str, Channel]) -> None:
    """An alarm that nobody can read is one that nobody hears."""
    archive(house, channels[ONCALL_ROOM])
    loan = a_stuck_node(house)
    told = eventually("a direct message", lambda: [m for m in house.dms(ONCALL) if f"#{loan}" in shown(m)])[-1]
    assert {"alarm_take", "alarm_again"} <= buttons(told)
    eventually("and why there", lambda: [m for m in house.dms(ONCALL) if "archived" in shown(m)])
    archive(house, channels[ONCALL_ROOM], so=False)
    press(house, told, "alarm_take", ":eyes:")
    eventually("in hand in the channel", lambda: [m for m in on_oncall(house, f"#{loan}") if ":eyes:" in shown(m)])
