"""What one person's client shows: channels, messages, modals, home. User None sees everything, for a story's log."""

from typing import Any

from sandbox.slack import seed
from sandbox.slack.methods.people import user_json
from sandbox.slack.records import Channel, Json, Message, View, seen
from sandbox.slack.workspace import Workspace


def messages(channel: Channel, user: str | None) -> list[Json]:
    """Return a channel's messages as a person sees them, oldest first, answers in threads and ephemerals included."""
    visible = [m for m in channel.messages.values() if _may_see(m, user)]
    return [seen(m, user) for m in sorted(visible, key=lambda m: float(m.ts))]


def rooms(space: Workspace, user: str | None) -> list[Json]:
    """Return the channels a person is in."""
    return [_room(channel) for channel in space.channels.values() if user is None or user in channel.members]


def view(shown: View) -> Json:
    """Return a modal or home with what is filled in and what is wrong with it."""
    return shown.wire() | {"errors": shown.errors}


def everything(space: Workspace, user: str) -> dict[str, Any]:
    """Return all that a person's client needs to start."""
    now = space.clock.now()
    mine = [channel for channel in space.channels.values() if user in channel.members]
    return {
        "seq": space.feed.seq,
        "me": user,
        "bot": seed.BOT_USER,
        "users": [user_json(each, now) | {"title": each.title} for each in space.users.values()],
        "usergroups": {group: {"handle": handle, "users": who} for group, (handle, who) in space.usergroups.items()},
        "channel_names": {channel.id: channel.name for channel in space.channels.values() if channel.name},
        "channels": [_room(channel) | {"messages": messages(channel, user)} for channel in mine],
        "shortcuts": seed.SHORTCUTS,
        "dm": space.dm(user).id,
        "views": [view(each) for each in space.stack(user)],
        "home": view(space.homes[user]) if user in space.homes else None,
    }


def _room(channel: Channel) -> Json:
    return {
        "id": channel.id,
        "name": channel.name,
        "topic": channel.topic,
        "is_im": channel.is_im,
        "is_private": channel.is_private,
        "members": sorted(channel.members),
    }


def _may_see(message: Message, user: str | None) -> bool:
    return user is None or message.visible_to in (None, user)
