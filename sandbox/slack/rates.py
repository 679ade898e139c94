"""Slack's rate limits, in real seconds: a bucket per method, and per channel where Slack counts so."""

import math
import time
from dataclasses import dataclass, field
from typing import Final

from sandbox.slack.errors import SlackError

PER_MINUTE: Final = {1: 20, 2: 20, 3: 50, 4: 100}
"""Calls a minute by tier. Tier 1 is documented as 1+; in life a handful of sockets may be opened at once."""

POST_BURST: Final = 10
"""chat.postMessage is one a second a channel "with short bursts allowed"; how short is not documented. We judged 10."""


@dataclass
class Bucket:
    """Fills at rate_s tokens a second up to size."""

    size: float
    rate_s: float
    tokens: float
    at: float

    def take(self, now: float) -> float:
        """Take one token; return 0, or the seconds until there is one."""
        self.tokens = min(self.size, self.tokens + (now - self.at) * self.rate_s)
        self.at = now
        if self.tokens >= 1:
            self.tokens -= 1
            return 0.0
        return (1 - self.tokens) / self.rate_s


@dataclass
class Rates:
    """Raises ratelimited with Retry-After when a bucket is empty."""

    enforced: bool = True
    _buckets: dict[tuple[str, str], Bucket] = field(default_factory=dict)

    def check(self, method: str, tier: int | None, channel: str) -> None:
        """Count one call; tier None is counted per channel, one a second."""
        if not self.enforced:
            return
        size, rate_s, key = (
            (POST_BURST, 1.0, (method, channel))
            if tier is None
            else (PER_MINUTE[tier], PER_MINUTE[tier] / 60, (method, ""))
        )
        now = time.monotonic()
        bucket = self._buckets.setdefault(key, Bucket(size, rate_s, size, now))
        wait_s = bucket.take(now)
        if wait_s:
            raise SlackError("ratelimited", retry_after_s=math.ceil(wait_s))
