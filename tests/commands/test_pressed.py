"""A press answers the text that was shown: one that is not so any more is refused, with what differs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from commands.blocked import Force, Wait
from commands.cancel import Cancel
from commands.decide import Approve, Decline, to_decline
from commands.extend import Extend, SettleExtension, to_extend
from commands.give_back import GiveBack
from commands.refusals import AlreadyDecided, ExtensionSettled, StaleDraft
from commands.replies import CardDiffers, Decided, ExtensionDecided, Forced, GoingHome, WaitsOn, WhichTime, Withdrawn
from loans import facts
from loans.loan import Extension, Loan, NodeState, State
from loans.nodes import NodeName
from loans.shown import ForcedBefore, NotBlocked, OtherAsker, OtherDeadline, OtherStage, OtherTerms, Shown
from tests.commands.counter import APPROVER, ONCALL, REQUESTER, SECOND_APPROVER, Counter
from tests.moment import dated, days_on

DAY = timedelta(days=1)
Ask = Callable[[Shown], Any]


def changed(counter: Counter, **now: Any) -> Loan:
    """Change loan #1 as nobody can: by hand, in its row."""
    with counter.store.write() as tx:
        return tx.loans.save(replace(tx.loans.get(1), **now))


def part_of(counter: Counter, **now: Any) -> Shown:
    """Change what the node of loan #1 is at, and return what its card shows then."""
    with counter.store.write() as tx:
        [part] = tx.nodes.of(1)
        return Shown.of(tx.loans.get(1), tx.nodes.save(replace(part, **now)))


@pytest.mark.parametrize(
    ("ask", "done"),
    [
        (lambda card: Approve(1, "request", card), Decided),
        (lambda card: Decline(1, "no", "request", card), Decided),
        (lambda card: Cancel(1, card), Withdrawn),
    ],
    ids=["approve", "decline", "cancel"],
)
@pytest.mark.parametrize(
    ("now", "differs"),
    [({"count": 4}, OtherTerms), ({"purpose": "mining"}, OtherTerms), ({"until": DAY}, OtherDeadline)],
    ids=["count", "purpose", "until"],
)
def test_a_request_is_decided_on_as_it_was_shown(
    counter: Counter, ask: Ask, done: type, now: dict[str, Any], differs: type
) -> None:
    """Nobody signs four nodes who has read two."""
    card = Shown.of(counter.request())
    if "until" in now:
        now = {"until": counter.loan().until + now["until"]}
    loan = changed(counter, **now)
    answer = counter.do(ask(card), APPROVER)
    assert isinstance(answer, CardDiffers)
    assert [type(change) for change in answer.changes] == [differs]
    assert (answer.one.loan, counter.loan()) == (loan, loan)
    assert isinstance(counter.do(ask(Shown.of(loan)), APPROVER), done)


def test_a_decision_keeps_the_text_that_was_decided_on(counter: Counter) -> None:
    """Years later it can be read what somebody signed, by a button or in words."""
    pressed, typed = (counter.loan(counter.request().id) for _ in range(2))
    counter.do(Approve(pressed.id, "request", Shown.of(pressed)), APPROVER)
    counter.say(f"decline #{typed.id} because no", APPROVER)
    with counter.store.read() as tx:
        told = [fact.fact for loan in (pressed, typed) for fact in tx.facts.of(loan.id, facts.Decided)]
    yes, no = facts.Decided(approved=True, on=pressed.text), facts.Decided(approved=False, note="no", on=typed.text)
    assert told == [yes, no]


def asks_for(counter: Counter, by: str) -> Loan:
    """Have loan #1 wait for a decision on a later deadline."""
    until = counter.loan().until + DAY
    return changed(counter, extension=Extension(until, by, counter.now, counter.now + DAY))


@pytest.mark.parametrize("ask", [Approve, Decline])
def test_a_later_deadline_that_somebody_else_asks_for_now_is_not_the_one_that_was_shown(
    counter: Counter, ask: Any
) -> None:
    """The same hour, but another's wish: the first asker might be the one who signs it."""
    counter.lent("gpu001")
    shown = asks_for(counter, REQUESTER.person.id)
    again = asks_for(counter, ONCALL.person.id)
    answer = counter.do(ask(1, what=shown.awaits, card=Shown.of(shown)), APPROVER)
    assert isinstance(answer, CardDiffers)
    assert answer.changes == (OtherAsker(),)
    assert counter.loan() == again
    assert isinstance(counter.do(ask(1, what=again.awaits, card=Shown.of(again)), APPROVER), ExtensionDecided)


def test_who_comes_second_hears_who_was_first_and_not_that_the_deadline_moved(counter: Counter) -> None:
    """The usual reason why a card is not as it was: a colleague pressed a second before."""
    counter.lent("gpu001")
    which = counter.say("extend #1 for 1 day")
    assert isinstance(which, WhichTime)
    counter.do(SettleExtension(which.readings[0][1]))
    shown = counter.loan()
    ask = Approve(1, shown.awaits, Shown.of(shown))
    assert isinstance(counter.do(ask, APPROVER), ExtensionDecided)
    assert isinstance(counter.do(ask, SECOND_APPROVER), ExtensionSettled)
    found = to_decline(shown.awaits, Shown.of(shown), counter.desk)
    assert isinstance(found, ExtensionSettled)


def test_a_form_opens_for_what_was_shown_alone(counter: Counter) -> None:
    """Nobody writes a reason, or a date, for something they have not read."""
    card = Shown.of(counter.request())
    assert isinstance(to_decline("request", card, counter.desk), Loan)
    assert isinstance(to_extend(card, counter.desk), Loan)
    changed(counter, purpose="mining")
    assert isinstance(to_decline("request", card, counter.desk), CardDiffers)
    assert isinstance(to_extend(card, counter.desk), CardDiffers)
    counter.say("approve #1", APPROVER)
    assert isinstance(to_decline("request", card, counter.desk), AlreadyDecided)


def test_what_moves_by_itself_keeps_no_button_from_working(counter: Counter) -> None:
    """A reminder's Return now works all weekend, whatever version the loan has come to."""
    card = Shown.of(counter.lent("gpu001", state=State.LENDING))
    changed(counter, lent_at=counter.now, state=State.LENT)
    asks_for(counter, REQUESTER.person.id)
    assert isinstance(counter.do(GiveBack(1, card=card)), GoingHome)


@pytest.mark.parametrize("how", ["asks", "settles", "returns"])
def test_a_deadline_that_has_moved_refuses_what_was_pressed_beside_the_old_one(counter: Counter, how: str) -> None:
    """Whoever ends a loan on Friday believes that it ends on Friday."""
    counter.lent("gpu001")
    card = Shown.of(counter.loan())
    which = counter.say("extend #1 for 1 day")
    assert isinstance(which, WhichTime)
    moved = changed(counter, until=counter.loan().until + timedelta(hours=2))
    day = dated(days_on(5, counter.now))
    ask = {
        "asks": Extend(1, f"until {day} 18:00", card),
        "settles": SettleExtension(which.readings[0][1]),
        "returns": GiveBack(1, card=card),
    }[how]
    answer = counter.do(ask)
    assert isinstance(answer, CardDiffers)
    assert [type(change) for change in answer.changes] == [OtherDeadline]
    assert counter.loan() == moved


def test_a_choice_of_dates_from_before_the_upgrade_is_to_be_made_again(counter: Counter) -> None:
    """It names a number, and nobody knows of which store."""
    counter.lent("gpu001")
    with counter.store.write() as tx:
        until = (counter.loan().until + DAY).isoformat()
        key = tx.drafts.put(REQUESTER.person.id, {"verb": "extend", "loan": 1, "until": until}, counter.now)
    assert counter.do(SettleExtension(key)) == StaleDraft()
    assert counter.loan().extension is None


BLOCKED = {"state": NodeState.RETURNING, "blocked": True}
AHEAD = {
    "try_again": (lambda card: GiveBack(1, "gpu001", card=card), {"state": NodeState.STUCK}, GoingHome),
    "force": (lambda card: Force(1, "gpu001", card), BLOCKED, Forced),
    "wait": (lambda card: Wait(1, "gpu001", card=card), BLOCKED, WaitsOn),
}


@pytest.mark.parametrize("button", AHEAD)
def test_a_nodes_button_means_the_node_as_it_was_shown(counter: Counter, button: str) -> None:
    """An alarm from last night does nothing to a node that has gone on since."""
    ask, stands, done = AHEAD[button]
    counter.lent("gpu001", state=State.STUCK)
    card = part_of(counter, **stands)
    part_of(counter, run=2)
    answer = counter.do(ask(card), APPROVER)
    assert isinstance(answer, CardDiffers)
    state = stands["state"]
    assert answer.changes == (OtherStage(NodeName("gpu001"), state, state),)  # type: ignore[arg-type] - of two kinds
    assert counter.parts()["gpu001"].run == 2
    card = part_of(counter, note="another word of its side's")
    assert isinstance(counter.do(ask(card), APPROVER), done)


def test_what_does_not_block_any_more_is_not_removed(counter: Counter) -> None:
    """A press on last night's question deletes no pod of today."""
    counter.lent("gpu001", state=State.RETURNING)
    card = part_of(counter, **BLOCKED)
    part_of(counter, blocked=False)
    answer = counter.do(Force(1, "gpu001", card), APPROVER)
    assert isinstance(answer, CardDiffers)
    assert answer.changes == (NotBlocked(NodeName("gpu001")),)
    assert counter.parts()["gpu001"].forced_by is None
    assert isinstance(counter.do(Wait(1, "gpu001", card=card), APPROVER), WaitsOn)


def test_who_orders_a_removal_second_hears_who_did(counter: Counter) -> None:
    """It is one order, and one name stands behind it."""
    counter.lent("gpu001", state=State.RETURNING)
    card = part_of(counter, **BLOCKED)
    assert isinstance(counter.do(Force(1, "gpu001", card), APPROVER), Forced)
    answer = counter.do(Force(1, "gpu001", card), ONCALL)
    assert isinstance(answer, CardDiffers)
    assert answer.changes == (ForcedBefore(NodeName("gpu001"), APPROVER.person.id),)
    assert counter.parts()["gpu001"].forced_by == APPROVER.person.id


def test_a_card_that_differs_is_drawn_anew(counter: Counter) -> None:
    """The next reader has the right one before their eyes."""
    card = Shown.of(counter.request())
    changed(counter, count=1)

    def drawn() -> int:
        with counter.store.read() as tx:
            return next(letter.wanted for letter in tx.outbox.due(counter.now, 99) if letter.kind == "card")

    before = drawn()
    counter.do(Approve(1, "request", card), APPROVER)
    assert drawn() == before + 1
