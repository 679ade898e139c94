"""A message of ours is known again by its tag, and one of another store's is not ours."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.publishing.tags import Tag
from store.posts import PostKind
from tests.store.values import a_loan

LOAN = replace(a_loan(), id=12, store="k3f9")
CARD = Tag.of(PostKind.CARD, LOAN, cause=7)
QUESTION = Tag.of(PostKind.QUESTION, LOAN, cause=7)


def message(tag: Tag) -> dict[str, Any]:
    return {"ts": "1.1", "metadata": tag.metadata}


def test_a_message_is_found_by_its_tag() -> None:
    """A card is found by whichever letter it went out; of questions there may be several."""
    assert CARD.is_on(message(CARD))
    assert replace(CARD, cause=8).is_on(message(CARD))
    assert QUESTION.is_on(message(QUESTION))
    assert not replace(QUESTION, cause=8).is_on(message(QUESTION))
    assert not CARD.is_on(message(QUESTION))


@pytest.mark.parametrize(
    "other",
    [
        {"store": "x7q2"},
        {"store": ""},
        {"id": 13},
        {"asked_at": LOAN.asked_at + timedelta(seconds=1)},
        {"requester": "U0SOMEBODY"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_the_card_of_another_loan_with_this_number_is_not_ours(other: dict[str, Any]) -> None:
    """It would be edited into this loan's card, and everybody who reads that channel be told a wrong story."""
    theirs = replace(LOAN, **other)
    assert not CARD.is_on(message(Tag.of(PostKind.CARD, theirs, cause=7)))
    assert not QUESTION.is_on(message(Tag.of(PostKind.QUESTION, theirs, cause=7)))


@pytest.mark.parametrize("metadata", [None, {}, {"event_type": "lendbot_card", "event_payload": {"loan": 12}}])
def test_a_message_without_our_tag_or_with_one_from_before_names_is_not_ours(metadata: Any) -> None:
    """A number alone is no name: rather a second card than another's edited."""
    assert not CARD.is_on({"ts": "1.1", "metadata": metadata})
