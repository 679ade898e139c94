"""Outbox to Slack on bad days: whatever Slack does, each card comes, and comes true."""

from dataclasses import replace

from commands import grammar
from commands.decide import Approve
from commands.desk import Caller
from commands.lend import SignOff
from commands.replies import Decided, Preview, Requested
from loans.policy import Person
from sandbox.faults import Fault
from store.outbox import Letter
from tests.bot.house import APPROVALS, APPROVER, LEND, REQUESTER, House, buttons, eventually, shown

ASKER = Caller(Person(REQUESTER, tz="America/Indiana/Indianapolis"), "C0HPCOPS01")
DECIDER = Caller(Person(APPROVER, frozenset({"S0GPUAPPR1"})))


def requested(house: House) -> int:
    """Ask for a loan without Slack."""
    desk = house.program._core.desk()
    preview = grammar.run(grammar.read(LEND), ASKER, desk)
    assert isinstance(preview, Preview)
    asked = grammar.run(SignOff(preview.draft), ASKER, desk)
    assert isinstance(asked, Requested)
    return asked.loan.id


def approved(house: House, loan: int) -> None:
    """Sign it without Slack."""
    assert isinstance(grammar.run(Approve(loan), DECIDER, house.program._core.desk()), Decided)


def waiting(house: House) -> list[Letter]:
    with house.store.read() as tx:
        far_off = replace(house.program._core.desk()).now.replace(year=2099)
        return list(tx.outbox.due(far_off, 999))


def test_a_change_while_slack_is_down_is_shown_when_it_is_back(house: House) -> None:
    """An outage of Slack's hides nothing: the card comes, and says how things stand then."""
    house.site.call(lambda: house.site.faults.set(Fault("slack", "refuse")))
    loan = requested(house)
    eventually("a try", lambda: any(letter.tries for letter in waiting(house)))
    approved(house, loan)
    assert not [m for m in house.cards() if f"#{loan} " in shown(m)]
    house.site.call(house.site.faults.clear)
    card = house.card(loan, APPROVER)
    assert not {"approve", "decline"} & buttons(card)
    eventually("the asker hears", lambda: [m for m in house.dms(REQUESTER) if f"#{loan}" in shown(m)])


def test_slack_that_asks_to_slow_down_is_obeyed_and_nothing_is_lost(house: House) -> None:
    """429 is a pause, not a loss."""
    house.site.call(lambda: house.site.faults.set(Fault("slack", "ratelimit", times=2)))
    loan = requested(house)
    house.card(loan)


def test_rubbish_from_slack_is_tried_again(house: House) -> None:
    """A proxy's error page instead of JSON stops nobody's card."""
    house.site.call(lambda: house.site.faults.set(Fault("slack", "rubbish", times=2)))
    loan = requested(house)
    house.card(loan)


def test_a_card_that_somebody_deleted_comes_again(house: House) -> None:
    """Whoever tidies up the channel does not take the loan out of sight."""
    loan = requested(house)
    card = house.card(loan)
    room = house.site.call(lambda: house.site.site.slack.workspace.channels[APPROVALS])
    house.site.call(lambda: room.messages.pop(card.ts))
    approved(house, loan)
    again = house.card(loan, APPROVER)
    assert again.ts != card.ts


def test_a_message_that_cannot_be_drawn_holds_up_nobody(house: House) -> None:
    """Our own mistake in one message is that message's alone."""
    loan = requested(house)
    house.card(loan)
    now = house.program._core.desk().now
    with house.store.write() as tx:
        poison = tx.outbox.put(Letter("thread", loan, "", {"news": "of a version that is gone"}, now))
    approved(house, loan)
    house.card(loan, APPROVER)
    eventually("the poison waits", lambda: any(x.id == poison.id and x.tries for x in waiting(house)))
    with house.store.write() as tx:
        tx.outbox.dropped(poison, now, "the test is over")


def test_a_person_who_left_holds_up_nobody(house: House) -> None:
    """A direct message to nobody is dropped, and said so in the log."""
    loan = requested(house)
    now = house.program._core.desk().now
    with house.store.write() as tx:
        gone = tx.outbox.put(Letter("requester", loan, "U0GONE0001", {"news": "lent"}, now))
    eventually("it is dropped", lambda: gone.id not in {letter.id for letter in waiting(house)})


def test_a_second_program_sends_nothing_twice(house: House) -> None:
    """What was sent is sent: a restart repeats no message."""
    loan = requested(house)
    card = house.card(loan)
    eventually("all is out", lambda: not waiting(house))
    count = len(house.cards())
    assert house.program._publisher.flush() == 0
    assert len(house.cards()) == count
    assert house.card(loan).ts == card.ts
