"""Alarms come back as they were kept, and each message of theirs waits once."""

from dataclasses import replace

import pytest

from loans.alarms import Alarm, AlarmKind, Member
from loans.facts import Actor
from loans.nodes import NodeName
from loans.runbook import StepName
from store.alarms import AlarmPost
from store.db import Store
from tests.store.values import HOUR, MINUTE, NOW

GPU1, GPU2 = Member(1, NodeName("gpu001")), Member(2, NodeName("gpu002"))


def an_alarm() -> Alarm:
    return Alarm(
        "stuck:gpu:no boot", AlarmKind.STUCK, "no boot", NOW, NOW, NOW, node_class="gpu", said="BMC says on",
        step=StepName.BOOT, fact=7, loans=(1, 2), waiting=(GPU1,), helped=(GPU2,), calls=1, call_at=NOW + MINUTE,
        called_at=NOW, posts=2,
    )  # fmt: skip


def test_an_alarm_comes_back_as_it_was_kept(store: Store) -> None:
    """A restart forgets nothing: neither who is called next, nor who took it."""
    with store.write() as tx:
        kept = tx.alarms.add(an_alarm())
    with store.read() as tx:
        assert tx.alarms.get(kept.id) == replace(an_alarm(), id=kept.id) == tx.alarms.of_cause(kept.cause)
    taken = replace(kept, taken=Actor("U0ONCALL01", "T0HPCSITE1"), taken_at=NOW, acted=Actor("cli:root"), act="Try")
    with store.write() as tx:
        tx.alarms.save(taken)
    with store.read() as tx:
        assert tx.alarms.open() == (taken,)
        assert tx.alarms.open(AlarmKind.SIDE) == ()
    with store.write() as tx:
        tx.alarms.save(replace(taken, solved_at=NOW))
        assert tx.alarms.open() == ()
        assert tx.alarms.of_cause(kept.cause) is None


def test_a_cause_with_a_far_sides_words_is_found_by_them(store: Store) -> None:
    """A node's rubbish, however long, raises one alarm and not one at every look."""
    cause = "stuck:gpu:\0" + "no boot " * 1000
    with store.write() as tx:
        kept = tx.alarms.add(replace(an_alarm(), cause=cause))
        found = tx.alarms.of_cause(cause)
        assert found is not None
        assert found.id == kept.id
        assert tx.alarms.of_cause(f"{cause}!") is None


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**70])
def test_a_number_that_no_alarm_can_have_is_none(store: Store, number: int) -> None:
    """A forged button is answered, and no query fails."""
    with store.read() as tx:
        assert tx.alarms.get(number) is None


def test_who_is_to_be_called_is_asked_by_the_time(store: Store) -> None:
    """What is solved calls nobody."""
    with store.write() as tx:
        due = tx.alarms.add(an_alarm())
        tx.alarms.add(replace(an_alarm(), call_at=None))
        tx.alarms.add(replace(an_alarm(), call_at=NOW + HOUR))
        tx.alarms.add(replace(an_alarm(), solved_at=NOW))
        assert [alarm.id for alarm in tx.alarms.to_call(NOW + MINUTE)] == [due.id]


def test_of_one_alarm_at_one_place_one_message_waits(store: Store) -> None:
    """Sixty nodes that join an alarm within a second are one edit; a change while it is sent is shown as well."""
    with store.write() as tx:
        kept = tx.alarms.add(an_alarm())
        for _ in range(60):
            tx.outbox.alarm(kept.id, "oncall", NOW)
        tx.outbox.alarm(kept.id, "thread/1", NOW)
        oncall, thread = tx.outbox.due(NOW, 99)
        assert (oncall.wanted, oncall.alarm_id, thread.to) == (60, kept.id, "thread/1")
        tx.outbox.alarm(kept.id, "oncall", NOW)
        assert not tx.outbox.sent(oncall, NOW)
        [again, _] = tx.outbox.due(NOW, 99)
        assert tx.outbox.sent(again, NOW)


def test_a_place_is_remembered_and_one_that_is_begun_may_be_out(store: Store) -> None:
    """A message is edited where it stands, and never posted twice."""
    with store.write() as tx:
        kept = tx.alarms.add(an_alarm())
        tx.alarms.put_post(AlarmPost(kept.id, "oncall", "C1", ""))
        assert tx.alarms.posts(kept.id)["oncall"].ts == ""
        tx.alarms.put_post(AlarmPost(kept.id, "oncall", "C1", "1.5"))
        tx.alarms.is_not_out(kept.id, "oncall")
        assert tx.alarms.posts(kept.id) == {"oncall": AlarmPost(kept.id, "oncall", "C1", "1.5")}
        assert tx.alarms.is_post("C1", "1.5")
        assert not tx.alarms.is_post("C1", "1.6")
        tx.alarms.put_post(AlarmPost(kept.id, "thread/1", "C2", ""))
        tx.alarms.is_not_out(kept.id, "thread/1")
        assert set(tx.alarms.posts(kept.id)) == {"oncall"}
