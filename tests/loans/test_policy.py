"""Who may do what: each reason for a no, alone and together with others."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loans.classes import Rules
from loans.loan import Loan
from loans.policy import (
    CLI_GROUP,
    LEAST,
    Allowed,
    NoNodes,
    NotInGroup,
    NotLater,
    OwnRequest,
    Person,
    Refused,
    TooLong,
    TooMany,
    TooManyWaiting,
    TooShort,
    may_approve,
    may_extend,
    may_force,
    may_give_back,
    may_request,
    may_withdraw,
)
from tests.store.values import HOUR, NOW, a_loan

DAY = timedelta(days=1)
RULES = Rules(
    requesters=frozenset({"S0STAFF"}),
    approvers=frozenset({"S0APPROVERS", "U0LONEAPPROVER"}),
    operators=frozenset({"U0ONCALL"}),
    max_nodes=8,
    max_length=7 * DAY,
)
REQUESTER = Person("U0REQUESTER", frozenset({"S0STAFF"}))
APPROVER = Person("U0APPROVER", frozenset({"S0APPROVERS"}))
LONE_APPROVER = Person("U0LONEAPPROVER")
ONCALL = Person("U0ONCALL")
STRANGER = Person("U0STRANGER", frozenset({"S0OTHERS"}))
CLI = Person("cli:root", frozenset({CLI_GROUP}))


@pytest.mark.parametrize(
    ("who", "count", "span", "verdict"),
    [
        (REQUESTER, 1, HOUR, Allowed()),
        (REQUESTER, 8, 7 * DAY, Allowed()),
        (REQUESTER, 1, LEAST, Allowed()),
        (REQUESTER, 0, HOUR, Refused((NoNodes(0),))),
        (REQUESTER, -3, HOUR, Refused((NoNodes(-3),))),
        (REQUESTER, 9, HOUR, Refused((TooMany(9, 8),))),
        (REQUESTER, 1_000_000, HOUR, Refused((TooMany(1_000_000, 8),))),
        (REQUESTER, 1, 7 * DAY + HOUR, Refused((TooLong(7 * DAY + HOUR, 7 * DAY),))),
        (REQUESTER, 1, timedelta(minutes=4), Refused((TooShort(timedelta(minutes=4), LEAST),))),
        (REQUESTER, 1, -HOUR, Refused((TooShort(-HOUR, LEAST),))),
        (STRANGER, 1, HOUR, Refused((NotInGroup("ask for a loan", frozenset({"S0STAFF"})),))),
        (
            STRANGER,
            9,
            8 * DAY,
            Refused((NotInGroup("ask for a loan", frozenset({"S0STAFF"})), TooMany(9, 8), TooLong(8 * DAY, 7 * DAY))),
        ),
    ],
)
def test_a_request_is_judged_with_every_reason(
    who: Person, count: int, span: timedelta, verdict: Allowed | Refused
) -> None:
    """The asker learns all that is wrong at once, instead of one thing a try."""
    assert may_request(who, RULES, count, span) == verdict


def test_who_has_as_many_requests_waiting_as_the_limit_asks_for_no_more() -> None:
    """Approvers are not buried under one person's wishes; whoever waits learns which request to take back."""
    limit = RULES.max_waiting
    waiting = tuple(range(1, limit + 1))
    assert may_request(REQUESTER, RULES, 1, HOUR, waiting[:-1]) == Allowed()
    assert may_request(REQUESTER, RULES, 1, HOUR, waiting) == Refused((TooManyWaiting(waiting, limit),))


def test_a_star_lets_everybody_ask() -> None:
    """The default needs no list of staff."""
    assert may_request(STRANGER, Rules(), 1, HOUR) == Allowed()


@pytest.mark.parametrize("who", [APPROVER, LONE_APPROVER, CLI])
def test_an_approver_decides_on_what_others_asked_for(who: Person) -> None:
    """A group's member or somebody named: both count; so does whoever has lendbot's host, when Slack is down."""
    assert may_approve(who, RULES, "U0REQUESTER", 12) == Allowed()
    assert may_approve(who, RULES, who.id, 12) == Refused((OwnRequest(12),))


@pytest.mark.parametrize("who", [REQUESTER, ONCALL, STRANGER])
def test_nobody_else_decides(who: Person) -> None:
    """The night shift signs no loan."""
    verdict = may_approve(who, RULES, "U0SOMEBODY", 12)
    assert verdict == Refused((NotInGroup("decide on loans", RULES.approvers),))


def test_who_asked_and_may_not_decide_hears_both() -> None:
    """A requester who presses Approve is told why it can never work."""
    verdict = may_approve(REQUESTER, RULES, REQUESTER.id, 12)
    assert verdict == Refused((NotInGroup("decide on loans", RULES.approvers), OwnRequest(12)))


@settings(deadline=None)
@given(st.sampled_from([REQUESTER, APPROVER, LONE_APPROVER, ONCALL, STRANGER, CLI]), st.integers(1))
def test_nobody_ever_signs_their_own(who: Person, loan_id: int) -> None:
    """Two people stand behind every loan."""
    assert isinstance(may_approve(who, RULES, who.id, loan_id), Refused)


@pytest.mark.parametrize("who", [REQUESTER, APPROVER, ONCALL, CLI])
def test_those_concerned_may_extend_give_back_and_withdraw(who: Person) -> None:
    """The one who asked, those who decide, and whoever keeps the machines at night."""
    loan = a_loan()
    assert may_extend(who, RULES, loan, loan.until + HOUR) == Allowed()
    assert may_give_back(who, RULES, loan) == Allowed()
    assert may_withdraw(who, RULES, loan) == Allowed()


def test_a_stranger_may_not_and_hears_who_may() -> None:
    """Nobody ends another's workshop."""
    loan = a_loan()
    people = frozenset({"U0REQUESTER"}) | RULES.approvers | RULES.operators
    assert may_give_back(STRANGER, RULES, loan) == Refused((NotInGroup("give this loan back", people),))
    assert may_extend(STRANGER, RULES, loan, loan.until + HOUR) == Refused((NotInGroup("extend this loan", people),))


@pytest.mark.parametrize(
    ("loan", "until", "reasons"),
    [
        (a_loan(), NOW + 72 * HOUR, (NotLater(NOW + 72 * HOUR, NOW + 72 * HOUR),)),
        (a_loan(), NOW + HOUR, (NotLater(NOW + 72 * HOUR, NOW + HOUR),)),
        (a_loan(), NOW + 8 * DAY, (TooLong(8 * DAY, 7 * DAY),)),
        (a_loan(started_at=NOW + 2 * DAY), NOW + 8 * DAY, ()),
        (a_loan(starts_at=NOW + 2 * DAY), NOW + 8 * DAY, ()),
    ],
)
def test_an_extension_counts_the_whole_loan(loan: Loan, until: datetime, reasons: tuple[object, ...]) -> None:
    """A limit cannot be walked around in small steps."""
    verdict = may_extend(REQUESTER, RULES, loan, until)
    assert verdict == (Refused(reasons) if reasons else Allowed())  # type: ignore[arg-type] - a table of reasons


@pytest.mark.parametrize(
    ("who", "may"), [(APPROVER, True), (ONCALL, True), (CLI, True), (REQUESTER, False), (STRANGER, False)]
)
def test_only_approvers_and_operators_force(who: Person, may: bool) -> None:  # noqa: FBT001
    """The requester's hurry does not end another tenant's pods."""
    assert isinstance(may_force(who, RULES), Allowed) is may


def test_a_requester_who_is_also_an_approver_forces_as_one() -> None:
    """The role decides, not the loan."""
    both = Person("U0REQUESTER", frozenset({"S0STAFF", "S0APPROVERS"}))
    assert may_force(both, RULES) == Allowed()
