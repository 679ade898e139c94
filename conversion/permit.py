"""What a change takes with it to the wire: until when it may begin, and how the store is asked once more.

A process may be stopped anywhere, also between the last check and the first byte. So the adapter that is about to send
asks here, as the last thing it does; and a far side that can tell the time is told the deadline too. The permit
travels beside the call (a context variable) so that no signature between a step and the wire can lose it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from conversion.ports import PutOff

BEGIN_WITHIN_S: Final = 5.0
"""How long after the store said yes a change may begin; less than a third of the lease that it renewed by asking."""
WORLD_WITHIN_S: Final = 10.0
"""How old the far sides' answers may be when a change begins: less than the lease, more than a slow slurmctld takes."""
_ASK_AGAIN_AFTER_S: Final = 1.0
"""An adapter that had to read first, or tries again, asks the store anew after this."""


class Overtaken(Exception):  # noqa: N818 - it names what happened
    """Somebody else is at work, changed the subject, or too much time has passed: the next look says what to do."""


@dataclass
class Permit:
    """Leave for one change, given by the fence. Times are the uptime's, in seconds.

    asked_at   before the store was asked
    world_at   before the far sides were asked
    ask        asks the store again and returns when that began; Overtaken when it says no
    """

    uptime: Callable[[], float]
    ask: Callable[[], float]
    asked_at: float
    world_at: float

    def begin(self, since: float = float("-inf")) -> float:
        """Return until which uptime the change may begin; the last thing before it is sent.

        since    the store has to have been asked after this
        raises   Overtaken when it may not begin any more; PutOff when the far sides have to be asked anew
        """
        if self.asked_at < since or self.uptime() - self.asked_at > _ASK_AGAIN_AFTER_S:
            self.asked_at = self.ask()
        now = self.uptime()
        if now >= self.world_at + WORLD_WITHIN_S:
            raise PutOff("The site", f"its answers are more than {WORLD_WITHIN_S:g} s old by now; I ask again")
        if now >= self.asked_at + BEGIN_WITHIN_S:
            raise Overtaken
        return min(self.asked_at + BEGIN_WITHIN_S, self.world_at + WORLD_WITHIN_S)


_CURRENT: Final[ContextVar[Permit | None]] = ContextVar("permit", default=None)


@contextmanager
def permitted(permit: Permit) -> Iterator[None]:
    """Let what is sent in the block have this permit."""
    token = _CURRENT.set(permit)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def current() -> Permit | None:
    """Return the permit of the change that is about to be sent; None for a caller without a fence, as a test is."""
    return _CURRENT.get()


def begin() -> None:
    """Make sure that the change may still begin; the last thing that an adapter does before it sends."""
    permit = _CURRENT.get()
    if permit is not None:
        permit.begin()
