"""Lengths of time in words: the only place that writes them. Each way of writing is for one kind of reader."""

from datetime import timedelta
from math import ceil
from typing import Final

_DAY_S: Final = 86_400
_UNITS: Final = (("d", _DAY_S), ("h", 3600), ("min", 60))
_TELLING: Final = 100
"""Minutes up to which "about" counts in minutes: two digits are read at a glance."""


def length(span: timedelta) -> str:
    """Return the two largest units that matter, rounded down: "3 days 13 h", "45 min", "30 s". For what is promised."""
    seconds = max(0, int(span.total_seconds()))
    days, hours, minutes = seconds // _DAY_S, seconds // 3600 % 24, seconds // 60 % 60
    parts = [
        f"{days} day{'s' * (days != 1)}" if days else "",
        f"{hours} h" if hours else "",
        f"{minutes} min" if minutes else "",
    ]
    first = next((place for place, part in enumerate(parts) if part), None)
    if first is None:
        return f"{seconds} s"
    return " ".join(part for part in parts[first : first + 2] if part)


def about(span: timedelta) -> str:
    """Return a length that nobody should set a watch by, rounded up: "about 4 min". For what is guessed."""
    minutes = max(1, ceil(span.total_seconds() / 60))
    return f"about {minutes} min" if minutes < _TELLING else f"about {length(span)}"


def took(span: timedelta) -> str:
    """Return a length as a stopwatch shows it: "0:05", "1:10", "1:02:10". For steps, which are compared."""
    total = max(0, int(span.total_seconds()))
    hours, minutes = divmod(total // 60, 60)
    return f"{hours}:{minutes:02}:{total % 60:02}" if hours else f"{minutes}:{total % 60:02}"


def exact(span: timedelta) -> str:
    """Return the whole length in the largest unit that leaves no rest: "30 min", "90 s", "14 d". For what was set.

    A settings file says it in the same words, and bot/settings/spans.py reads them back.
    """
    seconds = span.total_seconds()
    for unit, size in _UNITS:
        if seconds and seconds % size == 0:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.6f}".rstrip("0").rstrip(".") + " s"
