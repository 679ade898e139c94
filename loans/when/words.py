"""Cuts a phrase into words the grammar knows. Decides which spellings are known, and refuses every character that is
not.

A word is looked up whole, never by its beginning, so "Monkey" is not Monday. Nothing is skipped but spaces, brackets, a
comma before a space, the sign between a number and a month's name, and the "ish" of "5ish". It knows nothing of what
the words mean together.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from lark import Token
from lark.lexer import Lexer

from loans.when import zones

MAX_CHARS: Final = 120
"""No phrase in three public corpora that names one deadline is longer than 60 characters; an essay is not a
deadline.
"""
MAX_WORDS: Final = 30

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS: Final = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]  # fmt: skip
CARDINALS: Final = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ]
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90}
ORDINALS: Final = {
    word: value
    for value, word in enumerate(
        [
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
            "thirteenth",
            "fourteenth",
            "fifteenth",
            "sixteenth",
            "seventeenth",
            "eighteenth",
            "nineteenth",
            "twentieth",
        ],
        start=1,
    )
} | {"thirtieth": 30}
UNITS: Final = {
    "second": "second seconds sec secs s",
    "minute": "minute minutes min mins",
    "hour": "hour hours hr hrs h",
    "day": "day days d",
    "week": "week weeks wk wks w",
    "fortnight": "fortnight fortnights",
    "month": "month months mo mos",
    "year": "year years yr yrs y",
}
UNIT_OF: Final = {spelling: unit for unit, spellings in UNITS.items() for spelling in spellings.split()}

_KINDS: Final = {
    "WEEKDAY": "mon tue tues wed weds thu thur thurs fri sat sun",
    "MONTH": "jan feb mar apr jun jul aug sep sept oct nov dec",
    "_UNTIL": "until till til 'til",
    "_BY": "by",
    "BEFORE": "before",
    "_ON": "on",
    "_AT": "at @",
    "_IN": "in",
    "_WITHIN": "within",
    "_FOR": "for",
    "_FROM": "from",
    "_STARTING": "starting",
    "_BETWEEN": "between",
    "_TO": "to",
    "_THROUGH": "through thru",
    "_AND": "and",
    "_OR": "or",
    "_OF": "of",
    "_THE": "the",
    "A": "a an",
    "THIS": "this current",
    "NEXT": "next following",
    "COMING": "coming upcoming",
    "LAST": "last",
    "AFTER": "after",
    "_LATER": "later hence",
    "_END": "end",
    "TODAY": "today",
    "TOMORROW": "tomorrow tmrw tmr tmw",
    "TONIGHT": "tonight",
    "NOW": "now asap immediately",
    "NOON": "noon midday",
    "MIDNIGHT": "midnight",
    "PART": "morning afternoon evening night",
    "WEEKEND": "weekend",
    "_OCLOCK": "o'clock oclock",
    "PAST": "past",
    "HALF": "half",
    "QUARTER": "quarter quarters",
    "COUPLE": "couple pair",
    "FEW": "few several",
    "_MORE": "more extra additional",
    "_ANOTHER": "another",
    "_OVER": "over",
    "_PLUS": "plus",
    "_EARLY": "early late",
    "_ABOUT": "about around approximately approx roughly circa",
    "MER": "am pm a.m p.m",
    "M": "m",
    "EOD": "eod cob",
    "EOW": "eow",
    "EOM": "eom",
    "EOY": "eoy",
    "ZONE": "utc gmt z est edt et mst mdt mt pst pdt pt ct cdt akst akdt hst cet cest eet eest wet jst kst hkt sgt "
    "aest aedt nzst nzdt",
    "BAD_ZONE": "ist cst bst ast",
}
# Singular unit names carry their own terminal: "next week" is a week of the calendar, "next weeks" is nothing.
_SINGULAR: Final = {"day": "_DAY", "week": "_WEEK", "month": "_MONTH", "year": "_YEAR", "second": "SECOND"}
_VOCABULARY: Final[dict[str, str]] = (
    {word: kind for kind, words in _KINDS.items() for word in words.split()}
    | dict.fromkeys(WEEKDAYS, "WEEKDAY")
    | dict.fromkeys((f"{name}s" for name in WEEKDAYS), "WEEKDAYS")
    | dict.fromkeys(MONTHS, "MONTH")
    | dict.fromkeys(CARDINALS, "CARD")
    | dict.fromkeys(ORDINALS, "ORD_WORD")
    | dict.fromkeys(UNIT_OF, "UNIT")
    | _SINGULAR
)

_TENS: Final = "twenty|thirty|forty|fifty"
_ONES: Final = "|".join(list(CARDINALS)[1:10])
_ORDS: Final = "|".join(list(ORDINALS)[:9])
_MONTHISH: Final = "|".join(word for word, kind in _VOCABULARY.items() if kind == "MONTH")
_AFTER_MONTH: Final = "|".join(rf"(?<={word})" for word, kind in _VOCABULARY.items() if kind == "MONTH")
_NOT_AFTER_DATE: Final = "".join(
    rf"(?<!{word} [0-9])(?<!{word} [0-9]{{2}})" for word, kind in _VOCABULARY.items() if kind == "MONTH"
)
"""In "Nov 30-Dec 4" the dash stands between two dates, and joins no number to a month."""
_NOT_BEFORE_DATE: Final = rf"(?![0-9]{{1,2}}(?:st|nd|rd|th)? ?(?:{_MONTHISH})\b)"
_SHAPES: Final = (
    (
        "_JOIN",
        rf"(?<=[0-9]){_NOT_AFTER_DATE}[-/](?=(?:{_MONTHISH})\b)|(?:{_AFTER_MONTH})[-/](?=[0-9]){_NOT_BEFORE_DATE}",
    ),
    ("_JOIN", r"(?:(?<=[a-z][-/][0-9])|(?<=[a-z][-/][0-9]{2}))[-/](?=[0-9]{4}\b)"),
    ("OFFSET", r"(?![ap]m\b|noon\b)[a-z0-9+-]{1,6} ?\(utc(?:[+-][0-9]{1,2}(?::[0-9]{2})?)?\)"),
    ("OFFSET", r"(?:utc|gmt) ?[+-][0-9]{1,2}(?::?[0-9]{2})?(?![0-9:])|(?<=[0-9m]) ?\+[0-9]{2}:?[0-9]{2}(?![0-9:])"),
    (
        "STAMP",
        (
            r"[0-9]{4}-[0-9]{2}-[0-9]{2}t[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
            r"(?:z|[+-][0-9]{2}:?[0-9]{2})?(?![0-9:a-z])"
        ),
    ),
    (
        "STAMP",
        r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?=$| (?:to|until|till|and|for)\b| - )",
    ),
    ("DAYS_CLOCK", r"[0-9]{1,3}-[0-9]{2}:[0-9]{2}:[0-9]{2}(?![0-9:])"),
    ("ISO_WEEK_DAY", r"[0-9]{4}-?w[0-9]{2}-?[1-7](?![0-9-])"),
    ("ISO_WEEK", r"[0-9]{4}-?w[0-9]{2}(?![0-9-])"),
    ("YMD", r"[0-9]{4}([-/.])[0-9]{1,2}\1[0-9]{1,2}(?![0-9])"),
    ("DMY", r"[0-9]{1,2}([-/.])[0-9]{1,2}\1(?:[0-9]{4}|[0-9]{2})(?![0-9])"),
    ("COLON", r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?![0-9:])"),
    ("H_CLOCK", r"[0-9]{1,2}h[0-9]{2}(?![0-9a-z])"),
    ("ORD", r"[0-9]{1,2}(?:st|nd|rd|th)\b"),
    ("ORD", rf"[0-9]{{1,2}}\.(?= ?(?:{_MONTHISH})\b)"),
    ("DOTTED", r"[0-9]{1,2}\.[0-9]{1,2}\.(?=\s|$)"),
    ("DOT", r"[0-9]{1,3}\.[0-9]{1,3}(?![0-9.])"),
    ("SLASH", r"[0-9]{1,2} ?/ ?[0-9]{1,2}(?![0-9/])"),
    ("NUM", r"[0-9]{1,6}(?![0-9])"),
    ("COMPACT", r"[0-9]{8}(?![0-9])"),
    ("_DAY_AFTER", r"(?:the )?(?<![0-9] )day after (?=tom|tmr)"),
    ("_BY", r"(?:no|not) later than\b|up (?:to|until|till)\b"),
    ("_LATEST", r"(?:at the )?latest\b"),
    ("EOD", r"(?:close|end) of (?:the )?(?:business|work|working|play)(?: day)?\b"),
    ("BIZDAY", r"(?:business|working|work|week)[- ]?days?\b"),
    ("NOON", r"mid[- ]day\b"),
    ("NOW", r"(?:right|just) now\b|as soon as possible\b|at the moment\b"),
    ("SAME_TIME", r"(?:this|(?:the )?same) time\b"),
    ("ZONE", r"(?:us )?(?:eastern|central|mountain|pacific)(?: time)?(?: zone)?\b(?! [a-z]+ time)"),
    ("_LOCAL", r"(?<=[0-9m] )(?:my|our|local|my local|our local) time(?: ?zone)?\b"),
    ("PLACE", r"(?:in )?[a-z]{2,}(?: [a-z]+){0,2} time(?: zone)?\b|[a-z]+/[a-z_]+(?:/[a-z_]+)?\b"),
    ("_ISH", r"(?<=[0-9m])-?ish\b"),
    ("MER", r"[ap]\.? ?m(?:\b\.?|(?=-?ish\b))"),
    ("MER", r"(?<=[0-9])p\b\.?|(?<=:[0-9]{2})a\b\.?"),
    ("SHORT_AM", r"(?<=[0-9])a\b\.?"),
    ("_PLUS", r"\+(?= ?[0-9])"),
    ("_ABOUT", r"~(?= ?[0-9a-z])"),
    ("ORD_WORD", rf"(?:{_TENS})[- ](?:{_ORDS})\b"),
    ("CARD", rf"(?:{_TENS})[- ](?:{_ONES})\b"),
    ("WORD", r"'?[a-z]+(?:'[a-z]+)?\.?|@"),
    ("_DASH", r"-"),
    ("_SPACE", r"\s+|,(?=\s|$)|[()]"),
)
_A_CLOCK: Final = r"(?:[0-9]{1,2}(?::[0-9]{2})? ?[ap]\.?m\b|[0-9]{1,2}:[0-9]{2}|noon\b|midnight\b)"
_NAMES: Final = "|".join(word for word, kind in _VOCABULARY.items() if kind == "WEEKDAY")
_NO_HOUR: Final = rf"(?![0-9:./-]| ?[ap]\.?m\b| ?(?:{_MONTHISH}|{'|'.join(UNIT_OF)})\b| ?(?:to|until|till|through) )"
_DAY_NUMBER: Final = re.compile(
    rf"(?:\b(?:{_NAMES}),? (?:2[5-9]|3[01])|"
    rf"\b(?:{_NAMES}),? (?:[1-9]|[12][0-9]|3[01])(?=,? (?:at |from |between )?{_A_CLOCK})|"
    r"(?:(?<=[0-9] [ap]m )|(?<=[0-9][ap]m )|(?<=:[0-9][0-9] )|(?<=noon )|(?<=midnight ))(?:on )?"
    rf"(?:{_NAMES}),? (?:[1-9]|[12][0-9]|3[01])){_NO_HOUR}"
)
"""The number behind a weekday is a day of the month where it is no hour, or where the hour is said beside it."""
_SHAPE_OF: Final = tuple((kind, re.compile(pattern)) for kind, pattern in _SHAPES)
_PLAIN: Final = str.maketrans(
    {"\u00a0": " ", "\u202f": " ", "\u2019": "'", "\u2013": "-", "\u2014": "-", "\u2212": "-"}
)


class UnknownWord(Exception):  # noqa: N818 - it is an answer on its way, not an error
    """A word or sign outside the vocabulary. `word` is as the person wrote it, `start` where it begins in the tidy
    phrase.
    """

    def __init__(self, word: str, start: int) -> None:
        super().__init__(word)
        self.word = word
        self.start = start


def tidy(phrase: str) -> str:
    """Lower case, plain quotes, dashes and spaces, no closing punctuation. Digits of other scripts stay, and are
    refused.
    """
    plain = phrase.translate(_PLAIN).lower()
    return _DAY_NUMBER.sub(r"\g<0>th", " ".join(plain.split()).rstrip(".!?,; ").lstrip(",; "))


def words_worth_guessing() -> tuple[str, ...]:
    """The words whose misspelling is recognisable: long, and no numbers, since "fine" must not become nine."""
    sound = ("WEEKDAY", "MONTH", "_UNTIL", "TODAY", "TOMORROW", "TONIGHT", "NOON", "MIDNIGHT", "UNIT", "BEFORE", "NEXT")
    kinds = {*sound, *_SINGULAR.values(), "_FROM", "_BETWEEN", "_WITHIN", "_STARTING", "PART"}
    return tuple(word for word, kind in _VOCABULARY.items() if kind in kinds and len(word) > 3)  # noqa: PLR2004


class Words(Lexer):
    """lark's lexer, replaced: a table of shapes, then a dictionary. Ambiguity is the grammar's business, not the
    lexer's.
    """

    def __init__(self, lexer_conf: Any) -> None:
        """The configuration lark hands over is not needed: the shapes are in this module."""

    def lex(self, text: str) -> Iterator[Token]:  # type: ignore[override]
        """The tokens of a tidy phrase. Raises UnknownWord at the first word or sign it does not know."""
        start = 0
        while start < len(text):
            kind, word = _shape_at(text, start)
            if not kind:
                raise UnknownWord(word, start)
            if kind not in {"_SPACE", "_JOIN", "_ISH", "_LOCAL"}:
                yield Token(kind, word, start_pos=start)
            start += len(word)


def _shape_at(text: str, start: int) -> tuple[str, str]:
    """The kind and the text of the word at start; the kind is empty when it is not known."""
    for kind, pattern in _SHAPE_OF:
        match = pattern.match(text, start)
        if match is None:
            continue
        word = match[0]
        if kind == "PLACE":
            if not zones.is_known(word):
                continue
            return "ZONE", word
        if kind != "WORD":
            return kind, word
        return _VOCABULARY.get(word.rstrip("."), ""), word
    return "", text[start:].split(maxsplit=1)[0]
