"""What the bench measures and how it says it. Decides which number stands for many: a median, or a percentile."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_BEGAN: Final = time.monotonic()


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    bound   what was promised, in words; empty when nothing was
    holds   whether it was kept; True when nothing was promised
    """

    what: str
    measured: str
    bound: str = ""
    holds: bool = True


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that so many percent of all do not exceed."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * percent / 100))]


def median(values: Sequence[float]) -> float:
    """Return the middle one: one slow run among five says nothing of the program."""
    return statistics.median(values)


def ms(seconds: float) -> str:
    """Return a span as `12.3 ms`."""
    return f"{1000 * seconds:.1f} ms" if seconds < 0.1 else f"{1000 * seconds:.0f} ms"


def say(text: str) -> None:
    """Tell whoever watches what is being done now."""
    print(f"{time.monotonic() - _BEGAN:6.1f} s  {text}", flush=True)
