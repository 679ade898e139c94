"""The things a workspace is made of, and how Slack's API writes each of them."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.slack import seed

Json = dict[str, Any]


@dataclass(frozen=True)
class User:
    """tz is a zone name, as Slack reports it."""

    id: str
    name: str
    tz: str
    title: str = ""
    is_bot: bool = False
    is_guest: bool = False
    team: str = ""

    @property
    def team_id(self) -> str:
        """Return the workspace that the person is of; the others are met in shared channels."""
        return self.team or seed.TEAM


@dataclass
class Message:
    """visible_to is set on an ephemeral: one person sees it, and no history has it.

    is_broadcast   a reply that is shown in its channel as well as in its thread
    metadata       what the app tied to it, for itself to read: nobody sees it
    """

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[Json] | None = None
    thread_ts: str | None = None
    visible_to: str | None = None
    is_broadcast: bool = False
    edited_ts: str | None = None
    metadata: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    states: dict[str, Json] = field(default_factory=dict)
    file: str | None = None

    @property
    def is_from_bot(self) -> bool:
        """Tell whether the app said this."""
        return self.user == seed.BOT_USER

    def wire(self, *, with_metadata: bool = False) -> Json:
        """Return the message as Slack's API gives it; its metadata only where that was asked for."""
        said: Json = {"type": "message", "user": self.user, "text": self.text, "ts": self.ts, "team": seed.TEAM}
        if self.is_from_bot:
            said |= {"bot_id": seed.BOT, "app_id": seed.APP}
        if self.blocks is not None:
            said["blocks"] = self.blocks
        if self.thread_ts:
            said["thread_ts"] = self.thread_ts
        if self.is_broadcast:
            said["subtype"] = "thread_broadcast"
        if self.file:
            said |= {"subtype": "file_share", "files": [{"id": f"F{self.ts}", "name": self.file}], "upload": False}
        if self.edited_ts:
            said["edited"] = {"user": self.user, "ts": self.edited_ts}
        if with_metadata and self.metadata:
            said["metadata"] = self.metadata
        if self.reactions:
            said["reactions"] = [{"name": n, "users": u, "count": len(u)} for n, u in self.reactions.items()]
        return said


@dataclass
class Channel:
    """members are user ids; the bot's is among them when it was invited."""

    id: str
    name: str
    members: set[str]
    topic: str = ""
    is_im: bool = False
    is_private: bool = False
    is_archived: bool = False
    messages: dict[str, Message] = field(default_factory=dict)

    def wire(self) -> Json:
        """Return the channel as Slack's API gives it to the bot."""
        if self.is_im:
            other = next(iter(self.members - {seed.BOT_USER}), seed.BOT_USER)
            return {"id": self.id, "is_im": True, "user": other, "is_open": True, "context_team_id": seed.TEAM}
        return {
            "id": self.id,
            "name": self.name,
            "is_channel": not self.is_private,
            "is_group": self.is_private,
            "is_im": False,
            "is_private": self.is_private,
            "is_archived": self.is_archived,
            "is_member": seed.BOT_USER in self.members,
            "num_members": len(self.members),
            "topic": {"value": self.topic, "creator": "", "last_set": 0},
        }


@dataclass
class View:
    """A modal on a person's stack, or a person's home tab."""

    id: str
    user: str
    content: Json
    hash: str
    root: str
    previous: str | None = None
    state: Json = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def wire(self) -> Json:
        """Return the view as Slack's API gives it."""
        defaults = {
            "private_metadata": "",
            "callback_id": "",
            "external_id": "",
            "clear_on_close": False,
            "notify_on_close": False,
            "close": None,
            "submit": None,
        }
        return {
            **defaults,
            **self.content,
            "id": self.id,
            "team_id": seed.TEAM,
            "app_id": seed.APP,
            "bot_id": seed.BOT,
            "app_installed_team_id": seed.TEAM,
            "hash": self.hash,
            "root_view_id": self.root,
            "previous_view_id": self.previous,
            "state": {"values": self.state},
        }


def seen(message: Message, user: str | None) -> Json:
    """Return a message as a person's client holds it: with what they picked in it so far."""
    said = message.wire() | {"is_ephemeral": message.visible_to is not None, "visible_to": message.visible_to}
    if user in message.states:
        said["state"] = message.states[user]
    return said
