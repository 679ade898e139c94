"""Every Web API call that arrived, so that a story or a bench can ask how many."""

from collections import Counter, deque
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    """One call: error is None when it was answered ok; at_s is real time, monotonic."""

    method: str
    args: dict[str, Any]
    error: str | None
    at_s: float


class CallLog:
    """Counters since the start, and the last calls in full."""

    def __init__(self, kept: int = 5000) -> None:
        self.counts: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.recent: deque[Call] = deque(maxlen=kept)

    def note(self, call: Call) -> None:
        """Remember one call."""
        self.counts[call.method] += 1
        if call.error:
            self.errors[f"{call.method}:{call.error}"] += 1
        self.recent.append(call)

    def to(self, method: str) -> list[Call]:
        """Return the remembered calls of one method, oldest first."""
        return [call for call in self.recent if call.method == method]
