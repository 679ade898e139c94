"""Times and spans as Slurm's commands print and read them."""

import re
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from .records import INVALID_TIME, SlurmError

UNLIMITED: Final = timedelta(days=365)
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


class BadTimeError(Exception):
    """A time that cannot be read; the argument is its text."""


def stamp(instant: datetime | None, zone: ZoneInfo, nothing: str = "Unknown") -> str:
    """Return `2026-11-23T10:00:00` in a zone, or the word for no time."""
    return instant.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S") if instant else nothing


def span(length: timedelta) -> str:
    """Return `[D-]HH:MM:SS`, or UNLIMITED."""
    if length >= UNLIMITED:
        return "UNLIMITED"
    days, rest = divmod(max(0, int(length.total_seconds())), 86400)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days}-{clock}" if days else clock


def short_span(length: timedelta) -> str:
    """Return squeue's form: `0:07`, `12:30`, `1:02:03`, `2-01:00:00`."""
    text = span(length)
    if "-" in text or text == "UNLIMITED" or not text.startswith("00:"):
        return text.removeprefix("0") if "-" not in text and text != "UNLIMITED" else text
    return re.sub(r"^0(\d:)", r"\1", text[3:])


def read_span(text: str) -> timedelta:
    """Read a Duration: minutes, MM:SS, HH:MM:SS, D-HH[:MM[:SS]], or infinite."""
    if text.lower() in {"infinite", "unlimited", "-1"}:
        return UNLIMITED
    days, dash, clock = text.rpartition("-")
    try:
        parts = [int(part) for part in clock.split(":")]
        whole = timedelta(days=int(days)) if dash else timedelta()
    except ValueError:
        raise SlurmError(INVALID_TIME) from None
    if dash:
        return whole + _sum(parts, (3600, 60, 1))
    return _sum(parts, {1: (60,), 2: (60, 1)}.get(len(parts), (3600, 60, 1)))


def read_time(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Read a StartTime or EndTime: now, now+60minutes, or an ISO form in the zone of the command."""
    word = text.lower()
    if word.startswith("now"):
        return now + _read_offset(word[3:])
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise BadTimeError(text) from None
    return instant if instant.tzinfo else instant.replace(tzinfo=zone)


def _read_offset(text: str) -> timedelta:
    if not text:
        return timedelta()
    found = re.fullmatch(r"\+(\d+)([a-z]*)", text)
    if not found:
        raise BadTimeError(text)
    return timedelta(seconds=int(found[1]) * _UNITS.get(found[2][:1], 1))


def _sum(parts: list[int], weights: tuple[int, ...]) -> timedelta:
    if len(parts) > len(weights):
        raise SlurmError(INVALID_TIME)
    return timedelta(seconds=sum(part * weight for part, weight in zip(parts, weights, strict=False)))
