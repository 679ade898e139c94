"""What the kernel of a host tells and does: its uptime, and `timeout`.

Both count real seconds, however fast the site's clock runs: they are about programs on the wire, not about the story.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from .door import Talk

_TIMED_OUT: Final = 124
_FAILED: Final = 125
_UP_FOR_S: Final = 3600.0
_CORES: Final = 8
Program = Callable[[list[str]], Awaitable[int]]


class Kernel:
    """The kernel of one host, up for an hour when the site begins."""

    def __init__(self) -> None:
        self._since = time.monotonic() - _UP_FOR_S

    def restart(self) -> None:
        """Count anew: the host has booted."""
        self._since = time.monotonic()

    @property
    def files(self) -> Mapping[str, Callable[[], str]]:
        """Return what it shows as files."""
        return {"/proc/uptime": self._uptime}

    def _uptime(self) -> str:
        up = time.monotonic() - self._since
        return f"{up:.2f} {up * _CORES:.2f}\n"


async def timeout(argv: Sequence[str], run: Program, talk: Talk) -> int:
    """Run `timeout [--kill-after=N] SECONDS COMMAND...`."""
    words = [word for word in argv if not word.startswith("--kill-after=")]
    if len(words) < 2:  # noqa: PLR2004 - how long, and what
        talk.err("timeout: missing operand\n")
        return _FAILED
    try:
        async with asyncio.timeout(float(words[0])):
            return await run(words[1:])
    except TimeoutError:
        return _TIMED_OUT
