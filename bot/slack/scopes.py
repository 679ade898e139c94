"""What lendbot asks of Slack, and what for. manifest.yml and `lendbot doctor` are held against this table."""

from typing import Final

SCOPES: Final = {
    "app_mentions:read": "hear `@lendbot lend ...`",
    "channels:read": "see whether lendbot is in the channels of the settings",
    "groups:read": "the same for private channels",
    "channels:history": "find a card again that Slack took without our hearing so",
    "groups:history": "the same where loans are decided in a private channel",
    "chat:write": "post and edit cards",
    "commands": "the slash command and the shortcut",
    "im:history": "read direct messages to lendbot",
    "im:write": "write direct messages",
    "usergroups:read": "know who the approvers are",
    "users:read": "know the zone in which a person says Friday",
}
"""Bot scopes, each with its reason."""

OPTIONAL: Final = ("channels:history", "groups:history")
"""Scopes that a site may leave out: then a card can stand twice after a crash, until its double is pressed."""

EVENTS: Final = ("app_home_opened", "app_mention", "message.im")
"""Bot events that are subscribed to."""
