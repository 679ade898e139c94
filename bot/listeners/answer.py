"""Handing an answer to the person: through the response URL while Slack takes it, else where they spoke, else to them.

A response URL is good for half an hour and five answers. What is only meant for one person stays so on every way.
"""

from collections.abc import Mapping
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler, RateLimitErrorRetryHandler
from slack_sdk.webhook import WebhookClient

from bot.views.rendered import Rendered
from store.inbox import Errand

log = structlog.get_logger()


class Answers:
    """Gives answers in Slack."""

    def __init__(self, client: WebClient) -> None:
        self._client = client

    def give(self, errand: Errand, drawn: Rendered, *, replace: bool = False) -> None:
        """Answer an errand.

        replace   put the answer where the pressed button stood, so that nobody presses it again
        raises    SlackApiError, SlackClientError or OSError when Slack takes it on no way
        """
        if errand.url and _is_taken(errand.url, drawn, replace=replace):
            return
        if errand.channel is None:
            self._write(errand.person, drawn)
        elif errand.channel.startswith("D"):
            self._write_back(errand, errand.channel, drawn)
        else:
            self._whisper(errand, errand.channel, drawn)

    def take_away(self, errand: Errand) -> None:
        """Take away the message that the pressed button stood in."""
        _hook(errand.url).send(delete_original=True)

    def _write(self, channel: str, drawn: Rendered) -> None:
        self._client.chat_postMessage(channel=channel, text=drawn.text, blocks=drawn.blocks)

    def _write_back(self, errand: Errand, channel: str, drawn: Rendered) -> None:
        """Answer in a direct message where it was said: in its thread, while that stands."""
        try:
            self._client.chat_postMessage(channel=channel, text=drawn.text, blocks=drawn.blocks, **_thread(errand.what))
        except SlackApiError as e:
            if e.response.get("error") != "thread_not_found":
                raise
            self._write(channel, drawn)

    def _whisper(self, errand: Errand, channel: str, drawn: Rendered) -> None:
        """Answer in a channel for its author alone; where lendbot, or they, may not be, in a direct message."""
        try:
            self._client.chat_postEphemeral(
                channel=channel, user=errand.person, text=drawn.text, blocks=drawn.blocks, **_thread(errand.what)
            )
        except SlackApiError as e:
            if e.response.status_code == 429:  # noqa: PLR2004 - HTTP's own "too many"
                raise
            log.warning("slack.answered_in_person", errand=errand.key, why=str(e.response.get("error")))
            self._write(errand.person, drawn)


def _thread(what: Mapping[str, Any]) -> dict[str, Any]:
    return {"thread_ts": what["thread_ts"]} if what.get("thread_ts") else {}


def _is_taken(url: str, drawn: Rendered, *, replace: bool) -> bool:
    sent = _hook(url).send(
        text=drawn.text,
        blocks=drawn.blocks,
        response_type="ephemeral",
        replace_original=replace,
        delete_original=False,
    )
    is_taken = sent.status_code == 200  # noqa: PLR2004 - HTTP's own OK
    if not is_taken:
        log.warning("slack.response_refused", status=sent.status_code, said=sent.body[:200])
    return is_taken


def _hook(url: str) -> WebhookClient:
    return WebhookClient(url, timeout=10, retry_handlers=[ConnectionErrorRetryHandler(), RateLimitErrorRetryHandler()])
