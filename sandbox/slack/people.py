"""Playing the people: what a person types and clicks becomes what Slack sends the app; what comes back is shown."""

import html
import re
from typing import Any

from sandbox.slack import payloads, seed
from sandbox.slack.core import Core
from sandbox.slack.delivery import Answer, Events, Line
from sandbox.slack.errors import SlackError
from sandbox.slack.forms import elements, picked, state_of
from sandbox.slack.modals import Modals
from sandbox.slack.posting import respond
from sandbox.slack.records import Channel, Json, Message, User

UNANSWERED = "{command} failed because the app did not respond."
UNDELIVERED = '{command} failed with the error "dispatch_failed".'


class People(Modals):
    """Whoever a story, a test or the page says. Wrong names raise LookupError, with what there is."""

    def __init__(self, core: Core, line: Line, events: Events, commands: tuple[str, ...]) -> None:
        super().__init__(core, line)
        self.events = events
        self.commands = commands

    async def say(
        self, channel: str, user: str, text: str, thread_ts: str | None = None, file: str | None = None
    ) -> Message:
        """Write a message; `@lendbot` and `#hpc-ops` become Slack's own mentions. file: the name of an attachment."""
        room, who = self.room(channel, user), self.person(user)
        wired = self._mentions(text)
        if thread_ts and thread_ts not in room.messages:
            raise LookupError(f"no message {thread_ts} in {room.id}")
        said = Message(self.space.next_ts(), room.id, who.id, wired, _rich(wired), thread_ts, file=file)
        self.space.put(said)
        if seed.BOT_USER in room.members:
            kind = "im" if room.is_im else "groups" if room.is_private else "channels"
            self.events.send(f"message.{kind}", payloads.message_event("message", room, said))
            if f"<@{seed.BOT_USER}>" in wired and not room.is_im:
                self.events.send("app_mention", payloads.message_event("app_mention", room, said))
        elif f"<@{seed.BOT_USER}>" in wired:
            self._slackbot(room, who, f"You mentioned <@{seed.BOT_USER}>, but they're not in this channel.")
        return said

    async def slash(
        self, user: str, channel: str, command: str, text: str = "", thread_ts: str | None = None
    ) -> Answer:
        """Type a slash command; the answer that the app sends with its ack is shown, and so is its silence."""
        room, who = self.room(channel, user), self.person(user)
        if command == "/invite" and seed.BOT_NAME in text:
            await self.invite(user, channel)
            return Answer()
        if command not in self.commands:
            self._slackbot(room, who, f"{command} is not a valid command.")
            return Answer(why="dispatch_failed")
        path = self.core.tickets.url(who.id, room.id, None, thread_ts)
        tickets = {"response_url": self.core.base_url + path, "trigger_id": self.core.tickets.trigger(who.id)}
        payload = payloads.slash_command(who, room, command, text, tickets)
        answer = await self.line.send("slash_commands", payload)
        self._show_answer(answer, command, path, room, who)
        return answer

    async def click(
        self, user: str, channel: str, ts: str, action_id: str, *, value: Any = None, block_id: str | None = None
    ) -> Answer:
        """Use an element of a message: a button (value tells twins apart), a menu or a picker (value is the choice)."""
        room, who = self.room(channel, user), self.person(user)
        message = room.messages.get(ts)
        if message is None or message.visible_to not in (None, who.id):
            raise LookupError(f"{who.name} sees no message {ts} in {room.name or room.id}")
        block, element = find(message.blocks or [], action_id, value, block_id)
        choice = {} if element["type"] == "button" else picked(element, value)
        state = message.states.setdefault(who.id, {})
        if choice and element["type"] != "overflow":
            state.setdefault(block["block_id"], {})[action_id] = choice
        action = payloads.action(block, element, choice, self.space.now_s())
        extra = self._tickets(who, message) | {"state": {"values": state_of(message.blocks or [], state)}}
        payload = payloads.message_action(who, room, message, action, extra)
        answer = await self.line.send("interactive", payload)
        if not answer.is_acked:
            self.space.feed.publish(
                "trouble", [who.id], user=who.id, channel=room.id, ts=ts, action_id=action_id, why=answer.why
            )
        return answer

    async def shortcut(self, user: str, callback_id: str) -> Answer:
        """Use a global shortcut."""
        who = self.person(user)
        payload = payloads.shortcut(who, callback_id, self.space.now_s(), self.core.tickets.trigger(who.id))
        return await self.line.send("interactive", payload)

    async def message_shortcut(self, user: str, channel: str, ts: str, callback_id: str) -> Answer:
        """Use a shortcut from a message's menu."""
        room, who = self.room(channel, user), self.person(user)
        message = self.space.message(room.id, ts)
        payload = payloads.message_shortcut(who, room, message, callback_id, self._tickets(who, message))
        return await self.line.send("interactive", payload)

    async def open_home(self, user: str, tab: str = "home") -> None:
        """Look at the app's page; tab messages is its direct messages."""
        who = self.person(user)
        dm = self.space.dm(who.id)
        event = payloads.home_opened(who, dm, tab, self.space.next_ts(), self.space.homes.get(who.id))
        self.events.send("app_home_opened", event)

    async def invite(self, user: str, channel: str) -> None:
        """Bring the bot into a channel."""
        room = self.room(channel, user)
        if seed.BOT_USER in room.members:
            return
        room.members.add(seed.BOT_USER)
        joined = Message(self.space.next_ts(), room.id, seed.BOT_USER, f"<@{seed.BOT_USER}> has joined the channel")
        self.space.put(joined)
        event = {
            "type": "member_joined_channel",
            "user": seed.BOT_USER,
            "channel": room.id,
            "inviter": self.person(user).id,
        }
        self.events.send("member_joined_channel", event | {"team": seed.TEAM, "event_ts": joined.ts})

    async def echo(self, channel: Channel, message: Message, subtype: str | None) -> None:
        """Tell the app of its own messages in direct messages, as Slack does."""
        kind = "im" if channel.is_im else "groups" if channel.is_private else "channels"
        self.events.send(f"message.{kind}", payloads.message_event("message", channel, message, subtype))

    def room(self, channel: str, user: str) -> Channel:
        """Find a channel that a person is in, by id, by #name, or `@lendbot` for their direct messages."""
        who = self.person(user)
        if channel in (f"@{seed.BOT_NAME}", seed.BOT_USER):
            return self.space.dm(who.id)
        mine = [room for room in self.space.channels.values() if who.id in room.members]
        for room in mine:
            if channel in (room.id, room.name, f"#{room.name}"):
                return room
        raise LookupError(f"{who.name} is in no channel {channel}; there are {', '.join(c.name or c.id for c in mine)}")

    def _mentions(self, text: str) -> str:
        escaped = re.sub(r"&(?!amp;|lt;|gt;)", "&amp;", text)
        for user in sorted(self.space.users.values(), key=lambda u: -len(u.name)):
            escaped = re.sub(rf"@{re.escape(user.name)}\b(?!-)", f"<@{user.id}>", escaped)
        for room in self.space.channels.values():
            if room.name:
                escaped = re.sub(rf"#{re.escape(room.name)}\b(?!-)", f"<#{room.id}|{room.name}>", escaped)
        return escaped

    def _show_answer(self, answer: Answer, command: str, path: str, room: Channel, who: User) -> None:
        if answer.why == "operation_timeout":
            self._slackbot(room, who, UNANSWERED.format(command=command))
        elif answer.why == "dispatch_failed":
            self._slackbot(room, who, UNDELIVERED.format(command=command))
        elif answer.payload.get("text") or answer.payload.get("blocks"):
            try:
                respond(self.space, self.core.tickets.urls[path], answer.payload)
            except SlackError as refused:
                self._slackbot(room, who, f'{command} failed with the error "{refused}".')

    def _slackbot(self, room: Channel, who: User, text: str) -> None:
        self.space.put(Message(self.space.next_ts(), room.id, seed.SLACKBOT, text, visible_to=who.id))

    def _tickets(self, who: User, message: Message) -> Json:
        path = self.core.tickets.url(who.id, message.channel, message.ts, message.thread_ts)
        return {"trigger_id": self.core.tickets.trigger(who.id), "response_url": self.core.base_url + path}


def find(blocks: list[Json], action_id: str, value: Any = None, block_id: str | None = None) -> tuple[Json, Json]:
    """Find an element by its action id; of several buttons with the same one, that with the value."""
    every = elements(blocks)
    found = [(b, e) for b, e in every if e["action_id"] == action_id and block_id in (None, b["block_id"])]
    if len(found) > 1 and value is not None:
        found = [(b, e) for b, e in found if e["type"] != "button" or e.get("value") == value]
    if not found:
        raise LookupError(f"no element {action_id!r}; there are {[e['action_id'] for _, e in every]}")
    return found[0]


def _rich(text: str) -> list[Json]:
    """Return what a person typed as the rich_text block that Slack makes of it."""
    parts: list[Json] = []
    for plain, user, room in re.findall(r"([^<]+|<(?![@#]))|<@(\w+)>|<#(\w+)(?:\|[^>]*)?>", text):
        if user:
            parts.append({"type": "user", "user_id": user})
        elif room:
            parts.append({"type": "channel", "channel_id": room})
        else:
            parts.append({"type": "text", "text": html.unescape(plain)})
    return [{"type": "rich_text", "block_id": "rt", "elements": [{"type": "rich_text_section", "elements": parts}]}]
