"""Messages in Slack: put up, edited where they stand, and written down before anything else is sent.

A message that is out and not written down would go out again, and a card would have a double.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.views.rendered import Rendered
from store.db import Store, Tx
from store.posts import Post, PostKind

log = structlog.get_logger()


@dataclass(frozen=True)
class Place:
    """Where a message goes. thread_ts: the message whose thread it is in; broadcast: shown beside the thread, too."""

    channel: str
    thread_ts: str | None = None
    broadcast: bool = False


class Board:
    """Slack's messages, and the store's word on where they stand."""

    def __init__(self, store: Store, client: WebClient) -> None:
        self._store = store
        self._client = client
        self._unrecorded: list[Callable[[Tx], object]] = []

    def put_up(self, drawn: Rendered, place: Place) -> None:
        """Post a message that nobody will edit."""
        self._post(drawn, place)

    def put_up_as(self, kind: PostKind, loan_id: int, drawn: Rendered, place: Place) -> None:
        """Post a message, and remember where it stands."""
        posted = self._post(drawn, place)
        self.record(lambda tx: tx.posts.put(loan_id, kind, posted["channel"], posted["ts"]))

    def edit(self, post: Post, drawn: Rendered) -> bool:
        """Edit a message; False when somebody deleted it."""
        try:
            self._client.chat_update(channel=post.channel, ts=post.ts, text=drawn.text, blocks=drawn.blocks)
        except SlackApiError as e:
            if e.response.get("error") == "message_not_found":
                log.warning("slack.message_gone", kind=post.kind, loan=post.loan_id)
                return False
            raise
        return True

    def record(self, change: Callable[[Tx], object]) -> None:
        """Write down what Slack has taken; what the store cannot take now, it takes at the next catch_up()."""
        self._unrecorded.append(change)
        self.catch_up()

    def catch_up(self) -> None:
        """Write down what is not written down yet. Raises StoreUnavailable, and then nothing may be sent."""
        if self._unrecorded:
            with self._store.write() as tx:
                for change in self._unrecorded:
                    change(tx)
            self._unrecorded.clear()

    def _post(self, drawn: Rendered, place: Place) -> Any:
        return self._client.chat_postMessage(
            channel=place.channel,
            thread_ts=place.thread_ts,
            reply_broadcast=place.broadcast or None,
            text=drawn.text,
            blocks=drawn.blocks,
        )
