"""Answers of Slack's, kept for minutes: who is in a group, and who a user is, is asked often and changes rarely."""

from datetime import timedelta
from time import monotonic
from typing import Final, Generic, TypeVar

KEEP_FOR: Final = timedelta(minutes=5)
"""Somebody who joins on-call at night should not wait longer to be allowed; somebody who leaves, neither."""

V = TypeVar("V")


class Kept(Generic[V]):
    """Answers, each for KEEP_FOR; the wall's time, whatever lendbot's clock does."""

    def __init__(self) -> None:
        self._answers: dict[str, tuple[float, V]] = {}

    def get(self, key: str) -> V | None:
        """Return an answer that is young enough."""
        found = self._answers.get(key)
        return found[1] if found and monotonic() - found[0] < KEEP_FOR.total_seconds() else None

    def put(self, key: str, value: V) -> V:
        """Keep an answer, and return it."""
        self._answers[key] = (monotonic(), value)
        return value
