"""What Slack refuses: which letter no second try mends, which waits and for how long, and what is said then.

Pure. It asks nobody and writes nothing: the pump does with a letter what is judged here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from slack_sdk.errors import SlackApiError

from conversion.news import Audience
from loans.spots import SpotKind
from store.outbox import Letter

GIVE_UP_AFTER: Final = timedelta(days=2)
LONGEST_PAUSE: Final = timedelta(minutes=5)
_A_DAY_S: Final = 86_400
"""Slack asks for seconds, a minute at most: more would be a mistake that costs people their messages."""
_DOUBLINGS: Final = 9
"""2 ** 9 s is past the longest pause."""
_FOR_ITS_CARD: Final = timedelta(seconds=1)
_HOPELESS: Final = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long", "no_text", "user_not_found"}
)
"""What no second try mends: our own blocks, or somebody who is gone."""
CHANNEL_REFUSES: Final = frozenset({
    "channel_not_found", "not_in_channel", "is_archived", "is_inactive", "restricted_action",
    "restricted_action_read_only_channel", "restricted_action_thread_only_channel",
})  # fmt: skip
"""What Slack says when a channel takes no message of ours, whichever (docs.slack.dev: postMessage, update)."""


class NotYetPossible(Exception):  # noqa: N818 - it is an answer, not an accident
    """The letter waits for another one: a thread needs its card first."""


class ChannelRefuses(Exception):  # noqa: N818 - it names what happened
    """Slack takes no message of ours in a channel. why: its word for it."""

    def __init__(self, channel: str, why: str) -> None:
        super().__init__(f"{why} in {channel}")
        self.channel = channel
        self.why = why


@dataclass(frozen=True)
class Hopeless:
    """It is dropped."""

    why: str


@dataclass(frozen=True)
class Waits:
    """It is tried again after a pause. pause: in wall time, for it is Slack's."""

    why: str
    pause: timedelta


def judged(letter: Letter, error: Exception, age: timedelta) -> Hopeless | Waits:
    """Return what becomes of a letter that could not be sent. age: in wall time, since it was made."""
    verdict = _judged(letter, error)
    if isinstance(verdict, Waits) and age > GIVE_UP_AFTER:
        return Hopeless(f"gave up after {GIVE_UP_AFTER}: {verdict.why}")
    return verdict


def _judged(letter: Letter, error: Exception) -> Hopeless | Waits:
    match error:
        case NotYetPossible():
            return Waits(str(error), _FOR_ITS_CARD)
        case ChannelRefuses():
            return Waits(f"{error.why}: people are told", _pause(letter))
        case SlackApiError():
            return _refused(letter, error)
        case _:
            return Waits(f"{type(error).__name__}: {error}", _pause(letter))


def _refused(letter: Letter, error: SlackApiError) -> Hopeless | Waits:
    why = str(error.response.get("error") or error)
    # For a direct message there is no channel to be invited to: the person is gone.
    is_to_a_person = letter.kind == Audience.REQUESTER or letter.to.startswith((SpotKind.REQUESTER, SpotKind.PERSON))
    if why in _HOPELESS or (is_to_a_person and why == "channel_not_found"):
        return Hopeless(why)
    return Waits(why, max(_pause(letter), _asked_for(error.response.headers or {})))


def _asked_for(headers: Mapping[str, str]) -> timedelta:
    """Return for how long Slack wants quiet; it spells the header's name as it likes, and a proxy may give a date."""
    said = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return timedelta(seconds=min(int(said), _A_DAY_S)) if said.isascii() and said.isdecimal() else timedelta()


def _pause(letter: Letter) -> timedelta:
    return min(timedelta(seconds=2 ** min(letter.tries, _DOUBLINGS)), LONGEST_PAUSE)
