"""What the workspace holds: people, channels, messages, views. It knows who sees what; it knows nothing of HTTP.

Message times are the site's times, so that a card and the message it stands in agree when the clock runs fast.
"""

import itertools
import secrets

from sandbox.clock import SiteClock
from sandbox.slack import seed
from sandbox.slack.errors import SlackError
from sandbox.slack.feed import Feed
from sandbox.slack.records import Channel, Message, User, View, seen


class Workspace:
    """One workspace, with the people and channels of seed.py."""

    def __init__(self, clock: SiteClock, feed: Feed) -> None:
        self.clock = clock
        self.feed = feed
        self.users = {user.id: user for user in _people()}
        self.channels = {channel.id: channel for channel in _rooms()}
        self.usergroups = {
            seed.S_APPROVERS: ("gpu-approvers", [seed.U_APPROVER, seed.U_APPROVER2]),
            seed.S_ONCALL: ("hpc-oncall", [seed.U_ONCALL]),
        }
        self.modals: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self.closed_to_edits: set[str] = set()
        """The ts of messages that are too old to be edited by the workspace's rules."""
        self._last_us = 0
        self._serial = itertools.count(1)

    def next_ts(self) -> str:
        """Return the site's time as a message id; no two are the same."""
        self._last_us = max(int(self.clock.now().timestamp() * 1_000_000), self._last_us + 1)
        return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"

    def now_s(self) -> str:
        """Return the site's time as Slack dates what a person does."""
        return f"{self.clock.now().timestamp():.6f}"

    def new_id(self, letter: str) -> str:
        """Return a fresh id in Slack's shape."""
        return f"{letter}0{next(self._serial):05d}{secrets.token_hex(2).upper()}"

    def channel(self, given: str) -> Channel:
        """Find a channel by id, or the bot's DM with a person by theirs; what the bot cannot see does not exist."""
        if given in self.users:
            return self.dm(given)
        found = self.channels.get(given) or next((c for c in self.channels.values() if f"#{c.name}" == given), None)
        if found is None or (found.is_private and seed.BOT_USER not in found.members):
            raise SlackError("channel_not_found")
        return found

    def dm(self, user: str) -> Channel:
        """Return the bot's direct messages with a person, opened when need be."""
        if user not in self.users:
            raise SlackError("user_not_found")
        pair = {user, seed.BOT_USER}
        found = next((c for c in self.channels.values() if c.is_im and c.members == pair), None)
        if found is None:
            found = Channel(self.new_id("D"), "", pair, is_im=True)
            self.channels[found.id] = found
            self.feed.publish("channel", pair, channel=found.id)
        return found

    def message(self, channel: str, ts: str) -> Message:
        """Find a message, ephemerals included."""
        found = self.channel(channel).messages.get(ts)
        if found is None:
            raise SlackError("message_not_found")
        return found

    def put(self, message: Message) -> Message:
        """Post or change a message, and tell those who see it."""
        channel = self.channels[message.channel]
        channel.messages[message.ts] = message
        self.feed.publish("message", self._audience(message), channel=channel.id, message=seen(message, None))
        return message

    def drop(self, message: Message) -> None:
        """Take a message away."""
        self.channels[message.channel].messages.pop(message.ts, None)
        self.feed.publish("deleted", self._audience(message), channel=message.channel, ts=message.ts)

    def replies(self, channel: str, ts: str) -> list[Message]:
        """Return a thread that everybody may read: its first message, then the answers in order."""
        return [m for m in self.history(channel) if ts in (m.ts, m.thread_ts)]

    def history(self, channel: str) -> list[Message]:
        """Return all messages of a channel that everybody may read, oldest first, threads included."""
        messages = self.channel(channel).messages.values()
        return sorted((m for m in messages if m.visible_to is None), key=lambda m: float(m.ts))

    def stack(self, user: str) -> list[View]:
        """Return the modals a person has open, the top one last."""
        return self.modals.setdefault(user, [])

    def view(self, view_id: str) -> View:
        """Find a modal or a home by its id, or a modal by its external id."""
        every = [view for stack in self.modals.values() for view in stack] + list(self.homes.values())
        found = next((v for v in every if view_id in (v.id, v.content.get("external_id"))), None)
        if found is None:
            raise SlackError("not_found")
        return found

    def tell_views(self, user: str) -> None:
        """Tell a person's client that a modal or the home has changed."""
        self.feed.publish("views", [user], user=user)

    def _audience(self, message: Message) -> set[str]:
        return {message.visible_to} if message.visible_to else set(self.channels[message.channel].members)


def _people() -> list[User]:
    return [
        User(seed.U_REQUESTER, "requester", "America/Indiana/Indianapolis", "asks for nodes"),
        User(seed.U_APPROVER, "approver", "Europe/Zurich", "signs off loans"),
        User(seed.U_APPROVER2, "approver-2", "America/New_York", "signs off loans"),
        User(seed.U_ONCALL, "on-call", "America/Los_Angeles", "is woken when something sticks"),
        User(seed.BOT_USER, seed.BOT_NAME, "Etc/UTC", is_bot=True),
        User(seed.SLACKBOT, "slackbot", "Etc/UTC"),
    ]


def _rooms() -> list[Channel]:
    staff = {seed.U_REQUESTER, seed.U_APPROVER, seed.U_APPROVER2, seed.U_ONCALL}
    approvers = {seed.U_APPROVER, seed.U_APPROVER2, seed.U_ONCALL}
    return [
        Channel(seed.C_OPS, "hpc-ops", staff | {seed.BOT_USER}, "Running the clusters together"),
        Channel(seed.C_APPROVALS, "lend-approvals", approvers | {seed.BOT_USER}, "Loans that wait for a decision"),
        Channel(
            seed.C_ONCALL, "hpc-oncall", {seed.U_ONCALL, seed.U_APPROVER, seed.BOT_USER}, "What needs a person now"
        ),
        Channel(seed.C_RANDOM, "random", set(staff), "Everything else"),
        Channel(seed.C_LEADS, "hpc-leads", {seed.U_APPROVER, seed.U_ONCALL}, "Private", is_private=True),
    ]
