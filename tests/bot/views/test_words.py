"""Names, instants and lengths as people read them, and words that could do harm."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.views import text
from bot.views.happened import happened
from bot.views.news import news, of_the_site
from bot.views.steps import DOING, FAILED, TAKING, from_step, left
from conversion.estimate import Estimate
from conversion.news import hears
from conversion.plans import LEND, RETURN, TAKE
from loans import facts
from loans.facts import KINDS, Told
from loans.loan import NodeState, State
from tests.bot.views import samples
from tests.bot.views.samples import MIN, NOW, part


def test_many_scattered_nodes_are_counted() -> None:
    """A card is not a page of names."""
    shown = text.nodes([f"gpu{number:03}" for number in range(1, 400, 2)])
    assert shown.endswith("and 192 more")
    assert len(shown) < 200


@pytest.mark.parametrize("most", range(2, 40))
def test_a_cut_never_breaks_a_mention_a_date_or_an_entity(most: int) -> None:
    """Half a token is a message full of angle brackets, or one that mentions somebody else."""
    kept = text.cut("a &amp; b <@U0REQUESTER> c <!date^1^{time}|x> &lt;d&gt; and so on", most)
    assert len(kept) <= most
    assert kept.count("<") == kept.count(">")
    assert "&" not in kept.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")


def test_what_people_write_mentions_nobody() -> None:
    """A purpose is not a way to wake the channel."""
    assert text.quote("<!channel> see\n<https://a.example|here> `x`") == (
        "&lt;!channel&gt; see &lt;https://a.example|here&gt; 'x'"
    )


def test_an_instant_is_each_readers_own() -> None:
    """A deadline in the server's zone is a wrong deadline."""
    at = datetime(2026, 11, 28, 4, 59, tzinfo=UTC)
    assert text.moment(at) == "<!date^1795841940^{date_short_pretty} {time}|Sat 28 Nov 04:59 UTC>"


def test_every_step_of_the_runbook_has_words() -> None:
    """A step's own name means nothing to whoever has not read the plans."""
    assert {step.name for step in (*LEND, *RETURN)} == set(DOING)
    assert {step.name for step in TAKE} == set(TAKING)
    assert {step.name for step in LEND} == set(FAILED)


def test_every_fact_has_words_in_a_history() -> None:
    """A fact without words is a history that breaks off where it matters."""
    for told in samples.every_fact():
        assert happened(told.fact).what
    assert {type(told.fact) for told in samples.every_fact()} == set(KINDS.values())


def test_every_fact_that_somebody_hears_of_has_words() -> None:
    """News without words is nobody told."""
    one = samples.one(samples.loan(State.LENT), samples.LENT)
    for told in samples.every_fact():
        if hears(told.fact):
            assert news(told, one, {}).text


@pytest.mark.parametrize(
    ("step", "begin"), [("boot", "verify"), ("evict", "verify"), ("verify", "verify"), ("settle", "resume")]
)
def test_a_stuck_node_goes_on_from_where_a_person_left_it(step: str, begin: str) -> None:
    """The command on the card can be pasted as it is, and is one that the plan knows."""
    assert from_step(part(10, NodeState.STUCK, step)) == begin
    assert begin in {each.name for each in RETURN}


def test_nothing_is_promised_before_there_were_runs() -> None:
    """A guess that looks like an estimate is believed."""
    assert left(samples.LENDING, Estimate(), NOW) is None


def test_nothing_is_promised_while_a_node_is_blocked() -> None:
    """When somebody else's pod leaves is nobody's to foresee."""
    assert left((*samples.HOME[:3], samples.BLOCKED), samples.ESTIMATE, NOW) is None


def test_what_is_left_is_that_of_the_last_node() -> None:
    """The loan is there when its slowest node is."""
    moving = [part(1, NodeState.LENDING, "daemons", since=NOW - MIN), part(2, NodeState.LENDING, "ready", since=NOW)]
    assert left(moving, samples.ESTIMATE, NOW) == timedelta(seconds=80)


def test_on_call_reads_what_a_clock_that_was_set_means_for_loans() -> None:
    """Nobody at night should have to guess whether loans end early because of it."""
    forward = of_the_site(Told(facts.ClockSet(timedelta(hours=2)), NOW)).text
    assert "set 2 h forward" in forward
    assert "No loan is ended by its deadline for the next 10 min" in forward
    back = of_the_site(Told(facts.ClockSet(timedelta(hours=-2)), NOW)).text
    assert "set 2 h back" in back
    assert "No loan is ended" not in back
    off = of_the_site(Told(facts.ClockOff("Slurm", timedelta(hours=-26)), NOW)).text
    assert "Slurm's clock is 1 day 2 h behind lendbot's" in off
    assert "timedatectl" in off
