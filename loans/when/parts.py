"""Which kinds of time words stand in a phrase, before anybody works out what they mean together.

For whoever tells a time from the words around it: a purpose that holds a day or a length is no mere purpose.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from lark import Token

from loans.when.words import UnknownWord, Words, tidy

_LEXER: Final = Words(None)


class Part(StrEnum):
    """What a phrase says something about. A week or a part of a day narrows a day, and is none by itself."""

    DAY = "day"
    CLOCK = "clock"
    LENGTH = "length"
    VAGUE = "vague"


_SINGULAR: Final = {"_DAY", "_WEEK", "_MONTH", "_YEAR", "SECOND", "UNIT", "M", "BIZDAY"}
_COUNTS: Final = {"NUM", "CARD", "A", "HALF", "SLASH", "DOT", "_DASH", "_MORE", "_ANOTHER", "COUPLE", "FEW", "QUARTER"}
_ALONE: Final = {
    Part.DAY: {
        *("WEEKDAY", "WEEKDAYS", "TODAY", "TOMORROW", "TONIGHT", "_DAY_AFTER", "YMD", "DMY", "DOTTED", "COMPACT"),
        *("STAMP", "ISO_WEEK_DAY", "EOM", "EOW", "EOY"),
    },
    Part.CLOCK: {"COLON", "MER", "NOON", "MIDNIGHT", "H_CLOCK", "_OCLOCK", "STAMP", "EOD"},
    Part.LENGTH: {"DAYS_CLOCK"},
    Part.VAGUE: {"WEEKEND", "PART", "ISO_WEEK"},
}


def parts(phrase: str) -> frozenset[Part]:
    """Return what a phrase speaks of; nothing when a word of it is not known."""
    try:
        tokens = tuple(_LEXER.lex(tidy(phrase)))
    except UnknownWord:
        return frozenset()
    kinds = {token.type for token in tokens}
    found = {part for part, alone in _ALONE.items() if kinds & alone}
    for before, token in zip((None, *tokens), tokens, strict=False):
        if (part := _of_two(before, token)) is not None:
            found.add(part)
    if "SLASH" in kinds and not kinds & _SINGULAR:
        found.add(Part.DAY)
    return frozenset(found)


def _of_two(before: Token | None, token: Token) -> Part | None:
    """Return what a word is by the one before it: a number makes a length of a unit, and a date of a month."""
    kind, left = token.type, before.type if before is not None else ""
    if kind in _SINGULAR:
        return Part.LENGTH if left in _COUNTS else Part.VAGUE if left in {"NEXT", "THIS", "COMING"} else None
    is_number = kind in {"NUM", "ORD", "ORD_WORD"}
    if (kind == "MONTH" and left in {"NUM", "ORD", "ORD_WORD", "_OF"}) or (is_number and left in {"MONTH", "_THE"}):
        return Part.DAY
    return Part.CLOCK if kind in {"NUM", "CARD"} and left == "_AT" else None


def reach(words: Sequence[str]) -> int:
    """Return how many of the words, from the first on, a time phrase could consist of."""
    text = " ".join(words).translate(_ONE_FOR_ONE).lower()
    try:
        for _ in _LEXER.lex(text):
            pass
    except UnknownWord as unknown:
        return text[: unknown.start].count(" ")
    return len(words)


_ONE_FOR_ONE: Final = str.maketrans({"\u2019": "'", "\u2013": "-", "\u2014": "-", "\u2212": "-"})
