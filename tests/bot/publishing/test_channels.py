"""What Slack refuses is somebody's news: an edit that is refused for good, a channel that lendbot was put out of."""

from collections.abc import Iterator

import pytest

from loans.alarms import AlarmKind
from loans.facts import CardPostedAnew
from loans.loan import State
from sandbox.slack import seed
from tests.bot.house import APPROVALS, APPROVER, ONCALL_ROOM, REQUESTER, House, buttons, eventually, shown


@pytest.fixture
def members(house: House) -> Iterator[set[str]]:
    """Return who is in the approvers' channel; lendbot is back in it afterwards."""
    found: set[str] = house.site.call(lambda: house.site.site.slack.workspace.channels[APPROVALS].members)
    yield found
    house.site.call(lambda: found.add(seed.BOT_USER))


def test_a_card_that_slack_lets_nobody_edit_any_more_is_posted_anew_and_says_so(house: House) -> None:
    """Whoever looks for the state of a loan finds one that is true, and both who asked and on-call know where."""
    loan = house.request()
    old = house.card(loan)
    house.site.call(lambda: house.site.site.slack.workspace.closed_to_edits.add(old.ts))
    house.click(old, "approve", APPROVER)
    eventually("a decision", lambda: house.loan(loan).state is State.APPROVED)
    new = eventually("a new card", lambda: [m for m in house.cards() if f"#{loan} " in shown(m) and m.ts != old.ts])[-1]
    eventually("which says so", lambda: "This card was posted anew" in shown(new))
    assert APPROVER in shown(new)
    for who in (house.dms(REQUESTER), house.messages(ONCALL_ROOM)):
        assert [m for m in who if f"#{loan}" in shown(m)]
    eventually("on-call", lambda: [m for m in house.messages(ONCALL_ROOM) if f"#{loan}:" in shown(m)])
    eventually("the requester", lambda: [m for m in house.dms(REQUESTER) if f"#{loan}:" in shown(m)])
    with house.store.read() as tx:
        assert [told.fact.why for told in tx.facts.of(loan, CardPostedAnew)] == ["edit_window_closed"]  # type: ignore[attr-defined]


def test_a_channel_without_lendbot_is_told_to_on_call_and_to_who_asked(house: House, members: set[str]) -> None:
    """A card that nobody sees is a request that nobody decides: people hear so at once, and by a way that works."""
    before = {m.ts for m in house.messages(ONCALL_ROOM)}
    house.site.call(lambda: members.discard(seed.BOT_USER))
    with house.store.read() as tx:
        last = tx.loans.recent(1, REQUESTER)
    house.slash("lend 1 gpu node to k8s from tomorrow 8am until tomorrow 6pm")
    preview = eventually("a preview", lambda: [m for m in house.seen_by(REQUESTER) if "sign_off" in buttons(m)])[-1]
    house.click(preview, "sign_off", REQUESTER)

    def told() -> list[object]:
        return [m for m in house.messages(ONCALL_ROOM) if m.ts not in before and "/invite @lendbot" in shown(m)]

    eventually("on-call", told)
    eventually("who asked", lambda: [m for m in house.dms(REQUESTER) if "lendbot isn't in it" in shown(m)])
    with house.store.read() as tx:
        [alarm] = tx.alarms.open(AlarmKind.SLACK)
        assert tx.loans.recent(1, REQUESTER) != last
    assert alarm.about == APPROVALS
    house.site.call(lambda: members.add(seed.BOT_USER))
    eventually("no alarm", lambda: not _open(house))
    eventually("which says so", lambda: [m for m in house.messages(ONCALL_ROOM) if "I can write in" in shown(m)])
    assert not [m for m in house.messages(ONCALL_ROOM) if "/invite" in shown(m) and buttons(m)]


def _open(house: House) -> tuple[object, ...]:
    with house.store.read() as tx:
        return tx.alarms.open(AlarmKind.SLACK)
