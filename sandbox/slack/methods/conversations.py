"""conversations.*: where the bot is, and what was said there."""

from typing import Final

from sandbox.slack import seed
from sandbox.slack.core import Core, Method, is_yes, need, page
from sandbox.slack.errors import SlackError
from sandbox.slack.records import Channel, Json, Message


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
    every = core.workspace.history(_read_by_bot(core, args).id)
    top = [_with_replies(m, every, args) for m in reversed(every) if m.thread_ts in (None, m.ts)]
    cut, metadata = page([m for m in top if _is_within(float(m["ts"]), args)], args)
    return {"messages": cut, "has_more": bool(metadata["next_cursor"]), "response_metadata": metadata}


async def _replies(core: Core, args: Json) -> Json:
    thread = core.workspace.replies(_read_by_bot(core, args).id, need(args, "ts"))
    if not thread:
        raise SlackError("thread_not_found")
    cut, metadata = page([_with_replies(m, thread, args) for m in thread], args)
    return {"messages": cut, "has_more": bool(metadata["next_cursor"]), "response_metadata": metadata}


def _read_by_bot(core: Core, args: Json) -> Channel:
    """Return a channel whose messages the bot may read: it has the scope for its kind, and is in it."""
    channel = core.workspace.channel(need(args, "channel"))
    needed = "im:history" if channel.is_im else "groups:history" if channel.is_private else "channels:history"
    if needed not in core.scopes:
        provided = ",".join(sorted(core.scopes))
        raise SlackError("missing_scope", extra={"needed": needed, "provided": provided})
    if seed.BOT_USER not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _is_within(ts: float, args: Json) -> bool:
    """Tell whether a message lies between oldest and latest; neither of them counts unless `inclusive` says so."""
    oldest, latest = float(args.get("oldest") or 0), float(args.get("latest") or "inf")
    return oldest <= ts <= latest if is_yes(args.get("inclusive")) else oldest < ts < latest


def _with_replies(message: Message, every: list[Message], args: Json) -> Json:
    said = message.wire(with_metadata=is_yes(args.get("include_all_metadata")))
    replies = [m for m in every if m.thread_ts == message.ts and m.ts != message.ts]
    if not replies:
        return said
    users = sorted({m.user for m in replies})
    return said | {
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
    "conversations.history": Method(_history, 3),
    "conversations.replies": Method(_replies, 3),
}
