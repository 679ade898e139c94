"""Lengths of time as people write them in a settings file: "30 s", "5 min", "8 h", "14 d", "1 h 30 min".

loans/lengths.py writes them (exact); a length that is written and read is the same.
"""

import re
from datetime import timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, PlainSerializer

from loans.lengths import exact

_UNITS: Final = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_PART: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*", re.IGNORECASE)


def span(text: object) -> timedelta:
    """Read a length; ValueError with an example when it is none."""
    if isinstance(text, timedelta):
        return text
    total, at = 0.0, 0
    plain = str(text)
    while found := _PART.match(plain, at):
        unit = found[2].lower()
        if unit not in _UNITS:
            break
        total += float(found[1]) * _UNITS[unit]
        at = found.end()
    if not plain.strip() or at != len(plain):
        raise ValueError(f'{text!r} is no length of time; write it as "30 s", "5 min", "8 h" or "14 d"')
    try:
        return timedelta(seconds=total)
    except OverflowError as e:
        raise ValueError(f'{plain:.20}... is longer than time; write it as "30 s", "5 min", "8 h" or "14 d"') from e


def _some(length: timedelta) -> timedelta:
    if not length:
        raise ValueError("has to be longer than nothing")
    return length


SpanOrNone = Annotated[timedelta, BeforeValidator(span), PlainSerializer(exact)]
"""A length that may be nothing."""
Span = Annotated[SpanOrNone, AfterValidator(_some)]
