"""One failure has one reason, wherever it is read: on the card, in the thread, in the history, on the command line."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.views.loan_card import card
from bot.views.news import news
from bot.views.plain import plain
from bot.views.replies import reply
from commands.desk import Caller
from commands.look import one_loan
from loans import facts
from loans.loan import State
from loans.policy import CLI_GROUP, Person
from tests.conversion.rig import Rig
from tests.stories.bad_days import bad_site, break_, go_to, happened, letters

UTC = ZoneInfo("UTC")
OPERATOR = Caller(Person("cli:root", frozenset({CLI_GROUP})))


@pytest.fixture
def rig() -> Iterator[Rig]:
    with bad_site() as found:
        # At this speed half an hour is a second: two failures on a busy machine are further apart.
        found.ground = replace(found.ground, pace=replace(found.ground.pace, breaker_within=timedelta(days=9)))
        yield found


def test_puppet_that_fails_on_each_node_is_the_reason_everywhere(rig: Rig) -> None:
    """Whoever reads the card, the thread, the history or a terminal at night reads the same, and it is the truth."""
    loan = rig.lend("lend 1 gpu node to k8s for 9 days")
    break_(rig, "puppet", "fail")
    go_to(rig, loan.id, State.FAILED)
    with rig.core.store.read() as tx:
        one = one_loan(tx, tx.loans.get(loan.id), rig.core.desk())
    broke = [told.fact for told in happened(rig, loan.id) if isinstance(told.fact, facts.NodeBroke)]
    [why] = {fact.why for fact in broke}
    assert len(broke) == 2, "the second that fails like the first is the last that is taken"
    assert why.startswith("Puppet failed with 6")
    told, _ = letters(rig, loan.id, facts.Failed)
    read_in = {
        "card": plain(card(one), UTC),
        "thread": plain(news(told, one, None), UTC),
        "history": plain(reply(rig.ask(f"history #{loan.id}")), UTC),
        "command line": plain(reply(rig.ask(f"status #{loan.id}", OPERATOR)), UTC),
    }
    short = why[:40]
    assert {where for where, text in read_in.items() if short in text} == set(read_in)
    assert not {where for where, text in read_in.items() if "no node could be had" in text}
