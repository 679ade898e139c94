"""Outbox to Slack on bad days: whatever Slack does, each card comes, and comes true."""

from dataclasses import replace
from datetime import timedelta

from commands import grammar
from commands.decide import Approve
from commands.desk import Caller
from commands.lend import SignOff
from commands.replies import Decided, ExtensionDecided, Preview, Requested
from conversion import orders
from loans.facts import Actor, ExtensionAsked, Told, Withdrawn
from loans.lifecycle import AskExtension
from loans.loan import NodeLoan, NodeState, State
from loans.nodes import NodeName
from loans.policy import Person
from sandbox.faults import Fault
from sandbox.slack.records import Message
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
        far_off = replace(house.program._core.desk()).now + timedelta(days=999)
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
        poison = tx.outbox.put(Letter("thread", loan, "", now, fact_id=4711))
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
        told = tx.facts.tell(Told(Withdrawn(), now, loan_id=loan))
        gone = tx.outbox.put(Letter("requester", loan, "U0GONE0001", now, fact_id=told.id))
    eventually("it is dropped", lambda: gone.id not in {letter.id for letter in waiting(house)})


def lent(house: House, node: str) -> int:
    """Return a loan that has a node in Kubernetes, as far as lendbot knows."""
    loan_id = requested(house)
    approved(house, loan_id)
    now = house.program._core.desk().now
    with house.store.write() as tx:
        tx.loans.save(replace(tx.loans.get(loan_id), state=State.LENT, started_at=now, until=now + timedelta(days=3)))
        tx.nodes.add(NodeLoan(loan_id, NodeName(node), 1, now, now, state=NodeState.LENT))
        tx.outbox.card(loan_id, now)
    return loan_id


def test_a_lent_card_counts_pods_and_is_edited_only_when_the_count_is_another(house: House) -> None:
    """Whoever thinks of a recall sees how much work it would end; a count that stands is not an edit."""
    surroundings = house.program._surroundings
    loan = lent(house, "gpu001")
    house.card(loan, "no pods on them at")
    eventually("all is out", lambda: not waiting(house))
    surroundings.recount()
    assert not [letter for letter in waiting(house) if letter.loan_id == loan]
    surroundings._told[loan] = 3
    surroundings.recount()
    assert [letter.kind for letter in waiting(house) if letter.loan_id == loan] in (["card"], [])
    eventually("it is counted anew", lambda: surroundings._told[loan] == 0)
    end(house, loan)


def extension_asked(house: House, loan: int, longer: timedelta) -> Message:
    """Ask for a later deadline without Slack; return the question that approvers get."""
    seen = {m.ts for m in house.messages(APPROVALS)}
    with house.store.write() as tx:
        now, at = house.program._core.desk().now, tx.loans.get(loan)
        event = AskExtension(REQUESTER, at.until + longer, at.until)
        orders.record(tx, at, event, now, ExtensionAsked(event.until, event.lapses_at), by=Actor(REQUESTER))

    def new_question() -> list[Message]:
        said = [m for m in house.messages(APPROVALS) if m.ts not in seen]
        return [m for m in said if m.is_broadcast and "approve" in buttons(m)]

    return eventually("the question", new_question)[-1]


def test_a_question_about_a_later_deadline_loses_its_buttons_with_the_answer(house: House) -> None:
    """It is asked on the card and in the thread: an answer to one is an answer to both."""
    loan = lent(house, "gpu002")
    desk = house.program._core.desk()
    question = extension_asked(house, loan, timedelta(days=1))
    assert isinstance(grammar.run(Approve(loan), DECIDER, desk), ExtensionDecided)
    eventually("no buttons in the thread", lambda: not buttons(question))
    assert "settled" in shown(question)
    end(house, loan)


def test_a_question_that_is_asked_anew_leaves_one_to_answer(house: House) -> None:
    """Nobody signs the deadline that its asker has thought better of; the old question says so itself."""
    loan = lent(house, "gpu002")
    first = extension_asked(house, loan, timedelta(days=1))
    second = extension_asked(house, loan, timedelta(days=2))
    eventually("no buttons on the first", lambda: not buttons(first))
    assert "replaced by a newer request" in shown(first)
    assert "approve" in buttons(second)
    end(house, loan)


def end(house: House, loan_id: int) -> None:
    """Give the node back to the store: the site never had it."""
    with house.store.write() as tx:
        for part in tx.nodes.of(loan_id):
            tx.nodes.save(replace(part, state=NodeState.HOME))
        tx.loans.save(replace(tx.loans.get(loan_id), state=State.RETURNED))


def test_a_second_program_sends_nothing_twice(house: House) -> None:
    """What was sent is sent: a restart repeats no message."""
    loan = requested(house)
    card = house.card(loan)
    eventually("all is out", lambda: not waiting(house))
    count = len(house.cards())
    assert house.program._pump.flush() == 0
    assert len(house.cards()) == count
    assert house.card(loan).ts == card.ts
