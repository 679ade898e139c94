"""How a payload reaches the app, and what came back. Socket Mode and signed posts are two lines of one kind."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from sandbox.slack import seed
from sandbox.slack.records import Json

ACK_S: Final = 3.0
"""Slack's patience, in real seconds."""
EVENT_RETRIES_S: Final = (1.0, 60.0, 300.0)
"""Slack sends an unanswered event again almost at once, then after a minute, then after five."""

Kind = Literal["events_api", "interactive", "slash_commands"]


@dataclass(frozen=True)
class Answer:
    """why is empty when the app acked, else Slack's word for what went wrong; after_s is how long that took."""

    payload: Json = field(default_factory=dict)
    why: Literal["", "operation_timeout", "dispatch_failed"] = ""
    after_s: float = 0.0

    @property
    def is_acked(self) -> bool:
        """Tell whether the app answered in time."""
        return not self.why


class Line(Protocol):
    """A way to the app."""

    async def send(self, kind: Kind, payload: Json, attempt: int = 0, reason: str = "") -> Answer:
        """Deliver once and wait for the ack; attempt counts re-deliveries of an event."""
        ...

    async def close(self) -> None:
        """Hang up."""
        ...


@dataclass
class Events:
    """Sends Events API messages, again when they are not acked. Everything else is sent once."""

    line: Line
    now_s: Callable[[], float]
    subscriptions: frozenset[str] = seed.SUBSCRIPTIONS
    retries_s: tuple[float, ...] = EVENT_RETRIES_S
    _sending: set[asyncio.Task[None]] = field(default_factory=set)

    def send(self, subscription: str, event: Json) -> None:
        """Send an event on its way, when the app asked for its kind."""
        if subscription in self.subscriptions:
            task = asyncio.get_running_loop().create_task(self._deliver(self._envelope(event)))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def close(self) -> None:
        """Give up on events still under way."""
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)

    async def _deliver(self, payload: Json) -> None:
        reason = ""
        for attempt, wait_s in enumerate((0.0, *self.retries_s)):
            await asyncio.sleep(wait_s)
            answer = await self.line.send("events_api", payload, attempt, reason)
            if answer.is_acked:
                return
            reason = "timeout" if answer.why == "operation_timeout" else "connection_failed"

    def _envelope(self, event: Json) -> Json:
        return {
            "token": seed.VERIFICATION_TOKEN,
            "team_id": seed.TEAM,
            "context_team_id": seed.TEAM,
            "api_app_id": seed.APP,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev0{secrets.token_hex(5).upper()}",
            "event_time": int(self.now_s()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": seed.TEAM,
                    "user_id": seed.BOT_USER,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            "event_context": f"4-{secrets.token_urlsafe(24)}",
        }
