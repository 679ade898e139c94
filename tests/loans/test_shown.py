"""What a card showed of a loan: read back as it was written, and held against the loan as it is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from loans.loan import Extension, Loan, NodeLoan, NodeState
from loans.nodes import NodeName
from loans.shown import (
    ForcedBefore,
    NotBlocked,
    OtherAsker,
    OtherDeadline,
    OtherStage,
    OtherTerms,
    Shown,
    changes,
    changes_of_decision,
    changes_of_node,
)
from tests.store.values import HOUR, NOW, a_loan

LOAN = replace(a_loan(), id=12, store="k3f9")
LATER = Extension(LOAN.until + 24 * HOUR, "U0REQUESTER", NOW, NOW + HOUR)
GPU006 = NodeName("gpu006")
BLOCKED = NodeLoan(12, GPU006, 1, NOW, NOW, state=NodeState.RETURNING, run=2, blocked=True)


@pytest.mark.parametrize("loan", [LOAN, replace(LOAN, store=""), replace(LOAN, extension=LATER)])
@pytest.mark.parametrize("part", [None, BLOCKED, replace(BLOCKED, state=NodeState.STUCK)])
def test_what_a_button_carries_is_read_back_as_it_was(loan: Loan, part: NodeLoan | None) -> None:
    """A press that cannot be read is a press that does nothing; and Slack keeps 2,000 characters of it."""
    shown = Shown.of(loan, part)
    assert Shown.parse(shown.text) == shown
    assert len(shown.text) < 120


@pytest.mark.parametrize("text", ["", "12", "12:k3f9", "12:k3f9:x:1:y::", Shown.of(LOAN).text + "2-lost", "\u00b2"])
def test_what_no_lendbot_wrote_is_not_read(text: str) -> None:
    """A forged value is a sentence, never a traceback further in."""
    with pytest.raises(ValueError, match="not what a button carries"):
        Shown.parse(text)


@pytest.mark.parametrize(
    ("now", "is_same"),
    [
        ({}, True),
        ({"until": LOAN.until + HOUR, "version": 9, "extension": LATER}, True),
        ({"asked_at": LOAN.asked_at.astimezone(ZoneInfo("Asia/Tokyo"))}, True),
        ({"store": "x7q2"}, False),
        ({"store": ""}, False),
        ({"id": 13}, False),
        ({"requester": "U0SOMEBODY"}, False),
        ({"asked_at": LOAN.asked_at + timedelta(microseconds=1)}, False),
    ],
)
def test_a_loan_is_the_one_that_was_shown_by_its_store_and_its_birth(now: dict[str, Any], is_same: bool) -> None:  # noqa: FBT001
    """A number that comes back, in a restored store or in a fresh one, is not the loan that it was."""
    assert Shown.of(LOAN).is_of(replace(LOAN, **now)) is is_same


@pytest.mark.parametrize(
    ("now", "found"),
    [
        ({}, ()),
        ({"state": "lent", "version": 9, "extension": LATER}, ()),
        ({"until": LOAN.until + HOUR}, (OtherDeadline(LOAN.until.replace(microsecond=0)),)),
        ({"count": LOAN.count + 1}, (OtherTerms(),)),
        ({"purpose": "mining"}, (OtherTerms(),)),
        ({"starts_at": NOW + HOUR}, (OtherTerms(),)),
        (
            {"node_class": "cpu", "until": LOAN.until + HOUR},
            (OtherDeadline(LOAN.until.replace(microsecond=0)), OtherTerms()),
        ),
    ],
)
def test_what_is_not_as_it_was_shown_is_named(now: dict[str, Any], found: tuple[object, ...]) -> None:
    """Whoever is refused reads why: what moves by itself (its state, its nodes) is no reason, its terms are."""
    assert changes(Shown.of(LOAN), replace(LOAN, **now)) == found


def test_a_decision_is_also_about_who_asked_for_the_later_deadline() -> None:
    """The same deadline, asked for by somebody else, has another meaning: nobody signs their own."""
    shown = Shown.of(replace(LOAN, extension=LATER))
    anew = replace(LOAN, extension=replace(LATER, asked_by="U0APPROVER"))
    assert changes_of_decision(shown, replace(LOAN, extension=LATER)) == ()
    assert changes_of_decision(shown, anew) == (OtherAsker(),)
    assert changes(shown, anew) == ()


@pytest.mark.parametrize(
    ("now", "found", "when_removing"),
    [
        ({}, (), ()),
        ({"note": "another pod", "version": 4}, (), ()),
        ({"blocked": False}, (), (NotBlocked(GPU006),)),
        ({"forced_by": "U0ONCALL"}, (), (ForcedBefore(GPU006, "U0ONCALL"),)),
        *(
            (now, (found,), (found,))
            for now, found in [
                ({"run": 3}, OtherStage(GPU006, NodeState.RETURNING, NodeState.RETURNING)),
                ({"state": NodeState.STUCK}, OtherStage(GPU006, NodeState.RETURNING, NodeState.STUCK)),
                ({"state": NodeState.HOME, "run": 3}, OtherStage(GPU006, NodeState.RETURNING, NodeState.HOME)),
            ]
        ),
    ],
)
def test_a_nodes_button_is_about_where_the_node_was(
    now: dict[str, Any], found: tuple[object, ...], when_removing: tuple[object, ...]
) -> None:
    """Pods are deleted on a node that is blocked now, not on one that was an hour ago."""
    shown, part = Shown.of(LOAN, BLOCKED), replace(BLOCKED, **now)
    assert changes_of_node(shown, part) == found
    assert changes_of_node(shown, part, removes=True) == when_removing


def test_a_deadline_is_shown_in_whole_seconds() -> None:
    """A length ends at a microsecond, which no button needs to know."""
    precise = replace(LOAN, until=datetime(2026, 11, 28, 4, 59, 0, 999_999, tzinfo=UTC))
    assert changes(Shown.of(precise), replace(precise, until=precise.until.replace(microsecond=0))) == ()
