"""The slash command, mentions and direct messages: three ways to say a sentence."""

from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient

from bot.listeners import answer
from bot.listeners.front import Front
from bot.views.rendered import Rendered


def register(app: App, front: Front, command: str) -> None:
    """Listen for sentences. command: the slash command of the manifest."""

    def slash(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        url = body["response_url"]

        def work() -> None:
            drawn = front.say(body.get("text", ""), body["user_id"], body["channel_id"])
            answer.respond(url, drawn, replace=False)

        front.queue.put(body["trigger_id"], work, lambda text: answer.respond(url, Rendered(text, []), replace=False))

    def said(client: WebClient, body: dict[str, Any], event: dict[str, Any]) -> None:
        if event.get("bot_id") or event.get("subtype") or "user" not in event:
            return

        def work() -> None:
            answer.whisper(client, event, front.say(event.get("text", ""), event["user"], event["channel"]))

        # A mention in a direct message arrives as both events; the message's own ts names it once.
        key = f"{event['channel']}:{event['ts']}"
        del body
        front.queue.put(key, work, lambda text: answer.whisper(client, event, Rendered(text, [])))

    def direct(client: WebClient, body: dict[str, Any], event: dict[str, Any]) -> None:
        if event.get("channel_type") == "im":
            said(client, body, event)

    app.command(command)(slash)
    app.event("app_mention")(said)
    app.event("message")(direct)
