"""Handing a Reply to the person: through the response URL when Slack gave one, else as a message only they see."""

from collections.abc import Mapping
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler, RateLimitErrorRetryHandler
from slack_sdk.webhook import WebhookClient

from bot.views.rendered import Rendered

log = structlog.get_logger()


def respond(url: str, drawn: Rendered, *, replace: bool) -> None:
    """Answer through a response URL.

    replace   put the answer where the pressed button stood, so that nobody presses it again
    """
    _send(url, drawn, replace=replace)


def takes_its_place(url: str, drawn: Rendered) -> bool:
    """Put an answer where a preview stood; False when Slack did not let us: its URL is good for half an hour."""
    return _send(url, drawn, replace=True)


def _send(url: str, drawn: Rendered, *, replace: bool) -> bool:
    hook = WebhookClient(url, timeout=10, retry_handlers=[ConnectionErrorRetryHandler(), RateLimitErrorRetryHandler()])
    sent = hook.send(
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


def remove(url: str) -> None:
    """Take away the message that the button stood in."""
    WebhookClient(url, timeout=10).send(delete_original=True)


def whisper(client: WebClient, event: Mapping[str, Any], drawn: Rendered) -> None:
    """Answer a message: in a direct message plainly, in a channel to its author alone, where it was said."""
    channel, user = event["channel"], event["user"]
    if event.get("channel_type") == "im":
        client.chat_postMessage(channel=channel, text=drawn.text, blocks=drawn.blocks)
        return
    thread = {"thread_ts": event["thread_ts"]} if event.get("thread_ts") else {}
    client.chat_postEphemeral(channel=channel, user=user, text=drawn.text, blocks=drawn.blocks, **thread)
