"""Words from outside, without what nobody sees."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.views.text import escape, quote, said, shorten
from commands import grammar
from loans.plain import plain
from store.columns import cleaned

OVERRIDE, ISOLATE, POP = "\u202e", "\u2066", "\u2069"
BLANK, JOINER, MARK, FILLER = "\u200b", "\u200d", "\ufeff", "\u3164"
ESCAPE = "\x1b[2J\x1b]0;owned\x07"


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        ("for a workshop", "for a workshop"),
        ("Zürich, 東京, 🎓, Ελλάδα, \u05e9\u05dc\u05d5\u05dd", "Zürich, 東京, 🎓, Ελλάδα, \u05e9\u05dc\u05d5\u05dd"),
        (f"{OVERRIDE}evorppa{POP}", "evorppa"),
        (f"gpu{BLANK}001", "gpu001"),
        (f"{MARK}a{JOINER}b{FILLER}c{ISOLATE}", "abc"),
        (f"failed{ESCAPE}", "failed[2J]0;owned"),
        ("a\r\nb\rc\u2028d\x85e", "a\nb\nc\nd\ne"),
        ("a\tb\nc", "a\tb\nc"),
        ("a\0b\x7fc\x9bd", "abcd"),
    ],
)
def test_what_nobody_sees_is_taken_out(words: str, seen: str) -> None:
    """A purpose is signed as it is read, and a node's last words paint no terminal."""
    assert plain(words) == seen


@given(st.text())
def test_nothing_that_nobody_sees_is_left_on_any_way_out(words: str) -> None:
    """One forgotten border is enough."""
    for way in (plain, escape, quote, said, cleaned, lambda text: shorten(text, 50)):
        left = {unicodedata.category(letter) for letter in way(words) if letter not in "\n\t"}
        assert not left & {"Cc", "Cf", "Cs"}, way
    assert plain(plain(words)) == plain(words)


def test_a_sentence_is_read_as_it_is_seen() -> None:
    """Who pastes a command with a zero-width blank in it means the command."""
    assert grammar.read(f"appro{BLANK}ve #12{MARK}") == grammar.read("approve #12")
