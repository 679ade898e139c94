"""Finds the times in other words: what a purpose says of a day, a clock or a length. Pure."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Final

from loans import when
from loans.when.parts import parts, reach

LONGEST: Final = 8
"""Words of another time that a purpose may hold: "from 2pm to 4pm on Thursday"."""


def mentions(side: str, now: datetime, tz: tzinfo) -> Iterator[str]:
    """Yield what else speaks of a time: the longest stretches of words that are read, from left to right."""
    words = [re.sub(r"['\u2019]s$", "", word.strip("\"'\u2018\u2019\u201c\u201d,;:()")) for word in side.split()]
    at = 0
    while at < len(words):
        end, after = (end_of_time(words, start, now, tz) for start in (at, at + 1))
        if at < end >= after:
            yield " ".join(words[at:end])
            at = end
        else:
            at += 1


def end_of_time(words: Sequence[str], start: int, now: datetime, tz: tzinfo) -> int:
    """Return where the longest time that begins at `start` ends; `start` where none does."""
    for end in range(min(start + reach(words[start:]), start + LONGEST), start, -1):
        phrase = " ".join(words[start:end])
        if parts(phrase):
            found = when.read(phrase, now, tz)
            if not isinstance(found, when.Refused) or found.is_read:
                return end
    return start
