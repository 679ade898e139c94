"""What was said before: the channel is read back for a message of ours that may have gone out unheard.

Only where such a posting was begun, only in the channel that it was meant for, and only our own tag is looked at. It
takes a scope that a site need not grant: without it a double is possible, and the next press on it mends it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.publishing.tags import Remembered

log = structlog.get_logger()

_PAGES: Final = 5
_PAGE: Final = 200
"""A thousand messages back: a card whose posting was not heard of is looked for within seconds, or after a restart."""
_MAY_NOT_LOOK: Final = frozenset({"missing_scope", "not_in_channel", "channel_not_found"})


@dataclass(frozen=True)
class Place:
    """Where a message goes. thread_ts: the message whose thread it is in; broadcast: shown beside the thread, too."""

    channel: str
    thread_ts: str | None = None
    broadcast: bool = False


@dataclass(frozen=True)
class Stands:
    """Where a message stands in Slack: its channel, and its ts, which is its id there."""

    channel: str
    ts: str


class Past:
    """Reads a channel back."""

    def __init__(self, client: WebClient) -> None:
        self._client = client

    def find(self, tag: Remembered, place: Place) -> Stands | None:
        """Return where the message with this tag stands; None when it is not there, or we may not look."""
        try:
            for message in self._messages(place):
                if tag.is_on(message):
                    return Stands(place.channel, message["ts"])
        except SlackApiError as e:
            if e.response.get("error") not in _MAY_NOT_LOOK:
                raise
            log.warning("slack.cannot_look_back", message=tag.name, why=e.response.get("error"))
        return None

    def _messages(self, place: Place) -> Iterator[dict[str, Any]]:
        cursor = ""
        for _ in range(_PAGES):
            answer = self._page(place, cursor)
            yield from answer["messages"]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _page(self, place: Place, cursor: str) -> Any:
        ask: Callable[..., Any] = self._client.conversations_history
        if place.thread_ts:
            ask = partial(self._client.conversations_replies, ts=place.thread_ts)
        return ask(channel=place.channel, limit=_PAGE, cursor=cursor or None, include_all_metadata=True)
