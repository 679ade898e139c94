"""Tells the time from the purpose in the words after a class: "for 3 days for FastML", "for FastML until Friday"."""

import re
from collections.abc import Iterator
from datetime import datetime, tzinfo

from loans import when


def time_and_purpose(tail: str, now: datetime, tz: tzinfo) -> tuple[str, str, when.Answer]:
    """Tell the time from the purpose: the longest beginning or end of the tail that reads as a time is the time.

    Where none will do, the refusal is of the words that were read as a time, not of the purpose beside them.
    """
    refused: tuple[str, str, when.Answer] | None = None
    for phrase, purpose in _splits(tail):
        found = when.read(phrase, now, tz)
        if not isinstance(found, when.Refused):
            return phrase, purpose, found
        if found.is_read and refused is None:
            refused = phrase, purpose, found
    return refused or (tail, "", when.read(tail, now, tz))


def _splits(tail: str) -> Iterator[tuple[str, str]]:
    """Yield (time, purpose): the whole first, then time before "for", then "for" purpose before the time."""
    yield tail, ""
    for found in reversed(list(re.finditer(r"\s+for\s+", tail, re.IGNORECASE))):
        yield tail[: found.start()], _unquoted(tail[found.end() :])
    if begun := re.match(r"for\s+", tail, re.IGNORECASE):
        for found in re.finditer(r"\s+(?=(?:until|till|til|by|before|from|for)\b)", tail[begun.end() :], re.IGNORECASE):
            at = begun.end() + found.start()
            yield tail[begun.end() + found.end() :], _unquoted(tail[begun.end() : at])


def _unquoted(text: str) -> str:
    return text.strip().strip("\"'“”")
