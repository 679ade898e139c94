"""HTTP mode: payloads are POSTed to the app's request URL, signed as Slack signs them.

The signature's time is the wall's: a verifier compares it with its own clock and refuses what is five minutes old.
"""

import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

import aiohttp

from sandbox.faults import Faults
from sandbox.slack import seed
from sandbox.slack.delivery import ACK_S, Answer, Kind
from sandbox.slack.records import Json

FORM = "application/x-www-form-urlencoded"


@dataclass
class PostLine:
    """url is the app's one request URL, for events, commands and interactions."""

    url: str
    faults: Faults
    secret: str = seed.SIGNING_SECRET
    ack_s: float = ACK_S
    _session: aiohttp.ClientSession | None = field(default=None, repr=False)

    async def send(self, kind: Kind, payload: Json, attempt: int = 0, reason: str = "") -> Answer:
        """Deliver once and take the response's body as the ack."""
        extra = {"x-slack-retry-num": str(attempt), "x-slack-retry-reason": reason} if attempt else {}
        is_doubled = self.faults.peek("slack") == "duplicate"
        if is_doubled:
            self.faults.take("slack")
            await self._post(kind, payload, extra)
        return await self._post(kind, payload, extra)

    async def verify(self) -> bool:
        """Ask the app to prove that it owns its request URL (`url_verification`)."""
        challenge = secrets.token_urlsafe(24)
        asked = {"type": "url_verification", "token": seed.VERIFICATION_TOKEN, "challenge": challenge}
        answer = await self._post("events_api", asked, {})
        return challenge in (answer.payload.get("challenge"), answer.payload.get("text"))

    async def close(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()

    async def _post(self, kind: Kind, payload: Json, extra: dict[str, str]) -> Answer:
        body, content_type = _body(kind, payload)
        headers = self._signed(body) | {"content-type": content_type} | extra
        self._session = self._session or aiohttp.ClientSession()
        limit = aiohttp.ClientTimeout(total=self.ack_s)
        try:
            async with self._session.post(self.url, data=body, headers=headers, timeout=limit) as response:
                text = await response.text()
                if response.status >= 300:  # noqa: PLR2004 - HTTP's own line between yes and no
                    return Answer(why="dispatch_failed")
                return Answer(_answer(text))
        except TimeoutError:
            return Answer(why="operation_timeout")
        except aiohttp.ClientError:
            return Answer(why="dispatch_failed")

    def _signed(self, body: str) -> dict[str, str]:
        at = str(int(time.time()))
        digest = hmac.new(self.secret.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
        return {"x-slack-request-timestamp": at, "x-slack-signature": f"v0={digest}"}


def _body(kind: Kind, payload: Json) -> tuple[str, str]:
    if kind == "events_api":
        return json.dumps(payload), "application/json"
    if kind == "interactive":
        return urlencode({"payload": json.dumps(payload)}), FORM
    return urlencode(payload), FORM


def _answer(text: str) -> Json:
    if not text:
        return {}
    try:
        said = json.loads(text)
    except json.JSONDecodeError:
        return {"text": text}
    return said if isinstance(said, dict) else {"text": text}
