"""extend: a later deadline for the same loan, asked for in words, and asked back where it has two meanings."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from commands.desk import Caller
from commands.extend import Extend, SettleExtension, errors, worded
from commands.later import Ends, ends
from commands.refusals import BadTime, Forbidden, NoLoan, NotFrom, StaleDraft
from commands.replies import ExtensionAsked, WhichTime
from loans import facts, when
from loans.loan import State
from loans.policy import NotInGroup, NotLater, TooLong
from tests.commands.counter import APPROVER, CLI, ONCALL, REQUESTER, STRANGER, WHILE_SAID, Counter
from tests.moment import SITE_ZONE, dated, days_on


def test_a_date_is_previewed_with_both_deadlines_before_anybody_is_asked(counter: Counter) -> None:
    """The deadline itself stays until the later one is signed, and nobody is asked before the preview has its yes."""
    loan = counter.lent("gpu001")
    day = dated(days_on(6, counter.now))
    which = counter.say(f"extend #1 until {day} 18:00")
    assert isinstance(which, WhichTime)
    [(said, draft)] = which.readings
    assert when.spelled(loan.until, REQUESTER.tz) in said
    assert counter.loan().extension is None
    answer = counter.do(SettleExtension(draft))
    assert isinstance(answer, ExtensionAsked)
    assert answer.loan.until == loan.until
    assert answer.loan.extension is not None
    assert answer.loan.extension.asked_by == REQUESTER.person.id
    assert answer.loan.extension.until > loan.until
    assert counter.news().count(facts.ExtensionAsked) == 1


def test_a_later_deadline_is_read_as_of_the_moment_when_it_was_said(counter: Counter) -> None:
    """What a restart held up does not drift: "until in 100 hours" counts from the words."""
    counter.lent("gpu001")
    said_at = counter.now - timedelta(minutes=20)
    answer = counter.extend("until in 100 hours", replace(REQUESTER, said_at=said_at))
    assert isinstance(answer, ExtensionAsked), answer
    assert answer.loan.extension is not None
    assert answer.loan.extension.until == said_at + timedelta(hours=100)


TUESDAY = datetime(2026, 11, 24, 10, 12, tzinfo=SITE_ZONE)
WEDNESDAY, NEXT_WEDNESDAY = TUESDAY.replace(day=25, hour=17, minute=0), datetime(2026, 12, 2, 12, tzinfo=SITE_ZONE)


@pytest.mark.parametrize(
    ("words", "until", "wanted"),
    [
        ("to Monday", WEDNESDAY, ["30 Nov 23:59"]),
        ("to Monday", NEXT_WEDNESDAY, ["07 Dec 23:59"]),
        ("to Monday 9am", NEXT_WEDNESDAY, ["07 Dec 09:00"]),
        ("to next Wednesday", WEDNESDAY, ["02 Dec 23:59"]),
        ("until Wednesday", WEDNESDAY, ["25 Nov 23:59", "02 Dec 23:59"]),
        ("until 6pm", NEXT_WEDNESDAY, ["02 Dec 18:00"]),
        ("in 2 days", WEDNESDAY, ["26 Nov 10:12", "27 Nov 17:00"]),
        ("in 2 days", NEXT_WEDNESDAY, ["04 Dec 12:00"]),
        ("2 days later", NEXT_WEDNESDAY, ["04 Dec 12:00"]),
        ("2 days from now", WEDNESDAY, ["26 Nov 10:12"]),
        ("until Nov 30", WEDNESDAY, ["30 Nov 23:59"]),
        ("until Nov 30", NEXT_WEDNESDAY, ["30 Nov 23:59"]),
        ("until tomorrow", NEXT_WEDNESDAY, ["25 Nov 23:59"]),
        ("no later than Friday", NEXT_WEDNESDAY, ["04 Dec 23:59"]),
    ],
)
def test_words_count_from_the_deadline_that_there_is(words: str, until: datetime, wanted: list[str]) -> None:
    """Who has nodes until Wednesday and says Monday means the Monday after; what can mean two is shown as two."""
    found = ends(worded(3, words).phrase, until, TUESDAY, SITE_ZONE)
    assert isinstance(found, Ends)
    assert [f"{at:%d %b %H:%M}" for at in found.at] == wanted


@pytest.mark.parametrize("words", ["for 5 more days", "5 days", "by 5 days", "another 5 days", "for five days longer"])
def test_a_length_counts_from_the_present_deadline_and_is_previewed_with_both(counter: Counter, words: str) -> None:
    """ "Two more days" come after those there are; both deadlines are read before anybody is asked to sign."""
    loan = counter.lent("gpu001")
    answer = counter.say(f"extend #1 {words}")
    assert isinstance(answer, WhichTime)
    [(said, draft)] = answer.readings
    assert when.spelled(loan.until, REQUESTER.tz) in said
    asked = counter.do(SettleExtension(draft))
    assert isinstance(asked, ExtensionAsked)
    assert asked.loan.extension is not None
    assert abs(asked.loan.extension.until - days_on(5, loan.until)) <= WHILE_SAID
    assert when.spelled(asked.loan.extension.until, REQUESTER.tz) in said


def test_to_is_until() -> None:
    """ "To Monday 9am" names the deadline itself."""
    assert worded(3, "to Monday 9am") == Extend(3, "until Monday 9am")
    assert worded(3, "a week") == Extend(3, "for a week")
    assert worded(3, "one more day") == Extend(3, "for one day")
    assert worded(3, "by Monday") == Extend(3, "by Monday")
    assert worded(3, "until in 2 days") == Extend(3, "until in 2 days")


@pytest.mark.parametrize("who", [REQUESTER, APPROVER, ONCALL, CLI], ids=lambda who: who.person.id)
def test_those_concerned_may_ask(counter: Counter, who: Caller) -> None:
    """An approver may ask for it too; somebody else then signs."""
    counter.lent("gpu001")
    day = dated(days_on(6, counter.now))
    assert isinstance(counter.extend(f"until {day} 18:00", who), ExtensionAsked)


def test_a_stranger_may_not(counter: Counter) -> None:
    """Nobody keeps another's nodes away."""
    counter.lent("gpu001")
    day = dated(days_on(6, counter.now))
    answer = counter.say(f"extend #1 until {day} 18:00", STRANGER)
    assert isinstance(answer, Forbidden)
    assert isinstance(answer.reasons[0], NotInGroup)
    assert counter.loan().extension is None


@pytest.mark.parametrize(("days", "reason"), [(2, NotLater), (30, TooLong)])
def test_an_extension_over_policy_is_refused(counter: Counter, days: int, reason: type) -> None:
    """Not later, or longer than the class allows from the loan's very start."""
    counter.lent("gpu001")
    day = dated(days_on(days, counter.now))
    answer = counter.say(f"extend #1 until {day} 15:00")
    assert isinstance(answer, Forbidden)
    assert [type(each) for each in answer.reasons] == [reason]


@pytest.mark.parametrize("phrase", ["until yesterday", "until 31 February", "until whenever"])
def test_a_time_that_cannot_be_is_refused(counter: Counter, phrase: str) -> None:
    """A sentence, and no change."""
    counter.lent("gpu001")
    assert isinstance(counter.say(f"extend #1 {phrase}"), BadTime)
    assert counter.loan().extension is None


@pytest.mark.parametrize("state", [State.RETURNING, State.STUCK, State.RETURNED, State.FAILED])
def test_what_is_on_its_way_home_is_not_extended(counter: Counter, state: State) -> None:
    """The nodes are rebooting; a later deadline would promise what is gone."""
    loan = counter.lent("gpu001", state=state)
    assert counter.say("extend #1 for 1 day") == NotFrom(loan, "extend")


def test_a_request_is_not_extended(counter: Counter) -> None:
    """Before it is signed it is asked for anew."""
    loan = counter.request()
    assert counter.say("extend #1 for 1 day") == NotFrom(loan, "extend")


def test_a_press_after_the_nodes_went_home_is_told_so(counter: Counter) -> None:
    """Ten minutes too late is too late, in words."""
    counter.lent("gpu001")
    which = counter.say("extend #1 for 1 day")
    assert isinstance(which, WhichTime)
    counter.say("give back #1")
    answer = counter.do(SettleExtension(which.readings[0][1]))
    assert answer == NotFrom(counter.loan(), "extend")


@pytest.mark.parametrize("draft", ["", "0", "-1", "999", str(10**40), "zzzz-1-wwwwww"])
def test_a_forged_draft_is_answered(counter: Counter, draft: str) -> None:
    """No traceback, no extension."""
    assert counter.do(SettleExtension(draft)) == StaleDraft(strange=True)


def test_a_draft_is_its_own_askers_and_its_own_verbs(counter: Counter) -> None:
    """Neither another's draft nor a draft of a new loan extends this one."""
    counter.lent("gpu001")
    which = counter.say("extend #1 for 1 day")
    assert isinstance(which, WhichTime)
    assert counter.do(SettleExtension(which.readings[0][1]), APPROVER) == StaleDraft(theirs=False)
    preview = counter.say("lend 1 gpu node for 3 days")
    assert counter.do(SettleExtension(preview.draft)) == StaleDraft()


def test_a_loan_that_is_not_there(counter: Counter) -> None:
    """The open ones are named."""
    assert counter.say("extend #7 for 1 day") == NoLoan(7, ())


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("whenever", BadTime),
        ("until yesterday", BadTime),
        ("until {before} 18:00", NotLater),
        ("until {after} 18:00", type(None)),
        ("until {far} 18:00", TooLong),
        ("for 2 more days", type(None)),
    ],
)
def test_a_form_says_under_its_field_what_is_wrong_with_the_time(counter: Counter, words: str, wrong: type) -> None:
    """Whoever mistypes a deadline mends it where they typed it; who may ask for it is judged when they have."""
    counter.lent("gpu001")
    days = {"before": 1, "after": 6, "far": 300}
    said = words.format(**{name: dated(days_on(far, counter.now)) for name, far in days.items()})
    assert type(errors(worded(1, said), STRANGER, counter.desk)) is wrong
    assert errors(worded(9, said), REQUESTER, counter.desk) is None or wrong is BadTime


def test_a_form_asks_whose_zone_nobody_knows_for_it(counter: Counter) -> None:
    """`until Friday 18:00` of somebody whose zone Slack does not tell is no time: read as UTC it was hours off."""
    counter.lent("gpu001")
    lost = Caller(replace(REQUESTER.person, tz="UTC", knows_zone=False), "C0HPCOPS01")
    day = dated(days_on(6, counter.now))
    wrong = errors(worded(1, f"until {day} 18:00"), lost, counter.desk)
    assert isinstance(wrong, BadTime)
    assert "time zone" in wrong.sentence
    assert errors(worded(1, "for 2 more days"), lost, counter.desk) is None
