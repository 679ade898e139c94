"""What people type and press, through Slack's own protocol: one effect each, and an answer to every press."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from loans.facts import Decided, Requested, StepFailed, Told
from loans.loan import State
from loans.nodes import NodeName
from loans.runbook import PlanName, StepName
from sandbox.faults import Fault
from sandbox.slack.records import Message
from tests.bot.house import APPROVALS, APPROVER, APPROVER2, LEND, OPS, REQUESTER, House, buttons, eventually, shown


def test_a_sentence_is_answered_to_its_asker_alone(house: House) -> None:
    """By slash command, by mention and as a direct message: the same words, and nobody else reads along."""
    assert house.slash("free")["acked"]
    house.answer(REQUESTER, "gpu")
    house.post("say", channel=OPS, user=REQUESTER, text="@lendbot statsu")
    house.answer(REQUESTER, "status")
    house.post("say", channel="@lendbot", user=REQUESTER, text="help lend")
    eventually("an answer by direct message", lambda: [m for m in house.dms(REQUESTER) if "until WHEN" in shown(m)])
    assert not [m for m in house.messages(OPS) if m.is_from_bot and m.visible_to is None]


def test_a_request_is_one_card_and_its_buttons_leave_when_it_is_decided(house: House) -> None:
    """The approvers see who asks for what, and nobody presses what was pressed."""
    loan = house.request()
    card = house.card(loan)
    assert {"approve", "decline"} <= buttons(card)
    house.click(card, "approve", APPROVER)
    eventually("a decision", lambda: house.loan(loan).state is State.APPROVED)
    eventually("no approve button", lambda: not {"approve", "decline"} & buttons(house.card(loan)))
    assert APPROVER in shown(house.card(loan))
    assert len([m for m in house.cards() if f"#{loan} " in shown(m)]) == 1


def test_twenty_clicks_at_once_have_one_effect_and_the_others_hear_who(house: House) -> None:
    """Impatient fingers of two approvers sign once."""
    loan = house.request()
    card = house.card(loan)
    before = {who: len(house.seen_by(who, APPROVALS)) for who in (APPROVER, APPROVER2)}
    with ThreadPoolExecutor(20) as crowd:
        acks = list(crowd.map(lambda who: house.click(card, "approve", who)["acked"], [APPROVER, APPROVER2] * 10))
    assert all(acks)

    def answers() -> list[str]:
        return [shown(m) for who, n in before.items() for m in house.seen_by(who, APPROVALS)[n:]]

    eventually("twenty answers", lambda: len(answers()) == 20)
    decided_by = house.loan(loan).decision.by
    assert sum("You approved" in text for text in answers()) == 1
    assert sum(f"approved by <@{decided_by}>" in text for text in answers()) == 19
    with house.store.read() as tx:
        assert len(tx.facts.of(loan, Decided)) == 1


def test_the_same_envelope_twice_has_one_effect(house: House) -> None:
    """Slack sends again what it believes lost."""
    house.site.call(lambda: house.site.faults.set(Fault("slack", "duplicate")))
    loan = house.request()
    card = house.card(loan)
    house.click(card, "approve", APPROVER)
    eventually("a decision", lambda: house.loan(loan).state is State.APPROVED)
    house.post("say", channel="@lendbot", user=REQUESTER, text="history gpu007")
    house.site.call(house.site.faults.clear)
    eventually("an answer", lambda: [m for m in house.dms(REQUESTER) if "gpu007" in shown(m) and m.is_from_bot])
    house.post("say", channel="@lendbot", user=REQUESTER, text="history gpu008")
    eventually("the next answer", lambda: [m for m in house.dms(REQUESTER) if "gpu008" in shown(m) and m.is_from_bot])
    assert len([m for m in house.dms(REQUESTER) if "gpu007" in shown(m) and m.is_from_bot]) == 1
    with house.store.read() as tx:
        assert [type(told.fact) for told in tx.facts.of(loan)] == [Requested, Decided]


def test_a_double_press_asks_for_sign_off_once(house: House) -> None:
    """And the asker is not told that their preview is too old, for it was taken."""
    house.slash(LEND)
    preview = eventually("a preview", lambda: [m for m in house.seen_by(REQUESTER) if "sign_off" in buttons(m)])[-1]
    with house.store.read() as tx:
        before = len(tx.loans.recent(999))
    with ThreadPoolExecutor(4) as fingers:
        list(fingers.map(lambda _: house.click(preview, "sign_off", REQUESTER), range(4)))
    eventually("the preview's place is taken", lambda: "sign_off" not in buttons(preview))
    with house.store.read() as tx:
        after = len(tx.loans.recent(999))
    assert after == before + 1
    assert "has expired" not in shown(preview)


FORGED = ["0", "-1", "nonsense", "9" * 40, "1:gpu001; reboot", ":", "\u00b2"]


@pytest.mark.parametrize("action", ["approve", "give_back", "cancel", "sign_off", "settle", "force", "wait", "decline"])
def test_a_forged_value_is_answered_and_does_nothing(house: House, action: str) -> None:
    """What a button carries is an id; what is none gets a sentence, no traceback, and leaves the card alone."""
    loan = house.request()
    card = house.card(loan)
    with house.store.read() as tx:
        before = tx.loans.recent(999)
    n = len(house.seen_by(APPROVER, APPROVALS))
    for value in FORGED:
        house.forge(card, action, value)
    with ThreadPoolExecutor(len(FORGED)) as crowd:
        assert all(crowd.map(lambda value: house.click(card, action, APPROVER, value)["acked"], FORGED))
    eventually("an answer each", lambda: len(house.seen_by(APPROVER, APPROVALS)) == n + len(FORGED))
    assert not [m for m in house.seen_by(APPROVER, APPROVALS)[n:] if "failed inside lendbot" in shown(m)]
    assert f"#{loan} " in shown(house.card(loan))
    with house.store.read() as tx:
        assert tx.loans.recent(999) == before


@pytest.mark.parametrize(
    ("action", "value", "words"),
    [
        ("approve", "{}:request", "approve #{}"),
        ("decline", "{}:request", "decline #{}"),
        ("extend", "{}", "extend #{} until"),
        ("give_back", "{}", "give back #{}"),
        ("cancel", "{}", "cancel #{}"),
        ("try_again", "{}:gpu001.site", "give back gpu001.site from #{}"),
        ("force", "{}:gpu001", "force gpu001 of #{}"),
        ("wait", "{}:gpu001", "wait for gpu001 of #{}"),
    ],
)
def test_a_button_from_before_the_upgrade_does_nothing_and_names_the_words(
    house: House, action: str, value: str, words: str
) -> None:
    """It carries a number alone, and numbers come back: its loan may be another one by now."""
    loan = house.request()
    before = house.loan(loan)
    old = value.format(loan)
    card = house.forge(house.card(loan), action, old)
    house.click(card, action, APPROVER, old)
    answer = house.answer(APPROVER, words.format(loan), APPROVALS)
    assert "Nothing has been done" in shown(answer)
    assert house.loan(loan) == before


def test_a_form_from_before_the_upgrade_says_so_and_does_nothing(house: House) -> None:
    """It stood open while lendbot was upgraded; what was typed is still there to be copied."""
    loan = house.request()
    house.click(house.card(loan), "decline", APPROVER)
    view = form_of(house, APPROVER)
    house.site.call(lambda: view.content.update(private_metadata=f"{loan}:request"))
    errors = house.post("submit", user=APPROVER, view_id=view.id, values={"text": "no"})["errors"]
    assert "from before lendbot's upgrade" in errors["text"]
    house.post("close", user=APPROVER, view_id=view.id)
    assert house.loan(loan).state is State.REQUESTED


def test_a_card_that_showed_another_text_is_refused_and_shown_as_it_is(house: House) -> None:
    """An approval is of a text. Whoever pressed sees what differs, and presses there if they still want it."""
    loan = house.request()
    card = house.card(loan)
    with house.store.write() as tx:
        now = tx.loans.get(loan)
        tx.loans.save(replace(now, until=now.until + timedelta(days=7)))
    house.click(card, "approve", APPROVER)
    answer = house.answer(APPROVER, "isn't what you were shown", APPROVALS)
    assert house.loan(loan).state is State.REQUESTED
    house.click(answer, "approve", APPROVER)
    eventually("a decision", lambda: house.loan(loan).state is State.APPROVED)


def test_nobody_signs_their_own_through_any_button(house: House) -> None:
    """The card's own button, in their own hands."""
    loan = house.request(APPROVER)
    house.click(house.card(loan), "approve", APPROVER)
    answer = house.answer(APPROVER, "You asked for", APPROVALS)
    assert f"#{loan}" in shown(answer)
    assert house.loan(loan).state is State.REQUESTED


def test_who_may_not_decide_is_told_so_even_with_a_forged_button(house: House) -> None:
    """A shown button grants nothing."""
    loan = house.request()
    said = house.post("say", channel=OPS, user=REQUESTER, text="look")
    message = next(m for m in house.messages(OPS) if m.ts == said["ts"])
    value = house.value(loan, "request")
    house.forge(message, "approve", value)
    house.click(message, "approve", REQUESTER, value)
    house.answer(REQUESTER, "decide")
    assert house.loan(loan).state is State.REQUESTED


def test_a_preview_is_its_own_askers(house: House) -> None:
    """Nobody asks in another's name, whoever forwards the button."""
    house.slash(LEND)
    preview = eventually("a preview", lambda: [m for m in house.seen_by(REQUESTER) if "sign_off" in buttons(m)])[-1]
    [draft] = [
        e["value"] for b in preview.blocks or [] for e in b.get("elements", []) if e.get("action_id") == "sign_off"
    ]
    with house.store.read() as tx:
        before = len(tx.loans.recent(999))
    card = house.forge(house.cards()[0], "sign_off", draft)
    house.click(card, "sign_off", APPROVER, draft)
    house.answer(APPROVER, "somebody else", APPROVALS)
    with house.store.read() as tx:
        assert len(tx.loans.recent(999)) == before


def test_a_no_is_given_with_its_reason_in_a_form(house: House) -> None:
    """The requester reads why, in a direct message."""
    loan = house.request()
    house.click(house.card(loan), "decline", APPROVER)
    [view] = eventually("a form", lambda: house.site.call(lambda: house.site.site.slack.workspace.stack(APPROVER)))
    house.post("submit", user=APPROVER, view_id=view.id, values={"text": "the benchmark runs"})
    eventually("a decision", lambda: house.loan(loan).state is State.DECLINED)
    assert house.loan(loan).decision.note == "the benchmark runs"
    eventually("the reason", lambda: [m for m in house.dms(REQUESTER) if "the benchmark runs" in shown(m)])


def form_of(house: House, user: str) -> Any:
    return eventually("a form", lambda: house.site.call(lambda: house.site.site.slack.workspace.stack(user)))[-1]


def test_a_preview_is_changed_in_a_form_and_drawn_anew_in_its_place(house: House) -> None:
    """Whoever wants one node more does not write the sentence again, and is left with one preview."""
    house.slash(f"{LEND} for a demo")
    preview = house.answer(REQUESTER, "Purpose: a demo")
    before = len(house.seen_by(REQUESTER))
    house.click(preview, "change", REQUESTER)
    view = form_of(house, REQUESTER)
    held = house.site.call(lambda: {e["element"]["action_id"]: e["element"] for e in view.content["blocks"]})
    assert (held["count"]["initial_value"], held["purpose"]["initial_value"]) == ("1", "a demo")
    assert held["until"]["initial_value"].startswith("from ")

    wrong = house.post("submit", user=REQUESTER, view_id=view.id, values={"count": "lots", "until": "whenever"})
    assert set(wrong["errors"]) == {"count", "until"}
    assert "lots" in wrong["errors"]["count"]
    fixed = {"count": "2", "until": "from tomorrow 9am until tomorrow 5pm", "purpose": "a longer demo"}
    assert house.post("submit", user=REQUESTER, view_id=view.id, values=fixed)["errors"] == {}
    eventually("the preview anew", lambda: "Lend 2 gpu nodes" in shown(preview))
    assert "a longer demo" in shown(preview)
    assert len(house.seen_by(REQUESTER)) == before
    house.click(preview, "sign_off", REQUESTER)
    eventually("the request", lambda: " sent*" in shown(preview))
    with house.store.read() as tx:
        [loan] = tx.loans.recent(1)
    assert (loan.count, loan.purpose, loan.channel) == (2, "a longer demo", OPS)


def draft_of(house: House, preview: Message) -> Mapping[str, Any]:
    """Return the wish behind a preview's buttons."""
    elements = [e for block in preview.blocks or [] if block["type"] == "actions" for e in block["elements"]]
    [key] = [e["value"] for e in elements if e["action_id"] == "sign_off"]
    with house.store.read() as tx:
        draft = tx.drafts.get(key)
    assert draft is not None
    return draft.what


def test_who_changes_the_count_in_the_form_keeps_the_deadline_to_the_second(house: House) -> None:
    """A length ends at a second that the words of the field do not tell, and it stays that second."""
    house.slash("lend 1 gpu node to k8s for 3 days for a race")
    preview = house.answer(REQUESTER, "Purpose: a race")
    before = draft_of(house, preview)
    house.click(preview, "change", REQUESTER)
    view = form_of(house, REQUESTER)
    assert house.post("submit", user=REQUESTER, view_id=view.id, values={"count": "2"})["errors"] == {}
    eventually("the preview anew", lambda: "Lend 2 gpu nodes" in shown(preview))
    after = draft_of(house, preview)
    assert (before["count"], after["count"]) == (1, 2)
    assert before["until"] == after["until"]


def test_a_wrong_new_deadline_is_mended_where_it_was_typed(house: House) -> None:
    """The error stands under the field, in the reader's own zone; a time that will do closes the form."""
    loan = house.request()
    card = house.forge(house.card(loan), "extend", house.value(loan))
    house.click(card, "extend", APPROVER, house.value(loan))
    view = form_of(house, APPROVER)

    def submit(text: str) -> Any:
        return house.post("submit", user=APPROVER, view_id=view.id, values={"text": text})["errors"]

    assert set(submit("whenever")) == {"text"}
    present = house.loan(loan).until.astimezone(ZoneInfo("Europe/Zurich"))
    sooner = present - timedelta(hours=1)
    spelled = f"{present:%a} {present.day} {present:%b %H:%M %Z}"
    assert submit(f"until {sooner:%d %B %Y %H:%M}")["text"].endswith(f"the present deadline, {spelled}.")
    assert "longer than" in submit("for 30 more days")["text"]
    assert submit("for 3 more days") == {}
    eventually("an answer", lambda: [m for m in house.dms(APPROVER) if "can't be extended" in shown(m)])


def test_a_form_for_what_is_decided_by_now_is_not_opened(house: House) -> None:
    """Nobody writes a reason for nothing: they hear at once who was first."""
    loan = house.request()
    card = house.card(loan)
    house.click(card, "approve", APPROVER)
    eventually("a decision", lambda: house.loan(loan).state is State.APPROVED)
    value = house.value(loan, "request")
    house.forge(card, "decline", value)
    house.click(card, "decline", APPROVER2, value)
    house.answer(APPROVER2, f"#{loan} was approved by <@{APPROVER}>", APPROVALS)
    assert not house.site.call(lambda: house.site.site.slack.workspace.stack(APPROVER2))


def test_every_command_is_acked_in_time_with_slow_work_behind(house: House) -> None:
    """Slack shows no error while Slurm is slow: fifteen people ask at once, and all are acked."""
    house.site.call(lambda: house.site.faults.set(Fault("slurm", "slow")))
    with ThreadPoolExecutor(15) as crowd:
        answers = list(crowd.map(lambda _: house.slash("free"), range(15)))
    assert [answer["why"] for answer in answers if not answer["acked"]] == []


def test_the_home_tab_is_drawn_when_somebody_looks(house: House) -> None:
    """What is open and what is free, without a word said."""
    house.post("home", user=APPROVER2)
    eventually("a Home tab", lambda: APPROVER2 in house.site.call(lambda: set(house.site.site.slack.workspace.homes)))


def test_the_steps_of_a_node_are_opened_and_closed_where_the_history_stands(house: House) -> None:
    """Who looks into one node after the other does not scroll through as many answers."""
    loan = house.request()
    with house.store.write() as tx:
        failed = StepFailed(PlanName.LEND, StepName.PUPPET, said="exit 4: no containerd")
        tx.facts.tell(Told(failed, house.program._core.clock.now(), loan_id=loan, node=NodeName("gpu001")))
    house.slash(f"history #{loan}")

    def the_only(words: str) -> Message:
        def found() -> list[Message]:
            titles = (f"*History of loan #{loan}*", f"*Loan #{loan}*, ")
            return [each for each in house.seen_by(REQUESTER) if any(title in shown(each) for title in titles)]

        eventually(words, lambda: len(found()) == 1 and words in shown(found()[0]))
        return found()[0]

    whole = the_only("Puppet failed once")
    assert "asked for" in shown(whole)
    house.click(whole, "history", REQUESTER)
    opened = the_only("no containerd")
    assert "asked for" not in shown(opened)
    house.click(opened, "history_whole", REQUESTER)
    the_only("asked for")


def test_a_message_with_a_file_or_in_a_thread_is_answered_where_it_was_said(house: House) -> None:
    """Who sends a screenshot with the wish, or goes on in a thread of the direct messages, is heard there."""
    house.post("say", user=REQUESTER, channel="@lendbot", text="status gpu021", file="nodes.png")
    first = eventually("an answer", lambda: [m for m in house.dms(REQUESTER) if "gpu021" in shown(m) and m.is_from_bot])
    asked = next(m for m in house.dms(REQUESTER) if "gpu021" in shown(m) and not m.is_from_bot)
    assert first[0].thread_ts is None
    house.post("say", user=REQUESTER, channel="@lendbot", text="status gpu022", thread_ts=asked.ts)
    [again] = eventually("one", lambda: [m for m in house.dms(REQUESTER) if "gpu022" in shown(m) and m.is_from_bot])
    assert again.thread_ts == asked.ts


def test_a_refusal_opens_the_form_with_what_it_understood(house: House) -> None:
    """One step on: the number, the class and the purpose stand in their fields, the sentence above them."""
    house.slash("lend 2 gpu nodes until whenever for the spring course")
    refusal = house.answer(REQUESTER, "the spring course")
    house.click(refusal, "fill_in", REQUESTER)
    view = form_of(house, REQUESTER)
    drawn = json.dumps(view.content, ensure_ascii=False)
    assert "You wrote: lend 2 gpu nodes until whenever for the spring course" in drawn
    values = {"count": "2", "until": "for 3 hours", "purpose": "the spring course"}
    assert house.post("submit", user=REQUESTER, view_id=view.id, values=values)["errors"] in ({}, None)
    house.answer(REQUESTER, "Lend 2 gpu nodes")
