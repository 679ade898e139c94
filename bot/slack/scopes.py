"""What lendbot asks of Slack, and what for. manifest.yml and `lendbot doctor` are held against this table."""

from typing import Final

SCOPES: Final = {
    "app_mentions:read": "hear `@lendbot lend ...`",
    "channels:read": "see whether lendbot is in the channels of the settings",
    "groups:read": "the same for private channels",
    "chat:write": "post and edit cards",
    "commands": "the slash command and the shortcut",
    "im:history": "read direct messages to lendbot",
    "im:write": "write direct messages",
    "usergroups:read": "know who the approvers are",
    "users:read": "know the zone in which a person says Friday",
}
"""Bot scopes, each with its reason."""

EVENTS: Final = ("app_home_opened", "app_mention", "message.im")
"""Bot events that are subscribed to."""
