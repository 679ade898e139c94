"""What people say is on the disk before they believe it was heard, and is done once, whoever dies."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import create_engine, text

from loans.facts import Actor, Decided, Told
from store.connect import read_url
from store.db import Store, Tx
from store.errors import NotOurs, StoreUnavailable
from store.inbox import Errand
from store.scribe import Scribe
from tests.store.values import MINUTE, NOW

ME, OTHER = "me", "other"
URL = "https://hooks.slack.example/actions/T0/1/secret"


def an_errand(key: str = "1.2.3", holder: str = ME, person: str = "U0REQUEST1") -> Errand:
    return Errand(
        key, "words", person, NOW, holder, team="T0", channel="C0OPS", what={"text": "give back #12"}, url=URL
    )


def received(store: Store, errand: Errand) -> Errand:
    with store.write() as tx:
        assert tx.inbox.receive(errand)
    return errand


def taken_over(store: Store, holder: str, *living: str) -> tuple[Errand, ...]:
    with store.write() as tx:
        return tx.inbox.take_over(holder, living, 100)


def test_the_same_envelope_is_kept_once_even_when_its_answer_is_long_given(store: Store) -> None:
    """Slack sends again what it believes lost: a node is not given back a second time."""
    kept = received(store, an_errand())
    with store.write() as tx:
        assert not tx.inbox.receive(an_errand())
        tx.inbox.done(kept.key, ME, NOW)
        assert tx.inbox.waiting() == 0
        assert not tx.inbox.receive(an_errand())


def test_what_a_dead_process_had_in_hand_is_taken_over_in_its_order(store: Store) -> None:
    """A command that was acked and then lost in a crash is done after the restart."""
    keys = ["1.3", "1.1", "1.2"]
    came = [replace(an_errand(key, OTHER), received_at=NOW + n * MINUTE) for n, key in enumerate(keys)]
    kept = [received(store, errand) for errand in came]
    assert taken_over(store, ME, OTHER) == ()
    found = taken_over(store, ME)
    assert [errand.key for errand in found] == keys
    assert [(errand.what, errand.url) for errand in found] == [(e.what, e.url) for e in kept]
    assert {(errand.holder, errand.tries) for errand in found} == {(ME, 1)}
    assert taken_over(store, ME) == (), "what one has in hand oneself is not taken over"


def test_two_successors_do_not_take_over_the_same(store: Store) -> None:
    """After a crash two processes start, and a command is done once."""
    received(store, an_errand(holder="dead"))
    assert len(taken_over(store, ME, OTHER)) == 1
    assert taken_over(store, OTHER, ME) == ()


def test_a_process_that_was_frozen_changes_nothing_when_it_wakes(store: Store) -> None:
    """Its command was done by another meanwhile: not twice."""
    kept = received(store, an_errand(holder=OTHER))
    taken_over(store, ME)
    with pytest.raises(NotOurs), store.for_errand(kept.key, OTHER).write() as tx:
        tx.facts.tell(Told(Decided(approved=True), NOW, Actor("U0")))
    with store.write() as tx:
        tx.inbox.done(kept.key, OTHER, NOW)
        assert tx.inbox.waiting() == 1, "nor does it take away what the other has to answer"
        assert tx.facts.recent(9) == ()


def test_a_change_and_the_note_that_its_errand_acted_are_kept_together(store: Store) -> None:
    """Killed between the change and its answer, lendbot answers after the restart, and does not do it again."""
    kept = received(store, an_errand())
    with store.for_errand(kept.key, ME).write() as tx:
        tx.facts.tell(Told(Decided(approved=True), NOW, Actor("U0")))
    [found] = taken_over(store, OTHER)
    assert found.has_acted


def test_a_draft_is_no_act(store: Store) -> None:
    """A preview that was lost is made again: nothing had been decided."""
    kept = received(store, an_errand())
    with store.for_errand(kept.key, ME).write() as tx:
        tx.drafts.put("U0", {}, NOW)
    [found] = taken_over(store, OTHER)
    assert not found.has_acted


def test_what_could_not_be_answered_is_anybodys(store: Store) -> None:
    """Slack was away when the answer was ready: it is given later, by whoever is there."""
    kept = received(store, an_errand())
    with store.write() as tx:
        tx.inbox.put_back(kept.key, ME)
    assert [errand.tries for errand in taken_over(store, ME)] == [0], "Slack's outage is not the errand's fault"


def test_of_an_answered_errand_only_its_key_stays_and_that_not_for_ever(store: Store, address: str) -> None:
    """A response URL lets anybody write in a channel for half an hour, and words are people's own."""
    kept = received(store, an_errand())
    with store.write() as tx:
        tx.inbox.done(kept.key, ME, NOW)
    assert taken_over(store, OTHER) == ()
    engine = create_engine(read_url(address))
    with engine.connect() as connection:
        [row] = connection.execute(text("SELECT * FROM inbox")).all()
    engine.dispose()
    assert not [value for value in row if "give back" in str(value) or "hooks" in str(value)]
    with store.write() as tx:
        assert tx.inbox.forget(NOW) == 0
        assert tx.inbox.forget(NOW + MINUTE) == 1


def test_many_errands_at_once_are_kept_in_few_transactions(store: Store) -> None:
    """An ack waits for the disk: fifty people at once wait for a handful of commits, not for fifty."""
    scribe = Scribe(store)
    transactions: list[Tx] = []

    def receive(key: str) -> Callable[[Tx], object]:
        def change(tx: Tx) -> object:
            transactions.append(tx)
            return tx.inbox.receive(an_errand(key))

        return change

    with store.write():  # whoever writes now lets them gather
        waiting = [scribe.write(receive(f"key {n}")) for n in range(50)]
    for each in waiting:
        each.result(30)
    with store.read() as tx:
        assert tx.inbox.waiting() == 50
    assert len({id(tx) for tx in transactions}) <= 2
    assert scribe.close(10)


def test_one_change_that_fails_does_not_take_the_others_with_it(store: Store) -> None:
    """A bug in one person's command costs another nothing."""
    scribe = Scribe(store)

    def fails(_: Tx) -> None:
        raise LookupError("ours")

    with store.write():
        good = scribe.write(lambda tx: tx.inbox.receive(an_errand("good")))
        bad = scribe.write(fails)
        other = scribe.write(lambda tx: tx.inbox.receive(an_errand("other")))
    assert good.result(30)
    assert other.result(30)
    with pytest.raises(LookupError):
        bad.result(30)
    with store.read() as tx:
        assert tx.inbox.waiting() == 2
    assert scribe.close(10)


def test_what_is_cancelled_in_time_is_never_written(store: Store) -> None:
    """A person who was told that it was not done does not find it done."""
    scribe = Scribe(store)
    with store.write():
        first = scribe.write(lambda tx: tx.inbox.waiting())
        while not first.running():
            pass
        late = scribe.write(lambda tx: tx.inbox.receive(an_errand()))
        assert late.cancel()
    assert first.result(30) == 0
    assert scribe.close(10)
    with store.read() as tx:
        assert tx.inbox.waiting() == 0


def test_an_outage_is_told_to_everybody_who_waits() -> None:
    """Nobody waits for a store that does not answer."""
    scribe = Scribe(Store.open("sqlite:////nowhere/at/all.db"))
    waiting = [scribe.write(lambda tx: tx.inbox.waiting()) for _ in range(3)]
    for each in waiting:
        with pytest.raises(StoreUnavailable):
            each.result(30)
    assert scribe.close(10)
