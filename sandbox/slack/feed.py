"""The stream of changes in the workspace, for whoever looks on: the page, a story, a test."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Change:
    """audience None means everybody; data is what an onlooker needs to redraw."""

    seq: int
    kind: str
    data: dict[str, Any]
    audience: frozenset[str] | None = None

    def is_for(self, user: str | None) -> bool:
        """Tell whether a person sees this; None is an onlooker who sees all."""
        return user is None or self.audience is None or user in self.audience


class Feed:
    """Keeps the last changes, and wakes those who wait for the next one."""

    def __init__(self, kept: int = 4000) -> None:
        self._changes: deque[Change] = deque(maxlen=kept)
        self._woken = asyncio.Event()
        self.seq = 0

    def publish(self, kind: str, audience: Iterable[str] | None = None, **data: Any) -> None:
        """Tell of one change."""
        self.seq += 1
        seen_by = None if audience is None else frozenset(audience)
        self._changes.append(Change(self.seq, kind, data, seen_by))
        self._woken.set()
        self._woken = asyncio.Event()

    def since(self, seq: int, user: str | None = None) -> list[Change]:
        """Return what happened after seq, as one person sees it."""
        return [change for change in self._changes if change.seq > seq and change.is_for(user)]

    async def after(self, seq: int, user: str | None = None, timeout_s: float = 20.0) -> list[Change]:
        """Wait until something happened after seq; an empty list when nothing did in time."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        while not (found := self.since(seq, user)):
            woken, left = self._woken, deadline - asyncio.get_running_loop().time()
            try:
                await asyncio.wait_for(woken.wait(), left)
            except TimeoutError:
                return []
        return found
