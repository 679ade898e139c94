"""What another lendbot left, or Slack did not take: it is done, answered or told, and nothing is done too late."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from bot.listeners.buttons import OPENING, PRESS
from bot.listeners.errands import MOST_TRIES, VALID_FOR
from bot.listeners.messages import WORDS
from loans.facts import Decided
from loans.loan import State
from sandbox.faults import Fault
from sandbox.slack import seed
from store.inbox import Errand
from tests.bot.house import APPROVALS, APPROVER, OPS, REQUESTER, House, at_work, buttons, eventually, shown
from tests.stories.store_lock import impatient, lock_on

_KEYS = count(1)


@pytest.fixture(scope="module")
def whole_town() -> Iterator[House]:
    with at_work(adjust=impatient) as found:
        yield found


@pytest.fixture
def town(whole_town: House) -> Iterator[House]:
    yield whole_town
    whole_town.site.call(whole_town.site.faults.clear)


def left(house: House, kind: str, person: str, **rest: object) -> Errand:
    """Leave an errand as a lendbot did that is dead by now."""
    now = house.program._core.clock.now()
    plain = Errand(f"left {next(_KEYS)}", kind, person, now, "dead", team=seed.TEAM, channel=OPS)
    errand = replace(plain, **rest)  # type: ignore[arg-type] - as Errand has them
    with house.store.write() as tx:
        assert tx.inbox.receive(errand)
        if errand.has_acted:
            tx.inbox.acted(errand.key)
    return errand


def approving(house: House, loan: int) -> dict[str, object]:
    return {
        "channel": APPROVALS,
        "what": {"action": "approve", "value": house.value(loan, "request"), "label": "Approve", "is_for_one": False},
    }


def decisions(house: House, loan: int) -> int:
    with house.store.read() as tx:
        return len(tx.facts.of(loan, Decided))


def nothing_waits(house: House) -> bool:
    with house.store.read() as tx:
        return tx.inbox.waiting() == 0


def test_what_was_left_is_done_though_its_response_url_is_gone(town: House) -> None:
    """The answer goes to the place where it was said, for its person alone."""
    loan = town.request()
    gone = f"{town.site.site_json['page_url']}/actions/{seed.TEAM}/1/gone"
    left(town, PRESS, APPROVER, url=gone, **approving(town, loan))
    eventually("a decision", lambda: town.loan(loan).state is State.APPROVED)
    town.answer(APPROVER, f"#{loan}", APPROVALS)
    eventually("an empty inbox", lambda: nothing_waits(town))


def test_what_is_too_old_is_not_done_and_its_person_is_told(town: House) -> None:
    """A right may have passed and a node may be somebody else's: nobody is surprised by last night's order."""
    loan = town.request()
    long_ago = town.program._core.clock.now() - VALID_FOR - timedelta(minutes=1)
    left(town, PRESS, APPROVER, received_at=long_ago, **approving(town, loan))
    said = shown(town.answer(APPROVER, "Say it again", APPROVALS))
    assert "Approve" in said
    assert decisions(town, loan) == 0


def test_what_was_done_is_only_answered(town: House) -> None:
    """The change was made before the crash: it is not made twice."""
    loan = town.request()
    left(town, PRESS, APPROVER, has_acted=True, **approving(town, loan))
    town.answer(APPROVER, "just after I had carried out", APPROVALS)
    assert decisions(town, loan) == 0


def test_what_may_have_ended_lendbot_each_time_is_not_tried_for_ever(town: House) -> None:
    """One person's words do not keep everybody's lendbot from running."""
    left(town, WORDS, REQUESTER, what={"text": "loans"}, tries=MOST_TRIES)
    assert "`loans`" in shown(town.answer(REQUESTER, "Say it again"))
    eventually("an empty inbox", lambda: nothing_waits(town))


def test_a_form_that_can_no_longer_open_asks_for_another_press(town: House) -> None:
    """Slack lets a form be opened within 3 s of the press."""
    left(town, OPENING, REQUESTER, what={"action": "extend", "value": "1", "label": "Extend…", "is_for_one": False})
    assert "Extend…" in shown(town.answer(REQUESTER, "press it again"))


def test_an_answer_that_slack_did_not_take_is_given_when_it_does(town: House) -> None:
    """Slack is down for a while: the order was carried out once, and its person hears."""
    loan = town.request()
    card = town.card(loan)
    before = len(town.seen_by(APPROVER, APPROVALS))
    town.site.call(lambda: town.site.faults.set(Fault("slack", "refuse")))
    assert town.click(card, "approve", APPROVER)["acked"]
    eventually("a decision", lambda: decisions(town, loan) == 1)
    town.site.call(town.site.faults.clear)
    eventually("an answer", lambda: len(town.seen_by(APPROVER, APPROVALS)) > before)
    eventually("an empty inbox", lambda: nothing_waits(town))
    assert decisions(town, loan) == 1


def test_a_form_sent_while_the_store_is_locked_stays_open_and_says_so(town: House) -> None:
    """What somebody has typed is not lost with it."""
    town.slash("lend 1 gpu node to k8s from tomorrow 8am until tomorrow 6pm")
    preview = eventually("a preview", lambda: [m for m in town.seen_by(REQUESTER) if "change" in buttons(m)])[-1]
    town.click(preview, "change", REQUESTER)
    workspace = town.site.site.slack.workspace
    modals = eventually("a form", lambda: town.site.call(lambda: list(workspace.stack(REQUESTER))))
    with lock_on(town.site.paths / "lendbot.db") as lock:
        lock.take()
        errors = town.post("submit", user=REQUESTER, view_id=modals[-1].id, values={})["errors"]
    assert any("can't reach my own store" in text for text in errors.values())
    assert town.post("submit", user=REQUESTER, view_id=modals[-1].id, values={})["errors"] == {}
