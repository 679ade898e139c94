"""conversations.*: where the bot is, and what was said there."""

from typing import Final

from sandbox.slack import seed
from sandbox.slack.core import Core, Method, need, page
from sandbox.slack.errors import SlackError
from sandbox.slack.records import Json, Message


async def _open(core: Core, args: Json) -> Json:
    if args.get("channel"):
        return {"channel": core.workspace.channel(args["channel"]).wire()}
    given = args.get("users") or ""
    users = given if isinstance(given, list) else [user for user in given.split(",") if user]
    if len(users) != 1:
        raise SlackError("users_list_not_supplied" if not users else "method_not_supported_for_channel_type")
    channel = core.workspace.dm(users[0])
    return {"channel": channel.wire() if args.get("return_im") else {"id": channel.id}}


async def _info(core: Core, args: Json) -> Json:
    return {"channel": core.workspace.channel(need(args, "channel")).wire()}


async def _list(core: Core, args: Json) -> Json:
    kinds = str(args.get("types") or "public_channel").split(",")
    found: list[Json] = []
    for channel in core.workspace.channels.values():
        kind = "im" if channel.is_im else "private_channel" if channel.is_private else "public_channel"
        hidden = kind != "public_channel" and seed.BOT_USER not in channel.members
        if kind in kinds and not hidden:
            found.append(channel.wire())
    cut, metadata = page(found, args)
    return {"channels": cut, "response_metadata": metadata}


async def _members(core: Core, args: Json) -> Json:
    channel = core.workspace.channel(need(args, "channel"))
    cut, metadata = page([{"id": member} for member in sorted(channel.members)], args)
    return {"members": [each["id"] for each in cut], "response_metadata": metadata}


async def _history(core: Core, args: Json) -> Json:
    channel = need(args, "channel")
    every = core.workspace.history(channel)
    top = [_with_replies(m, every) for m in reversed(every) if m.thread_ts in (None, m.ts)]
    top = [m for m in top if float(args.get("oldest") or 0) <= float(m["ts"]) <= float(args.get("latest") or "inf")]
    cut, metadata = page(top, args)
    return {"messages": cut, "has_more": bool(metadata["next_cursor"]), "response_metadata": metadata}


async def _replies(core: Core, args: Json) -> Json:
    channel, ts = need(args, "channel"), need(args, "ts")
    thread = core.workspace.replies(channel, ts)
    if not thread:
        raise SlackError("thread_not_found")
    cut, metadata = page([_with_replies(m, thread) for m in thread], args)
    return {"messages": cut, "has_more": bool(metadata["next_cursor"]), "response_metadata": metadata}


def _with_replies(message: Message, every: list[Message]) -> Json:
    replies = [m for m in every if m.thread_ts == message.ts and m.ts != message.ts]
    if not replies:
        return message.wire()
    users = sorted({m.user for m in replies})
    return message.wire() | {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users": users,
        "latest_reply": replies[-1].ts,
    }


METHODS: Final = {
    "conversations.open": Method(_open, 3, "im:write"),
    "conversations.info": Method(_info, 3, "channels:read"),
    "conversations.list": Method(_list, 2, "channels:read"),
    "conversations.members": Method(_members, 4, "channels:read"),
    "conversations.history": Method(_history, 3, "channels:history"),
    "conversations.replies": Method(_replies, 3, "channels:history"),
}
