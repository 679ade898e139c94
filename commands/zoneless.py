"""Words of somebody whose zone nobody knows: what means the same everywhere is taken, all else is asked. Pure."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from loans import when

ASK: Final = (
    "Slack doesn't tell me your time zone, and I don't guess. Say it with the time, such as "
    '"until Friday 18:00 Europe/Zurich" or "until Friday 18:00 UTC+1".'
)
_FAR_APART: Final = tuple(
    ZoneInfo(name)
    for name in (
        "UTC",
        "America/New_York",
        "Europe/Berlin",
        "Australia/Sydney",
        "Pacific/Kiritimati",
        "Pacific/Pago_Pago",
    )
)
"""Both ends of the day, and three ways to change the clocks."""


def is_local(read: Callable[[tzinfo], when.Answer]) -> bool:
    """Return True for words that mean one time here and another one there."""
    return len({_instants(read(zone)) for zone in _FAR_APART}) > 1


def _instants(answer: when.Answer) -> tuple[datetime | None, ...]:
    match answer:
        case when.Interval(start, end):
            return start.astimezone(UTC), end.astimezone(UTC)
        case when.Deadline(at) | when.Duration(at=at):
            return (at.astimezone(UTC),)
        case when.Ask(readings):
            ends = [(one.start.astimezone(UTC) if one.start else None, one.at.astimezone(UTC)) for one in readings]
            return tuple(at for pair in ends for at in pair)
        case when.Refused():
            return ()
