"""Tells the time from the purpose in the words after a class: "for 3 days for FastML", "for FastML until Friday".

A time word is never dropped. What is left beside the time is the purpose; where that holds a day, a clock time or a
length, the two are combined when that has one reading, and asked when it has several.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from commands.combine import Heard, asked, together
from commands.either import either
from commands.mentions import LONGEST, mentions
from loans import when
from loans.when import zones
from loans.when.parts import Part, parts, reach

_TRIES: Final = 150
"""Stretches of words that are tried as a time: ten times what a sentence needs, and what a paste may cost."""
_SPANS: Final = 1000
_WIDEST: Final = 16
"""Words of a time: "from Monday the 30th of November 2026 at 9 am until Friday 4 December at 5 pm" has as many."""
_VERBS: Final = (
    "benchmark|build|check|compare|debug|demo|deploy|develop|do|evaluate|experiment|finish|fix|get|give|hack|handle|"
    "help|hold|host|make|measure|migrate|move|play|practice|prepare|process|profile|prove|reproduce|rerun|run|see|"
    "serve|set|show|stage|stress|support|teach|test|train|try|use|validate|verify"
)
_TO_K8S: Final = re.compile(
    r"(?:to|into|in|on) (?:the |our )?(?:k8s|kubernetes|kube)(?: cluster)?(?:\s|$)", re.IGNORECASE
)
_INTRODUCED: Final = re.compile(
    r"(?:for|because|since|so|as|in order to|purpose:?|reason:?|we|i|it's|it is|this is|that's)(?:\s|$)|"
    rf"to (?:{_VERBS})\b|[-,:;(]|{_TO_K8S.pattern}",
    re.IGNORECASE,
)
"""How words begin that say what the nodes are for."""
_DROPPED: Final = re.compile(
    rf"(?:for|because|in order to|purpose:?|reason:?|[-,:;(])(?:\s+|$)|[,:;(]|{_TO_K8S.pattern}", re.IGNORECASE
)
"""What introduces a purpose, and is no part of it."""
_BOUND: Final = re.compile(
    r"(?<=\bfor )(?:up to|at most|at least|no (?:more|less) than|(?:less|more) than|an? (?:max|min)imum of|max|min)\s+",
    re.IGNORECASE,
)
"""What makes a length the least or the most: it is read, and asked."""
_IN_A_ZONE: Final = re.compile(
    r"(?:\d ?[ap]\.?m\.?|:\d\d|\bnoon|\bmidnight),? (?P<zone>(?i:(?:[a-z.]+ ){1,2}time)\b|[A-Za-z]+/[A-Za-z_]+|"
    r"[A-Z]{1,4}[SD]T\b|-\d{4}\b)"
)
_OWN: Final = frozenset("my our local this the same next last first any some all at each every your for until".split())  # noqa: SIM905 - reads as words
_STARTS: Final = re.compile(r"(?:from|starting|beginning|as of|as from)\b", re.IGNORECASE)
"""How words begin that say when it starts: never when it ends."""
_ONLY_A_START: Final = when.Refused(
    'That says when it starts, and not when it ends. Say both, like "from Friday 9am until Friday 5pm".'
)
_DETERMINED: Final = re.compile(r"\b(?:the|our|my|your|their|his|her|this|a|an)$", re.IGNORECASE)
"""How words end whose noun is still to come: the time in "for the Monday class" is part of a name."""
_OF_A_DAY: Final = re.compile(
    r"\b(?:week|weekend|month|day|days|eve|morning|evening|night) (?:of|after|before)$", re.IGNORECASE
)
"""How words end that make another time of the one behind them: "the week of Dec 7"."""
_NO_PURPOSE: Final = re.compile(
    r"(?:every|each|daily|weekly|monthly|nightly|or|not|maybe|perhaps|but|except|if|when|whenever|once|unless|though|minus|ish|and|nor)\b|"
    r"(?:(?:[\w./]+\s+){1,3}time\b|[A-Za-z]+/[A-Za-z_]+|(?-i:[A-Z]{1,4}[SD]?T)\b|(?:utc|gmt)\b)",
    re.IGNORECASE,
)
"""How words begin that change a time which stands before them, such as a zone: not read, so no purpose either."""


_COUNTED: Final = re.compile(
    r"\d{1,4}\s+(?:seats?|people|persons?|students?|users?|attendees|participants|learners|researchers|teams?|groups?)\b",
    re.IGNORECASE,
)
"""Numbers that count something: "until Friday, 30 students" is no 30th."""


@dataclass(frozen=True)
class _Cut:
    """Words cut in three: what stands before the time, the time, what stands after it."""

    before: str
    phrase: str
    after: str


def time_and_purpose(tail: str, now: datetime, tz: tzinfo) -> tuple[str, str, when.Answer]:
    """Tell the time from the purpose: the longest stretch of words that reads as a time is the time.

    Where none will do, the refusal is of the words that were read as a time, not of the purpose beside them. "Friday or
    Saturday", "Monday and Wednesday 9-5" are worked out one by one, and asked.
    """
    tail = re.sub(r"^(?:right )?now\s+(?=(?:until|till|for)\b)", "", tail, flags=re.IGNORECASE)
    if (unknown := _unknown_zone(tail)) is not None:
        return tail, "", unknown
    tail = re.sub(r"^as (?:of|from)\b", "from", tail, flags=re.IGNORECASE)
    bound = _BOUND.sub("", tail)
    if bound != tail:
        phrase, purpose, answer = _one(bound, now, tz)
        return phrase, purpose, asked((answer,), now, tz)
    found = either(tail, now, tz)
    if found is None:
        return _one(tail, now, tz)
    each = [_one(way, now, tz) for way in found.ways]
    return tail, each[0][1], asked((answer for _, _, answer in each), now, tz)


def _unknown_zone(tail: str) -> when.Refused | None:
    """Refuse a clock in a zone that I don't know: read without it, it would be another time."""
    for found in _IN_A_ZONE.finditer(tail):
        name = found["zone"]
        if not zones.is_known(name) and name.split()[0].lower() not in _OWN:
            return when.Refused(f'I don\'t know the zone "{name}". Say it like "18:00 Europe/Zurich" or "18:00 UTC+1".')
    return None


def _one(tail: str, now: datetime, tz: tzinfo) -> tuple[str, str, when.Answer]:
    for cut in _cuts(tail):
        if _STARTS.match(cut.before) and not _said_for(cut.before):
            continue
        found = when.read(cut.phrase, now, tz)
        if isinstance(found, when.Refused) and not (found.is_read and _is_introduced(cut)):
            continue
        if isinstance(found, when.Refused):
            return cut.phrase, _purpose(cut), found
        others = [*mentions(cut.before, now, tz), *mentions(cut.after, now, tz)]
        is_loose = any(side and not _said_for(side) for side in (cut.before, cut.after))
        heard = Heard(cut.phrase, found, cut.before.lower() == "for", _is_introduced(cut), is_loose)
        phrase = tail if others else cut.phrase.rstrip(",;:")
        return phrase, _purpose(cut), together(heard, others, now, tz)
    return _mended(tail, now, tz)


def _cuts(tail: str) -> Iterator[_Cut]:
    """Yield each way to cut the words that leaves a purpose or nothing on both sides: the longest time first."""
    words = tail.split()
    ends = [i + reach(words[i : i + _WIDEST]) for i in range(len(words))]
    spans = [(i, j) for i, end in enumerate(ends) for j in range(i + 1, end + 1)]
    spans.sort(key=lambda span: (span[0] - span[1], span[0]))
    tries = 0
    for i, j in spans[:_SPANS]:
        cut = _Cut(" ".join(words[:i]), " ".join(words[i:j]), " ".join(words[j:]))
        if _COUNTED.match(f"{words[j - 1]} {cut.after}") or _is_offset(cut):
            continue
        if tries < _TRIES and _may_stand(cut.before) and _may_follow(cut.after) and _speaks_of_time(cut.phrase):
            tries += 1
            yield cut


def _is_offset(cut: _Cut) -> bool:
    """Whether a length counts from the time beside it, "two days before Friday": no time of its own."""
    after = cut.after and re.match(r"(?:before|prior to|after|past)\b", cut.after, re.IGNORECASE)
    before = re.match(r"(?:before|prior to|after|past)\b", cut.phrase, re.IGNORECASE)
    return bool(after and Part.LENGTH in parts(cut.phrase)) or bool(before and Part.LENGTH in parts(cut.before))


def _speaks_of_time(phrase: str) -> bool:
    return bool(parts(phrase)) or bool(re.search(r"\d|\b(?:now|month|year|week|january|may)\b", phrase, re.IGNORECASE))


def _may_stand(before: str) -> bool:
    if _OF_A_DAY.search(before):
        return False
    return not before or bool(_INTRODUCED.match(before)) or _is_time(before)


def _may_follow(after: str) -> bool:
    if not after or _INTRODUCED.match(after) or _COUNTED.match(after):
        return True
    return _begins_with_time(after) or (not _NO_PURPOSE.match(after) and not reach(after.split()))


def _is_introduced(cut: _Cut) -> bool:
    """Words that nothing introduces are taken for the purpose, with a question."""
    after = cut.after
    return cut.phrase[-1] in ",;:" or not after or bool(_INTRODUCED.match(after)) or _begins_with_time(after)


def _is_time(words: str) -> bool:
    return bool(parts(words))


def _begins_with_time(words: str) -> bool:
    split = words.split()[:LONGEST]
    return any(parts(" ".join(split[:end])) for end in range(1, reach(split) + 1))


def _purpose(cut: _Cut) -> str:
    """Return what is left, without the words that only introduce it, and nothing where that is a time alone."""
    if cut.after and _DETERMINED.search(cut.before) and not _INTRODUCED.match(cut.after):
        return _said_for(f"{cut.before} {cut.phrase} {cut.after}")
    sides = (_said_for(side) for side in (cut.before, cut.after))
    return ", ".join(side for side in sides if side)


def _said_for(side: str) -> str:
    text = side.strip()
    while begun := _DROPPED.match(text):
        text = text[begun.end() :].strip()
    text = re.sub(r"\s+(?:on|at|from|and)$", "", text.rstrip(",;:- "), flags=re.IGNORECASE)
    text = text[:-1] if text.endswith(")") and "(" not in text else text
    return "" if parts(text) else _unquoted(text)


def _mended(tail: str, now: datetime, tz: tzinfo) -> tuple[str, str, when.Answer]:
    """Try a time with a slip of the keyboard in it, where a purpose is plainly marked off by "for"."""
    for phrase, purpose in _splits(tail):
        if _OF_A_DAY.search(purpose):
            continue
        found = when.read(phrase, now, tz)
        if not isinstance(found, when.Refused):
            others = [*mentions(purpose, now, tz)]
            return phrase, purpose, together(Heard(phrase, found), others, now, tz) if others else found
    found = when.read(tail, now, tz)
    is_start = isinstance(found, when.Refused) and not found.is_read and _STARTS.match(tail)
    return tail, "", _ONLY_A_START if is_start else found


def _splits(tail: str) -> Iterator[tuple[str, str]]:
    """Yield (time, purpose): the whole first, then time before "for", then "for" purpose before the time."""
    yield tail, ""
    for found in reversed(list(re.finditer(r"\s+for\s+", tail, re.IGNORECASE))):
        yield tail[: found.start()], _unquoted(tail[found.end() :])
    if begun := re.match(r"for\s+", tail, re.IGNORECASE):
        for found in re.finditer(r"\s+", tail[begun.end() :]):
            at = begun.end() + found.start()
            yield tail[begun.end() + found.end() :], _unquoted(tail[begun.end() : at])


def _unquoted(text: str) -> str:
    """Return words without the pair of quotes around them."""
    words = text.strip()
    pairs = ('""', "''", "\u201c\u201d")
    return words[1:-1].strip() if len(words) > 1 and words[0] + words[-1] in pairs else words
