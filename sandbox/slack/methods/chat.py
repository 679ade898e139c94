"""chat.* and reactions.add: what the bot says."""

from typing import Final

from sandbox.slack import seed
from sandbox.slack.core import Core, Method, need
from sandbox.slack.errors import SlackError
from sandbox.slack.posting import edit, post
from sandbox.slack.records import Channel, Json, Message


def _joined(core: Core, given: str, archived: str = "is_archived") -> Channel:
    """Return a channel that takes messages; each method has a word of its own for one that is archived."""
    channel = core.workspace.channel(given)
    if channel.is_archived:
        raise SlackError(archived)
    if seed.BOT_USER not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _own(core: Core, args: Json, refusal: str) -> Message:
    channel = _joined(core, need(args, "channel"), "is_inactive")
    message = core.workspace.message(channel.id, need(args, "ts"))
    if message.visible_to:
        raise SlackError("message_not_found")
    if not message.is_from_bot:
        raise SlackError(refusal)
    return message


async def _post_message(core: Core, args: Json) -> Json:
    channel = _joined(core, need(args, "channel"))
    said = post(core.workspace, channel.id, args)
    await core.echo(channel, said, None)
    return {"channel": channel.id, "ts": said.ts, "message": said.wire(with_metadata=True)}


async def _post_ephemeral(core: Core, args: Json) -> Json:
    channel = _joined(core, need(args, "channel"))
    user = need(args, "user")
    if user not in channel.members:
        raise SlackError("user_not_in_channel")
    return {"message_ts": post(core.workspace, channel.id, args, visible_to=user).ts}


async def _update(core: Core, args: Json) -> Json:
    message = _own(core, args, "cant_update_message")
    if message.ts in core.workspace.closed_to_edits:
        raise SlackError("edit_window_closed")
    edit(core.workspace, message, args)
    await core.echo(core.workspace.channels[message.channel], message, "message_changed")
    return {
        "channel": message.channel,
        "ts": message.ts,
        "text": message.text,
        "message": message.wire(with_metadata=True),
    }


async def _delete(core: Core, args: Json) -> Json:
    message = _own(core, args, "cant_delete_message")
    core.workspace.drop(message)
    return {"channel": message.channel, "ts": message.ts}


async def _permalink(core: Core, args: Json) -> Json:
    channel = core.workspace.channel(need(args, "channel"))
    message = core.workspace.message(channel.id, need(args, "message_ts"))
    link = f"{core.base_url}/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


async def _react(core: Core, args: Json) -> Json:
    message = core.workspace.message(need(args, "channel"), need(args, "timestamp"))
    by = message.reactions.setdefault(need(args, "name"), [])
    if seed.BOT_USER in by:
        raise SlackError("already_reacted")
    by.append(seed.BOT_USER)
    core.workspace.put(message)
    return {}


METHODS: Final = {
    "chat.postMessage": Method(_post_message, None, "chat:write"),
    "chat.postEphemeral": Method(_post_ephemeral, 4, "chat:write"),
    "chat.update": Method(_update, 3, "chat:write"),
    "chat.delete": Method(_delete, 3, "chat:write"),
    "chat.getPermalink": Method(_permalink, 4),
    "reactions.add": Method(_react, 3, "reactions:write"),
}
