"""How long does a loan of this class take to arrive, and to come home? What nine in ten took of the latest."""

from collections.abc import Sequence
from datetime import timedelta
from math import ceil
from typing import Final

from loans.readers.usual import PAST_RUNS

ENOUGH: Final = 5
"""Measured loans from which on they count more than the settings. One that was blocked overnight is no rule yet."""
_NINE_IN_TEN: Final = 0.9


def slow(lasted: Sequence[timedelta], until_then: timedelta) -> timedelta:
    """Return within what nine in ten were done. lasted: the latest loans first; until_then: while these are few."""
    latest = sorted(lasted[:PAST_RUNS])
    return latest[ceil(_NINE_IN_TEN * len(latest)) - 1] if len(latest) >= ENOUGH else until_then
