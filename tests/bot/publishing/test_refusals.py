"""What becomes of a letter that Slack does not take: dropped, or tried again after a pause, and what is said of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.publishing.refusals import (
    GIVE_UP_AFTER,
    LONGEST_PAUSE,
    ChannelRefuses,
    Hopeless,
    NotYetPossible,
    Waits,
    judged,
)
from conversion.news import Audience
from store.outbox import Letter

MADE = datetime(2026, 11, 24, 15, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
YOUNG = timedelta(minutes=1)


def a_letter(kind: Audience = Audience.THREAD, tries: int = 0) -> Letter:
    return Letter(kind, 12, "U0REQUEST1", MADE, tries=tries)


def refused(error: str, headers: dict[str, str] | None = None) -> SlackApiError:
    answer: Any = {"ok": False, "error": error}
    response = SlackResponse(
        client=None, http_verb="POST", api_url="", req_args={}, data=answer, headers=headers or {}, status_code=200
    )
    return SlackApiError("refused", response)


@pytest.mark.parametrize("error", ["invalid_blocks", "msg_too_long", "no_text", "user_not_found"])
def test_what_no_second_try_mends_is_dropped(error: str) -> None:
    """A message of ours that Slack will never take does not come up again every five minutes."""
    assert judged(a_letter(), refused(error), YOUNG) == Hopeless(error)


def test_a_direct_message_without_its_person_is_dropped_and_a_channel_without_us_is_not() -> None:
    """Somebody can invite lendbot; nobody can bring back a person who left."""
    gone = refused("channel_not_found")
    assert judged(a_letter(Audience.REQUESTER), gone, YOUNG) == Hopeless("channel_not_found")
    assert isinstance(judged(a_letter(), ChannelRefuses("C0APPROVALS", "not_in_channel"), YOUNG), Waits)


def test_slack_says_how_long_to_wait() -> None:
    """429 is obeyed, and a shorter pause of ours does not undercut it."""
    slow_down = refused("ratelimited", {"Retry-After": "30"})
    assert judged(a_letter(), slow_down, YOUNG) == Waits("ratelimited", 30 * SECOND)
    assert judged(a_letter(tries=6), slow_down, YOUNG) == Waits("ratelimited", 64 * SECOND)


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"retry-after": "30"}, 30 * SECOND),
        ({"Retry-After": "Wed, 25 Nov 2026 10:00:00 GMT"}, SECOND),
        ({"Retry-After": "-5"}, SECOND),
        ({"Retry-After": "9" * 30}, 86_400 * SECOND),
        ({}, SECOND),
    ],
)
def test_a_wait_is_read_however_it_is_spelled_and_nonsense_is_a_pause_of_ours(
    headers: dict[str, str], pause: timedelta
) -> None:
    """One odd header of a proxy's would hold up every message that waits behind it."""
    assert judged(a_letter(), refused("ratelimited", headers), YOUNG) == Waits("ratelimited", pause)


def test_a_thread_waits_a_moment_for_its_card() -> None:
    """What is said below a card comes right after it."""
    assert judged(a_letter(tries=8), NotYetPossible("no card yet"), YOUNG) == Waits("no card yet", SECOND)


@pytest.mark.parametrize("error", [SlackClientError("no JSON"), TimeoutError("timed out"), KeyError("by")])
def test_each_try_waits_twice_as_long_up_to_a_limit(error: Exception) -> None:
    """An outage is not hammered, and its end is noticed within minutes."""
    pauses = [judged(a_letter(tries=tries), error, YOUNG) for tries in (0, 1, 5, 9, 10_000)]
    assert [waits.pause for waits in pauses if isinstance(waits, Waits)] == [
        SECOND,
        2 * SECOND,
        32 * SECOND,
        LONGEST_PAUSE,
        LONGEST_PAUSE,
    ]


def test_after_two_days_it_is_given_up_and_says_why() -> None:
    """Nobody is told on Monday what mattered on Friday."""
    old = GIVE_UP_AFTER + SECOND
    dropped = judged(a_letter(), TimeoutError("timed out"), old)
    assert isinstance(dropped, Hopeless)
    assert "TimeoutError: timed out" in dropped.why
    assert isinstance(judged(a_letter(), TimeoutError("timed out"), GIVE_UP_AFTER), Waits)
