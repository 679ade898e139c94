"""The payloads that Slack sends to an app, field by field. Pure: dataclasses in, JSON out."""

from typing import Any

from sandbox.slack import seed
from sandbox.slack.records import Channel, Json, Message, User, View

TEAM = {"id": seed.TEAM, "domain": seed.TEAM_NAME}


def _who(user: User) -> Json:
    return {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id}


def _common(kind: str, user: User) -> Json:
    return {
        "type": kind,
        "user": _who(user),
        "team": TEAM,
        "api_app_id": seed.APP,
        "token": seed.VERIFICATION_TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def slash_command(user: User, channel: Channel, command: str, text: str, tickets: Json) -> Json:
    """Return what a slash command sends; every value is a string, as in the form that HTTP mode posts."""
    return {
        "token": seed.VERIFICATION_TOKEN,
        "team_id": user.team_id,
        "team_domain": seed.TEAM_NAME,
        "channel_id": channel.id,
        "channel_name": "directmessage" if channel.is_im else channel.name,
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": seed.APP,
        "is_enterprise_install": "false",
    } | tickets


def message_event(kind: str, channel: Channel, message: Message, subtype: str | None = None) -> Json:
    """Return an app_mention or a message event; subtype message_changed wraps the message as Slack does."""
    place: Json = {"channel": channel.id, "event_ts": message.ts}
    if kind == "message":
        place["channel_type"] = "im" if channel.is_im else "group" if channel.is_private else "channel"
    if subtype == "message_changed":
        changed = message.edited_ts or message.ts
        wrapped = {"type": kind, "subtype": subtype, "hidden": True, "message": message.wire(), "ts": changed}
        return wrapped | place | {"event_ts": changed}
    wired = message.wire()
    if kind == "app_mention":
        wired.pop("subtype", None)  # Slack gives a mention's files, and no subtype
    return wired | {"type": kind} | place


def home_opened(user: User, dm: Channel, tab: str, ts: str, view: View | None) -> Json:
    """Return the event of a person looking at the app's page."""
    event = {"type": "app_home_opened", "user": user.id, "channel": dm.id, "tab": tab, "event_ts": ts}
    return event | ({"view": view.wire()} if view else {})


def message_action(user: User, channel: Channel, message: Message, action: Json, extra: Json) -> Json:
    """Return what a click in a message sends, but no ephemeral's content; extra: trigger, response URL and state."""
    container = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.visible_to is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload = _common("block_actions", user) | extra
    payload |= {
        "container": container,
        "channel": {"id": channel.id, "name": "directmessage" if channel.is_im else channel.name},
        "actions": [action],
    }
    return payload if message.visible_to else payload | {"message": message.wire()}


def view_action(user: User, view: View, action: Json, trigger: str) -> Json:
    """Return what a click in a modal or a home tab sends."""
    return _common("block_actions", user) | {
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": trigger,
        "view": view.wire(),
        "actions": [action],
    }


def view_submission(user: User, view: View, trigger: str) -> Json:
    """Return what a modal's submit button sends."""
    return _common("view_submission", user) | {"trigger_id": trigger, "view": view.wire(), "response_urls": []}


def view_closed(user: User, view: View, *, is_cleared: bool) -> Json:
    """Return what closing a modal sends, when the app asked to be told."""
    return _common("view_closed", user) | {"view": view.wire(), "is_cleared": is_cleared}


def shortcut(user: User, callback_id: str, ts: str, trigger: str) -> Json:
    """Return what a global shortcut sends."""
    return _common("shortcut", user) | {"callback_id": callback_id, "action_ts": ts, "trigger_id": trigger}


def message_shortcut(user: User, channel: Channel, message: Message, callback_id: str, tickets: Json) -> Json:
    """Return what a shortcut on a message sends."""
    return (
        _common("message_action", user)
        | tickets
        | {
            "callback_id": callback_id,
            "action_ts": message.ts,
            "message_ts": message.ts,
            "channel": {"id": channel.id, "name": "directmessage" if channel.is_im else channel.name},
            "message": message.wire(),
        }
    )


def action(block: Json, element: Json, picked: Json, ts: str) -> Json:
    """Return one entry of `actions`: what was clicked and what was picked."""
    done: Json = {"type": element["type"], "block_id": block["block_id"], "action_id": element["action_id"]}
    copied: dict[str, Any] = {k: element[k] for k in ("text", "value", "style", "placeholder") if k in element}
    return done | copied | {k: v for k, v in picked.items() if k != "type"} | {"action_ts": ts}
