"""Several times in one sentence: "until Friday or Saturday", "Monday and Wednesday 9-5". Each is a sentence of its own.

Pure. A loan is one stretch of time, so whoever names two is asked which; nothing is left out of the question.
"""

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import pairwise
from typing import Final

from commands.mentions import LONGEST, end_of_time
from loans.when.parts import Part, parts

_DAY: Final = (
    r"(?:(?:the|this|next|on)\s+)?(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\b|today|tomorrow"
)
_AND: Final = r"\s*,?\s*(?:\band\b|\bor\b|&|\+|/)\s*"
_LIST: Final = re.compile(
    rf"(?<!between )(?P<days>(?:{_DAY})(?:\s*,\s*(?:{_DAY}))*(?:{_AND}(?:{_DAY})|\s*,\s*(?:{_DAY})(?!\s*,?\s*\d)))",
    re.IGNORECASE,
)
_LEAD: Final = re.compile(r"(?:until|till|til|by|before|for|from|on|at|through)\b", re.IGNORECASE)
_WEEK: Final = "mon tue wed thu fri sat sun".split()  # noqa: SIM905 - reads as a week


@dataclass(frozen=True)
class Either:
    """ways: the sentence, once for each time it names."""

    ways: tuple[str, ...]


def either(tail: str, now: datetime, tz: tzinfo) -> Either | None:
    """Return what a sentence says when only one of its times is left in it; None when it names one."""
    if found := _LIST.search(tail):
        return Either(_each_day(tail, found))
    words = tail.split()
    for k, word in enumerate(words):
        if word.lower() == "or" and (way := _other(words, k, now, tz)) is not None:
            return Either(way)
    return None


def _each_day(tail: str, found: re.Match[str]) -> tuple[str, ...]:
    said = re.split(rf"{_AND}|\s*,\s*", found["days"], flags=re.IGNORECASE)
    days = [day for day in said if day]
    ways = [f"{tail[: found.start()]}{day}{tail[found.end() :]}" for day in days]
    rest = f"{tail[: found.start()]}{tail[found.end() :]}"
    if not re.search(r"\bor\b|/", found["days"], re.IGNORECASE) and _follow(days) and Part.CLOCK not in parts_in(rest):
        before = re.sub(r"\b(?:on|for|until)\s*$", "", tail[: found.start()], flags=re.IGNORECASE)
        ways.append(f"{before}from {days[0]} until {days[-1]}{tail[found.end() :]}")
    return tuple(ways)


def _follow(days: list[str]) -> bool:
    """Whether each day is the one after the day before it."""
    places = [_WEEK.index(day.lower().split()[-1][:3]) for day in days if day.lower().split()[-1][:3] in _WEEK]
    steps = {(later - sooner) % 7 for sooner, later in pairwise(places)}
    return len(places) == len(days) and steps == {1}


def parts_in(words: str) -> set[Part]:
    """Return what words speak of, each by itself."""
    return {part for word in words.split() for part in parts(word)}


def _other(words: list[str], k: int, now: datetime, tz: tzinfo) -> tuple[str, str] | None:
    """Return the sentence with the time before the "or" at k, and with the one after it in its place."""
    end = end_of_time(words, k + 1, now, tz)
    kind = parts(" ".join(words[k + 1 : end]))
    if end == k + 1 or not kind:
        return None
    starts = range(k - 1, max(-1, k - LONGEST - 1), -1)
    alike = [i for i in starts if parts(" ".join(words[i:k])) == kind and end_of_time(words[:k], i, now, tz) == k]
    any_ = [i for i in starts if parts(" ".join(words[i:k])) and end_of_time(words[:k], i, now, tz) == k]
    if not any_:
        return None
    is_led = _LEAD.match(words[k + 1]) is not None
    at = any_[-1] if is_led or not alike else alike[0]
    if not is_led and not alike and _LEAD.match(words[at]):
        at += 1
    return " ".join(words[:k] + words[end:]), " ".join(words[:at] + words[k + 1 :])
