"""lend: what is understood, what is refused and with which words for the reason, and what the buttons then do."""

from dataclasses import replace
from datetime import timedelta

import pytest

from commands.desk import Caller
from commands.lend import Settle, SignOff
from commands.refusals import BadTime, FarSideDown, Forbidden, HowMany, NotByName, NotEnough, StaleDraft, UnknownClass
from commands.replies import OneLoan, Preview, Requested, WhichTime
from loans.classes import Rules
from loans.loan import State
from loans.policy import NoNodes, NotInGroup, TooLong, TooMany, TooManyWaiting, TooShort
from loans.selection import HeldBy, RunsJobs
from sandbox.faults import Fault
from tests.commands.counter import APPROVER, REQUESTER, SECOND_APPROVER, STRANGER, WHILE_SAID, Counter
from tests.conversion.rig import Rig
from tests.moment import days_on

HOUR = timedelta(hours=1)


def test_a_preview_says_all_and_changes_nothing(counter: Counter) -> None:
    """Count, class, deadline, the nodes that would go and why the others not; Slurm is as it was."""
    preview = counter.say("lend 2 gpu nodes to k8s for 3 days for a workshop")
    assert isinstance(preview, Preview)
    assert preview.choice.taken == ("gpu001", "gpu002")
    assert (preview.node_class.name, preview.purpose, preview.tz) == ("gpu", "a workshop", REQUESTER.person.tz)
    assert abs(preview.until - days_on(3, counter.now)) <= WHILE_SAID
    assert (counter.loans(), counter.news()) == (0, [])
    assert {node["slurm"]["state"] for node in counter.rig.room().values()} == {"IDLE"}


def test_words_mean_what_they_meant_when_they_were_said(counter: Counter) -> None:
    """What a restart held up over midnight is still about the day on which it was said."""
    said_at = counter.now - timedelta(minutes=20)
    late = replace(REQUESTER, said_at=said_at)
    preview = counter.say("lend 2 gpu nodes to k8s for 3 hours", late)
    assert isinstance(preview, Preview)
    assert preview.until == said_at + timedelta(hours=3)
    over = counter.say("lend 2 gpu nodes to k8s for 15 min", late)
    assert isinstance(over, BadTime)
    assert "has passed" in over.sentence


def test_asking_for_sign_off_makes_one_request(counter: Counter) -> None:
    """However often the button is pressed, one loan awaits its decision, and each press hears of it."""
    preview = counter.say("lend 2 gpu nodes to k8s for 3 days")
    first = counter.do(SignOff(preview.draft))
    assert isinstance(first, Requested)
    assert (first.loan.state, first.loan.count, first.loan.channel) == (State.REQUESTED, 2, REQUESTER.channel)
    second = counter.do(SignOff(preview.draft))
    assert isinstance(second, Requested)
    assert (second.loan.id, counter.loans()) == (first.loan.id, 1)
    counter.say(f"approve #{first.loan.id}", APPROVER)
    third = counter.do(SignOff(preview.draft))
    assert isinstance(third, OneLoan)
    assert third.loan.state is State.APPROVED


def test_one_persons_requests_that_wait_have_a_limit_and_anothers_do_not_count(counter: Counter) -> None:
    """A flood of wishes stops at the door; a second press on the last is still answered, and a decision makes room."""
    counter.rules = replace(counter.desk.classes["gpu"].rules, max_waiting=2)
    drafts = [counter.say("lend 1 gpu node for 2 hours").draft for _ in range(3)]
    first, second = (counter.do(SignOff(draft)) for draft in drafts[:2])
    refused = counter.do(SignOff(drafts[2]))
    assert isinstance(refused, Forbidden)
    assert refused.reasons == (TooManyWaiting((first.loan.id, second.loan.id), 2),)
    assert isinstance(counter.say("lend 1 gpu node for 2 hours"), Forbidden), "the preview says so, too"
    assert isinstance(counter.say("lend 1 gpu node for 2 hours", SECOND_APPROVER), Preview)
    again = counter.do(SignOff(drafts[1]))
    assert isinstance(again, Requested)
    counter.say(f"approve #{first.loan.id}", APPROVER)
    assert isinstance(counter.do(SignOff(drafts[2])), Requested)


@pytest.mark.parametrize(
    ("said", "reasons"),
    [
        ("lend 0 gpu nodes for 3 days", (NoNodes(0),)),
        ("lend -5 gpu nodes for 3 days", (NoNodes(-5),)),
        ("lend 1000000 gpu nodes for 3 days", (TooMany(1_000_000, 4),)),
        ("lend 1,000,000 gpu nodes for 3 days", (TooMany(1_000_000, 4),)),
        ("lend 999999999999999 gpu nodes for 3 days", (TooMany(999_999_999_999_999, 4),)),
        ("lend 1 gpu node for 2 minutes", (TooShort,)),
        ("lend 1 gpu node for 40 days", (TooLong,)),
        ("lend 9 gpu nodes for 40 days", (TooMany, TooLong)),
    ],
)
def test_a_wish_over_policy_is_refused_with_every_reason(
    counter: Counter, said: str, reasons: tuple[object, ...]
) -> None:
    """Zero, negative, a million, too short, too long: each is told, and nothing is asked of anybody."""
    answer = counter.say(said)
    assert isinstance(answer, Forbidden)
    assert [reason if isinstance(reason, type) else type(reason) for reason in reasons] == [
        type(reason) for reason in answer.reasons
    ]
    for told, reason in zip(answer.reasons, reasons, strict=True):
        assert isinstance(reason, type) or told == reason
    assert counter.loans() == 0


def test_who_may_not_ask_is_told_who_may(counter: Counter) -> None:
    """A refusal names the group, so that the person knows whom to ask."""
    counter.rules = Rules(requesters=frozenset({"S0STAFF"}))
    answer = counter.say("lend 1 gpu node for 3 days", STRANGER)
    assert answer == Forbidden((NotInGroup("ask for a loan", frozenset({"S0STAFF"})),))


def test_policy_is_asked_again_when_the_button_is_pressed(counter: Counter) -> None:
    """Between the preview and the press somebody may have changed the rules: a shown button grants nothing."""
    preview = counter.say("lend 2 gpu nodes to k8s for 3 days")
    counter.rules = Rules(max_nodes=1)
    assert counter.do(SignOff(preview.draft)) == Forbidden((TooMany(2, 1),))
    assert counter.loans() == 0


@pytest.mark.parametrize(
    ("word", "near"), [("gpus", None), ("a100", None), ("GPU", None), ("gpuu", "gpu"), ("a10", "a100"), ("tpu", "gpu")]
)
def test_a_class_is_known_by_its_names_and_the_nearest_is_named(counter: Counter, word: str, near: str | None) -> None:
    """A typo in the class costs one look, not a search."""
    answer = counter.say(f"lend 1 {word} nodes for 3 days")
    if near is None:
        assert isinstance(answer, Preview)
        return
    assert answer == UnknownClass(word, ("cpu", "gpu"), near)


def test_a_class_that_is_like_none_gets_the_list(counter: Counter) -> None:
    """What there is, is said."""
    assert counter.say("lend 1 quantum node for 3 days") == UnknownClass("quantum", ("cpu", "gpu"), None)


@pytest.mark.parametrize(
    "phrase",
    ["until yesterday", "until 30 February", "until the cows come home", "", "until 24 November 1999", "for -3 days"],
)
def test_a_time_that_cannot_be_is_refused_with_a_sentence(counter: Counter, phrase: str) -> None:
    """Past, impossible, unreadable or missing: never a guess."""
    answer = counter.say(f"lend 1 gpu node to k8s {phrase}")
    assert isinstance(answer, BadTime)
    assert answer.sentence
    assert counter.loans() == 0


def test_a_time_with_two_readings_is_asked_back_and_each_button_is_a_preview(counter: Counter) -> None:
    """Nobody lends a week too long because of a slash."""
    answer = counter.say("lend 1 gpu node to k8s until 01/02")
    assert isinstance(answer, WhichTime)
    previews = [counter.do(Settle(draft)) for _, draft in answer.readings]
    assert len(answer.readings) >= 2
    assert all(isinstance(each, Preview | Forbidden) for each in previews)


def test_a_misspelt_time_is_asked_not_assumed(counter: Counter) -> None:
    """The mended words are shown before they count."""
    answer = counter.say("lend 1 gpu node to k8s untill tomorow 18:00")
    assert isinstance(answer, WhichTime)
    assert answer.guess is not None
    assert isinstance(counter.do(Settle(answer.readings[0][1])), Preview)


def test_more_than_are_free_names_the_job_and_both_offers_work(counter: Counter) -> None:
    """How many there are, which job frees the next one when, and two buttons that do what they say."""
    with counter.busy(gpu001=5, gpu002=2, gpu003=8) as jobs:
        answer = counter.say("lend 4 gpu nodes to k8s for 3 days")
        assert isinstance(answer, NotEnough)
        assert (answer.choice.free, answer.choice.wished) == (3, 4)
        first = answer.choice.next_free[0]
        assert isinstance(first.why, RunsJobs)
        assert (first.node, first.why.jobs) == ("gpu002", (jobs["gpu002"],))
        assert answer.later_at == first.why.until
        assert answer.now_draft is not None
        fewer = counter.do(Settle(answer.now_draft))
        assert isinstance(fewer, Preview)
        assert fewer.choice.taken == ("gpu004", "gpu005", "gpu006")
        assert isinstance(counter.do(SignOff(answer.now_draft)), Requested)
        assert answer.later_draft is not None
        later = counter.do(SignOff(answer.later_draft))
        assert isinstance(later, Requested)
        assert (later.loan.count, later.loan.starts_at) == (4, first.why.until)


def test_more_than_there_can_ever_be_is_not_promised_for_later(counter: Counter) -> None:
    """A loan that starts on Monday is not previewed with nodes that the floor will keep on Monday as well."""
    counter.rules = replace(counter.desk.classes["gpu"].rules, floor=4)
    answer = counter.say("lend 3 gpu nodes to k8s from tomorrow 8am until tomorrow 6pm")
    assert isinstance(answer, NotEnough)
    assert answer.later_draft is None


def test_a_loan_for_later_does_not_need_free_nodes_now(counter: Counter) -> None:
    """Jobs that end until then do not matter."""
    with counter.busy(gpu001=2, gpu002=2, gpu003=2, gpu004=2):
        answer = counter.say("lend 4 gpu nodes to k8s from tomorrow 8am until tomorrow 6pm")
        assert isinstance(answer, Preview)
        assert answer.starts_at is not None
        assert answer.until - answer.starts_at == 10 * HOUR


def test_nodes_of_other_loans_are_passed_over_with_their_loan(counter: Counter) -> None:
    """Two loans never share a node, and the preview says who has it."""
    loan = counter.lent("gpu001")
    preview = counter.say("lend 2 gpu nodes to k8s for 3 days")
    assert isinstance(preview, Preview)
    assert preview.choice.taken == ("gpu002", "gpu003")
    assert next(p.why for p in preview.choice.passed_over if p.node == "gpu001") == HeldBy(loan.id)


@pytest.mark.parametrize("draft", ["", "0", "-1", "999", str(10**30), "zzzz-1-wwwwww"])
@pytest.mark.parametrize("press", [SignOff, Settle])
def test_a_forged_draft_is_answered(counter: Counter, draft: str, press: type[SignOff] | type[Settle]) -> None:
    """Whatever number a button carries, it is no traceback and no loan."""
    assert counter.do(press(draft)) == StaleDraft(strange=True)
    assert counter.loans() == 0


def test_a_preview_is_its_own_askers(counter: Counter) -> None:
    """Nobody asks in another's name."""
    preview = counter.say("lend 2 gpu nodes to k8s for 3 days")
    for press in (SignOff(preview.draft), Settle(preview.draft)):
        assert counter.do(press, SECOND_APPROVER) == StaleDraft(theirs=False)
    assert counter.loans() == 0


def test_a_preview_outlives_its_deadline_as_nothing(counter: Counter) -> None:
    """A button of last week lends nothing for last week."""
    preview = counter.say("lend 2 gpu nodes to k8s for 3 hours")
    counter.ahead = 4 * HOUR
    assert counter.do(SignOff(preview.draft)) == StaleDraft()


def test_a_draft_of_another_verb_is_no_wish_to_lend(counter: Counter) -> None:
    """The number of an extension's draft in a lend button does nothing."""
    counter.lent("gpu001")
    answer = counter.say("extend #1 for 1 day")
    assert isinstance(answer, WhichTime)
    assert counter.do(SignOff(answer.readings[0][1])) == StaleDraft()


def test_slurm_down_is_said_and_nothing_is_concluded(counter: Counter, quiet_site: Rig) -> None:
    """No answer is not "no nodes"."""
    quiet_site.site.call(lambda: quiet_site.site.faults.set(Fault("slurm", "refuse")))
    try:
        counter.until_slurm_is_down()
        answer = counter.say("lend 1 gpu node to k8s for 3 days")
        assert isinstance(answer, FarSideDown)
        assert answer.side == "Slurm"
        assert answer.said
    finally:
        quiet_site.site.call(quiet_site.site.faults.clear)
        counter.until_slurm_is_up()


def test_two_people_may_ask_for_the_same_nodes(counter: Counter) -> None:
    """A request holds nothing: who is approved first has them, and the other is told when they are taken."""
    first = counter.request("lend 4 gpu nodes to k8s for 3 days")
    second = counter.request("lend 4 gpu nodes to k8s for 3 days", SECOND_APPROVER)
    assert first.id != second.id


def test_a_wish_without_a_number_is_asked_for_one(counter: Counter) -> None:
    """ "As many as possible" is no number; what is free is said, and nothing is previewed that nobody asked for."""
    answer = counter.say("can I get as many gpu nodes as possible until Friday")
    assert isinstance(answer, HowMany)
    assert (answer.node_class.name, answer.free, answer.tail) == ("gpu", 4, "until Friday")
    assert isinstance(counter.say("lend some tpu nodes"), UnknownClass)


def test_nodes_by_name_are_refused_with_the_nearest_wish(counter: Counter) -> None:
    """Whoever wants those very nodes hears that there is no such promise, and what there is."""
    answer = counter.say("lend gpu001 gpu002 until Friday")
    assert isinstance(answer, NotByName)
    assert (answer.nodes, answer.node_class, answer.tail) == (("gpu001", "gpu002"), "gpu", "until Friday")
    assert answer.begun is not None
    assert (answer.begun.count, answer.begun.until) == ("2", "until Friday")


@pytest.mark.parametrize(
    ("words", "is_asked"),
    [
        ("until tomorrow 6pm", True),
        ("until tomorrow", True),
        ("for 3 hours", False),
        ("until tomorrow 18:00 UTC", True),
        ("until 2026-11-26T18:00Z", False),
        ("for 2 hours for lab", False),
    ],
)
def test_whose_zone_nobody_knows_is_asked_where_it_matters(counter: Counter, words: str, is_asked: bool) -> None:  # noqa: FBT001 - a column
    """What means the same everywhere is taken; no hour is read as UTC's in silence."""
    lost = Caller(replace(REQUESTER.person, tz="UTC", knows_zone=False), "C0HPCOPS01")
    answer = counter.say(f"lend 1 gpu node to k8s {words}", lost)
    assert (isinstance(answer, BadTime) and "time zone" in answer.sentence) is is_asked
