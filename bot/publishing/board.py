"""Messages in Slack: put up, edited where they stand, and written down before anything else is sent.

A message that is out and not written down would go out again, and a card would have a double, with buttons. So it is
noted before it is sent, and where such a note is found the message is looked for before another is sent.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from bot.publishing.past import Past, Place
from bot.publishing.refusals import CHANNEL_REFUSES, ChannelRefuses
from bot.publishing.tags import Remembered
from bot.views.rendered import Rendered
from store.db import Store, Tx

log = structlog.get_logger()


_NEVER_AGAIN: Final = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""Deleted by somebody, no longer ours, or too old by the workspace's rules: that message is edited no more."""


class Standing(Protocol):
    """Where a message stands in Slack."""

    @property
    def channel(self) -> str:
        """Return its channel."""

    @property
    def ts(self) -> str:
        """Return its id there."""


class Board:
    """Slack's messages, and the store's word on where they stand."""

    def __init__(self, store: Store, client: WebClient) -> None:
        self._store = store
        self._client = client
        self._posting = _never_twice(client)
        self._past = Past(client)
        self._written: set[str] = set()
        self._unrecorded: list[Callable[[Tx], object]] = []

    def put_up(self, drawn: Rendered, place: Place) -> None:
        """Post a message that nobody will edit."""
        self._post(drawn, place)

    def put_up_as(self, tag: Remembered, drawn: Rendered, place: Place) -> None:
        """Post a message, and remember where it stands. One that is out already is edited instead."""
        with self._store.read() as tx:
            may_be_out = tag.may_be_out(tx)
        found = self._past.find(tag, place) if may_be_out else None
        if found is not None:
            log.info("slack.found_again", message=tag.name, ts=found.ts)
            self.record(lambda tx: tag.put(tx, found.channel, found.ts))
            if not self.edit(found, drawn):
                return
        with self._store.write() as tx:
            tag.begin(tx, place.channel)
        try:
            posted = self._post(drawn, place, tag)
        except ChannelRefuses:
            self.record(tag.is_not_out)
            raise
        except SlackApiError as e:
            if _is_no(e):
                self.record(tag.is_not_out)
            raise
        self.record(lambda tx: tag.put(tx, posted["channel"], posted["ts"]))

    def edit(self, post: Standing, drawn: Rendered) -> str:
        """Edit a message; return Slack's word for why it can be edited no more, and nothing when it was."""
        try:
            with self._heard(post.channel):
                self._client.chat_update(channel=post.channel, ts=post.ts, text=drawn.text, blocks=drawn.blocks)
        except SlackApiError as e:
            why = str(e.response.get("error"))
            if why in _NEVER_AGAIN:
                log.warning("slack.cannot_edit", channel=post.channel, ts=post.ts, why=why)
                return why
            raise
        return ""

    def link(self, post: Standing) -> str:
        """Return a message's address for people; empty when Slack does not tell it, for no letter waits for that."""
        try:
            found = self._client.chat_getPermalink(channel=post.channel, message_ts=post.ts)
        except (SlackApiError, SlackClientError, OSError) as e:
            log.warning("slack.without_link", channel=post.channel, ts=post.ts, why=str(e))
            return ""
        return str(found["permalink"])

    def written(self) -> frozenset[str]:
        """Return the channels in which something was written since this was asked last."""
        written, self._written = frozenset(self._written), set()
        return written

    @contextmanager
    def _heard(self, channel: str) -> Iterator[None]:
        """Tell a channel that takes nothing from one message that is refused."""
        try:
            yield
        except SlackApiError as e:
            why = str(e.response.get("error"))
            if why in CHANNEL_REFUSES and channel.startswith(("C", "G")):
                raise ChannelRefuses(channel, why) from e
            raise
        self._written.add(channel)

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

    def _post(self, drawn: Rendered, place: Place, tag: Remembered | None = None) -> Any:
        with self._heard(place.channel):
            return self._posting.chat_postMessage(
                channel=place.channel,
                thread_ts=place.thread_ts,
                reply_broadcast=place.broadcast or None,
                text=drawn.text,
                blocks=drawn.blocks,
                metadata=tag.metadata if tag else None,
            )


_PERHAPS: Final = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})
"""After these, Slack says, some of what was asked for may have been done."""


def _is_no(error: SlackApiError) -> bool:
    """Return True when Slack said that nothing was posted; a proxy's page, with no word of Slack's, says nothing."""
    said = error.response.get("error")
    return said is not None and said not in _PERHAPS


def _never_twice(client: WebClient) -> WebClient:
    """Return the client without its retries after a connection that broke: what it had sent may have been taken."""
    return WebClient(
        token=client.token,
        base_url=client.base_url,
        timeout=client.timeout,
        retry_handlers=[each for each in client.retry_handlers if isinstance(each, RateLimitErrorRetryHandler)],
    )
