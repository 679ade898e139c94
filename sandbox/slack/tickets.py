"""What Slack hands out to be used soon: trigger ids (once, within 3 s) and response URLs (5 times, within 30 min).

Both are counted in real seconds: a client's patience does not follow the site's clock.
"""

import secrets
import time
from dataclasses import dataclass, field
from typing import Final

from sandbox.slack import seed
from sandbox.slack.errors import SlackError

TRIGGER_S: Final = 3.0
URL_S: Final = 1800.0
URL_USES: Final = 5


@dataclass
class Trigger:
    """Permission to open one modal in front of one person."""

    user: str
    view: str | None
    made_at_s: float
    is_used: bool = False


@dataclass
class ResponseUrl:
    """Permission to answer where a person acted; message_ts is what they acted on, when it was a message."""

    user: str
    channel: str
    message_ts: str | None
    thread_ts: str | None
    made_at_s: float
    uses: int = 0


@dataclass
class Tickets:
    """All that was handed out."""

    triggers: dict[str, Trigger] = field(default_factory=dict)
    urls: dict[str, ResponseUrl] = field(default_factory=dict)
    trigger_s: float = TRIGGER_S

    def trigger(self, user: str, view: str | None = None) -> str:
        """Hand out a trigger id; view is the modal the person acted in."""
        made = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self.triggers[made] = Trigger(user, view, time.monotonic())
        return made

    def redeem(self, trigger_id: str) -> Trigger:
        """Use a trigger id up."""
        found = self.triggers.get(trigger_id)
        if found is None:
            raise SlackError("invalid_trigger_id")
        if found.is_used:
            raise SlackError("exchanged_trigger_id")
        if time.monotonic() - found.made_at_s > self.trigger_s:
            raise SlackError("expired_trigger_id")
        found.is_used = True
        return found

    def url(self, user: str, channel: str, message_ts: str | None = None, thread_ts: str | None = None) -> str:
        """Hand out the path of a response URL."""
        kind = "actions" if message_ts else "commands"
        path = f"/{kind}/{seed.TEAM}/{secrets.randbelow(10**13)}/{secrets.token_urlsafe(18)}"
        self.urls[path] = ResponseUrl(user, channel, message_ts, thread_ts, time.monotonic())
        return path

    def answer(self, path: str) -> ResponseUrl:
        """Count one use of a response URL."""
        found = self.urls.get(path)
        if found is None:
            raise SlackError("invalid_url")
        if time.monotonic() - found.made_at_s > URL_S:
            raise SlackError("expired_url")
        if found.uses >= URL_USES:
            raise SlackError("used_url")
        found.uses += 1
        return found
