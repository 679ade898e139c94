"""What the words of a program that failed mean. Each adapter brings its table; what is not in it is unexpected."""

import re
from typing import Final

from conversion.ports import FarSideError, Ran, UnexpectedAnswer

Meanings = tuple[tuple[re.Pattern[str], type[FarSideError]], ...]
"""First match first."""

_LINES_SAID: Final = 3
_LONGEST_SAID: Final = 300
"""A reason stands on one line of a card."""


def says(*words: str) -> re.Pattern[str]:
    """Return a pattern for any of these, in capitals or not."""
    return re.compile("|".join(words), re.IGNORECASE)


def meaning(side: str, program: str, ran: Ran, meanings: Meanings) -> FarSideError:
    """Return the error that a failed run stands for, with the line that says so in the far side's own words."""
    lines = _lines(f"{ran.err}\n{ran.out}")
    for pattern, kind in meanings:
        for line in lines:
            if pattern.search(line):
                return kind(side, line)
    said = " / ".join(lines[:_LINES_SAID]) or f"`{program}` ended with {ran.exit} and said nothing"
    return UnexpectedAnswer(side, said, "\n".join(lines))


def until_then(err: bytes) -> str:
    """Return what a program complained of before its time was out, as the end of a sentence; empty when it did not."""
    lines = _lines(err.decode(errors="replace"))[-_LINES_SAID:]
    return f"; until then it said: {' / '.join(lines)[-_LONGEST_SAID:]}" if lines else ""


def _lines(said: str) -> list[str]:
    return [line.strip() for line in said.splitlines() if line.strip()]
