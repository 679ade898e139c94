"""The slash command, mentions and direct messages: three ways to say a sentence."""

from typing import Any, Final

from slack_bolt import App

from bot.listeners.errands import Kind
from bot.listeners.front import Front
from bot.slack.heard import heard
from commands import grammar
from store.inbox import Errand

WORDS: Final = "words"
_SAID: Final = (None, "file_share", "thread_broadcast")
"""What a person says, beside edits, joins and the like; with a file, or from a thread to its channel as well."""


def register(app: App, front: Front, command: str) -> None:
    """Listen for sentences. command: the slash command of the manifest."""
    errands, reception = front.errands, front.reception

    def said(errand: Errand) -> str:
        return heard(errand.what["text"], errand.what.get("me"))

    def carry_out(errand: Errand) -> None:
        front.answers.give(errand, front.do(grammar.read(said(errand)), errand, errand.channel))

    def is_order(errand: Errand) -> bool:
        return grammar.is_order(grammar.read(said(errand)))

    def slash(body: dict[str, Any]) -> Errand:
        said = {"text": body.get("text", ""), "me": ""}
        place = {"team": body.get("team_id", ""), "channel": body["channel_id"], "url": body["response_url"]}
        return errands.errand(WORDS, body["trigger_id"], body["user_id"], said, **place)

    def mention(body: dict[str, Any]) -> Errand | None:
        event = body["event"]
        if event.get("bot_id") or event.get("subtype") not in _SAID or "user" not in event:
            return None
        said = {"text": event.get("text", ""), "thread_ts": event.get("thread_ts"), "me": _own_id(body)}
        # A mention in a direct message arrives as both events; the message's own ts names it once.
        key = f"{event['channel']}:{event['ts']}"
        # In a shared channel the envelope names the workspace that lendbot is in, the event its author's.
        team = event.get("user_team") or event.get("team") or body.get("team_id", "")
        place = {"team": team, "channel": event["channel"]}
        return errands.errand(WORDS, key, event["user"], said, **place)

    def direct(body: dict[str, Any]) -> Errand | None:
        return mention(body) if body["event"].get("channel_type") == "im" else None

    errands.add(Kind(WORDS, carry_out, is_order))
    app.command(command, middleware=[reception.before(slash)])(reception.start)
    app.event("app_mention", middleware=[reception.before(mention)])(reception.start)
    app.event("message", middleware=[reception.before(direct)])(reception.start)


def _own_id(body: dict[str, Any]) -> str | None:
    """Return who lendbot is in the workspace that sent this: only that mention is no part of the sentence."""
    return next((each.get("user_id") or None for each in body.get("authorizations") or () if each.get("is_bot")), None)
