"""Turning what an app sends into a message: limits, then the workspace. Web API, response URLs and acks share it."""

from typing import Any, Final

from sandbox.slack import metadata, seed
from sandbox.slack.blocks import MARKDOWN, TOTAL, problems, weight, with_ids
from sandbox.slack.errors import SlackError
from sandbox.slack.records import Json, Message
from sandbox.slack.tickets import ResponseUrl
from sandbox.slack.workspace import Workspace

TEXT: Final = 40_000
UPDATE_TEXT: Final = 4_000
"""chat.update refuses what chat.postMessage still takes."""


def checked(args: Json, most: int = TEXT) -> tuple[str, list[Json] | None]:
    """Return text and blocks as Slack would keep them; blocks None when none were given."""
    text, blocks = args.get("text"), args.get("blocks")
    if not text and not blocks and not args.get("attachments"):
        raise SlackError("no_text")
    if text and len(text) > most:
        raise SlackError("msg_too_long")
    if blocks is None:
        return str(text or ""), None
    return str(text or ""), checked_blocks(blocks)


def checked_blocks(blocks: Any) -> list[Json]:
    """Return a message's blocks with their ids, or raise what Slack would."""
    found = problems(blocks, "message")
    if found:
        raise SlackError("invalid_blocks", found)
    if sum(len(b["text"]) for b in blocks if b["type"] == "markdown") > MARKDOWN:
        raise SlackError("msg_too_long", [f"[ERROR] markdown blocks must be less than {MARKDOWN + 1} characters"])
    if weight(blocks) > TOTAL:
        raise SlackError("msg_blocks_too_long")
    return with_ids(blocks)


def post(workspace: Workspace, channel: str, args: Json, visible_to: str | None = None) -> Message:
    """Post as the bot, to a channel or thread; visible_to makes it an ephemeral."""
    text, blocks = checked(args)
    thread_ts = args.get("thread_ts")
    if thread_ts and thread_ts not in workspace.channel(channel).messages:
        raise SlackError("thread_not_found")
    said = Message(workspace.next_ts(), channel, seed.BOT_USER, text, blocks, thread_ts, visible_to)
    said.metadata = metadata.checked(args.get("metadata"))
    said.is_broadcast = bool(thread_ts) and str(args.get("reply_broadcast", "")).lower() in ("1", "true")
    return workspace.put(said)


def edit(workspace: Workspace, message: Message, args: Json) -> Message:
    """Change a message of the bot's: text without blocks takes the blocks away, blocks without text keep the text.

    Metadata stays unless other metadata is given; empty metadata takes it away.
    """
    text, blocks = checked(args, UPDATE_TEXT)
    if args.get("metadata") is not None:
        message.metadata = metadata.checked(args["metadata"])
    if blocks is not None or args.get("text"):
        message.blocks = blocks or None
    message.text = text or message.text
    message.edited_ts = workspace.next_ts()
    return workspace.put(message)


def respond(workspace: Workspace, url: ResponseUrl, answer: Json) -> Message | None:
    """Do what an app posted to a response URL, or sent back with its ack of a command."""
    old = workspace.channels[url.channel].messages.get(url.message_ts or "")
    if answer.get("delete_original"):
        if old:
            workspace.drop(old)
        return None
    if answer.get("replace_original") and old:
        return edit(workspace, old, answer)
    in_channel = answer.get("response_type") == "in_channel"
    thread_ts = answer.get("thread_ts") or url.thread_ts
    said = post(workspace, url.channel, {**answer, "thread_ts": thread_ts}, None if in_channel else url.user)
    if url.message_ts is None:
        url.message_ts = said.ts
    return said
