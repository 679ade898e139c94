"""Words from outside, as everybody sees them: what is not seen is taken out.

A purpose with a right-to-left override shows another one than was signed; a zero-width blank makes two names look the
same; an escape sequence in a node's last line paints the terminal of whoever reads the log. One function, used at the
borders: where people's words are read, where words are kept, drawn, logged and printed.
"""

import unicodedata
from typing import Final

_BLANK_LETTERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Unicode calls them letters or marks; nobody sees them."""
_LINE_ENDS: Final = frozenset("\r\x0b\x0c\x85\u2028\u2029")
"""Ends of a line beside the usual one."""
_GONE: Final = frozenset({"Cc", "Cf", "Cs"})
"""Unicode's control, format (direction, zero width) and surrogate characters."""


def plain(words: str) -> str:
    """Return words without control, direction and zero-width characters; tabs and line ends stay what they are."""
    if words.isascii() and words.isprintable():
        return words
    return "".join(_seen(letter) for letter in words.replace("\r\n", "\n"))


def _seen(letter: str) -> str:
    if letter in "\n\t":
        return letter
    if letter in _LINE_ENDS:
        return "\n"
    return "" if letter in _BLANK_LETTERS or unicodedata.category(letter) in _GONE else letter
