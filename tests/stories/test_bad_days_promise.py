"""The promise itself in trouble: fewer nodes than were promised, and a deadline that people still argue about."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from commands import grammar
from commands.extend import SettleExtension
from commands.replies import ExtensionAsked, ExtensionDecided
from loans import facts
from loans.loan import NODE_MOVING, NodeState, State
from tests.conversion.rig import APPROVER, REQUESTER, Rig
from tests.stories.bad_days import (
    Ambush,
    assert_store_is_true,
    break_,
    card_of,
    go_home,
    go_on,
    go_to,
    lent,
    letters,
    nodes_of,
)


def test_a_loan_that_no_other_node_can_complete_goes_on_short_and_says_so(rig: Rig) -> None:
    """The workshop gets what could be had, and nobody counts machines to find out."""
    loan = rig.lend("lend 2 gpu nodes to k8s for 9 days")

    def no_other(_: str) -> None:
        bad, good = nodes_of(rig, loan.id)
        break_(rig, "puppet", "fail", bad)
        for name in set(rig.site.world.names()) - {bad, good}:
            rig.site.call(lambda name=name: rig.site.world.sneak_job(name, timedelta(days=99)))  # type: ignore[misc]

    ambush: Any = Ambush(rig.core.store, loan.id, {"down"}, no_other)
    go_to(rig, loan.id, State.LENT, ground=rig.with_store(ambush))
    told = {each.fact for each in letters(rig, loan.id, facts.Arrived)}
    assert told == {facts.Arrived(1, 2)}, "what is short is not told of as whole"
    go_on(rig, loan.id, lambda: not {part.state for part in rig.parts(loan.id)} & NODE_MOVING)
    assert sorted(part.state for part in rig.parts(loan.id)) == [NodeState.LENT, NodeState.UNWOUND]
    card = card_of(rig, loan.id)
    assert "1 gpu node in k8s" in card
    assert "1 node short of the 2 requested: no other gpu node was free in Slurm." in card
    go_home(rig, loan.id)


def bring_forward(rig: Rig, loan_id: int) -> None:
    """Let the deadline be now."""
    with rig.core.store.write() as tx:
        tx.loans.save(replace(tx.loans.get(loan_id), until=rig.core.clock.now()))


def extended(rig: Rig, loan_id: int) -> Any:
    """Ask for a later deadline, and say yes to its preview."""
    which: Any = rig.ask(f"extend #{loan_id} until {later(rig, 10)}")
    return grammar.run(SettleExtension(which.readings[0][1]), REQUESTER, rig.core.desk())


def test_the_deadline_does_not_wait_for_a_signature(rig: Rig) -> None:
    """An extension that nobody signed is no promise: the nodes go home, whoever asked hears it, as does the card."""
    loan_id = lent(rig)
    asked = extended(rig, loan_id)
    assert isinstance(asked, ExtensionAsked), asked
    bring_forward(rig, loan_id)
    go_to(rig, loan_id, State.RETURNED)
    assert rig.loan(loan_id).return_why is facts.WhyReturn.DEADLINE
    told = letters(rig, loan_id, facts.ExtensionLapsed)
    lapsed = [each.fact.why for each in told]
    assert lapsed == [facts.WhyLapsed.DEADLINE_PASSED] * 2, "the requester and the thread"
    assert "Approve" not in card_of(rig, loan_id)
    assert_store_is_true(rig, loan_id)


@pytest.mark.parametrize("state", [State.RETURNING, State.RETURNED])
def test_a_signature_that_comes_too_late_is_told_so_and_moves_nothing(rig: Rig, state: State) -> None:
    """The approver's yes may come a second after the deadline; the nodes do not turn round half-way."""
    loan_id = lent(rig)
    extended(rig, loan_id)
    bring_forward(rig, loan_id)
    go_to(rig, loan_id, state, State.RETURNED)
    until = rig.loan(loan_id).until
    late = rig.ask(f"approve #{loan_id}", APPROVER)
    assert not isinstance(late, ExtensionDecided)
    assert rig.loan(loan_id).until == until
    go_to(rig, loan_id, State.RETURNED)
    assert_store_is_true(rig, loan_id)


def test_a_later_deadline_that_is_signed_while_the_nodes_are_still_on_their_way_holds(rig: Rig) -> None:
    """Who sees that it takes long may ask for longer at once."""
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")

    def extend(_: str) -> None:
        assert isinstance(extended(rig, loan.id), ExtensionAsked)
        assert isinstance(rig.ask(f"approve #{loan.id}", APPROVER), ExtensionDecided)

    ambush: Any = Ambush(rig.core.store, loan.id, {"join"}, extend)
    go_to(rig, loan.id, State.LENT, ground=rig.with_store(ambush))
    assert rig.loan(loan.id).until > loan.until
    assert len(rig.parts(loan.id)) == 1
    go_home(rig, loan.id)


def later(rig: Rig, days: int) -> str:
    """Return a day so far from now, as people write it."""
    return f"{rig.core.clock.now() + timedelta(days=days):%Y-%m-%d 17:00}"
