"""What people read when Slack takes no message in a channel, and what would mend it."""

from collections.abc import Mapping
from typing import Final

from bot.views.text import code, quote
from loans.alarms import Alarm

_WHY: Final[Mapping[str, str]] = {
    "is_archived": "it's archived",
    "not_in_channel": "lendbot isn't in it",
    "channel_not_found": "lendbot doesn't see it",
    "restricted_action": "only some people may post there",
}
_MENDS: Final[Mapping[str, str]] = {
    "is_archived": "Unarchive it, or name another channel in lendbot's settings.",
    "not_in_channel": f"Say {code('/invite @lendbot')} there.",
    "channel_not_found": f"Say {code('/invite @lendbot')} there; if it's gone, name another in lendbot's settings.",
    "restricted_action": "Let lendbot post there, in the channel's settings.",
}


def why_refused(said: str) -> str:
    """Return why Slack takes nothing there, to follow a colon."""
    return _WHY.get(said, f"Slack says {code(quote(said, 60))}")


def channel_refused(alarm: Alarm) -> str:
    """Return what on-call reads first."""
    mend = _MENDS.get(alarm.said, "The channel's settings may say why.")
    return f"*I can't write in <#{alarm.about}>*: {why_refused(alarm.said)}. {mend}"
