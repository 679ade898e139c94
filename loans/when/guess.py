"""Mends the spelling of a phrase, so that a person can be asked "did you mean". Never used without that question.

Only words the grammar lacks are mended, only into words whose misspelling is recognisable, and at most two of them.
"""

from typing import Final

from loans.when.words import UnknownWord, Words, words_worth_guessing

MAX_MENDED: Final = 2
_SHORT, _LONG = 4, 7
_LEXER: Final = Words(None)


def distance(left: str, right: str) -> int:
    """Insertions, deletions, changes and swaps of neighbours between two words (optimal string alignment)."""
    rows = [list(range(len(right) + 1))]
    for i, have in enumerate(left, start=1):
        row = [i]
        for j, want in enumerate(right, start=1):
            best = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (have != want))
            if i > 1 and j > 1 and have == right[j - 2] and left[i - 2] == want:
                best = min(best, rows[i - 2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def nearest(word: str) -> str | None:
    """The one known word this is a slip of: same first letter, one slip, two in a long word; none when two are as
    near.
    """
    if not word.isascii() or not word.isalpha() or len(word) < _SHORT:
        return None
    limit = 2 if len(word) >= _LONG else 1
    near = {known: distance(word, known) for known in words_worth_guessing() if known[0] == word[0]}
    best = min(near.values(), default=limit + 1)
    found = [known for known, slips in near.items() if slips == best]
    return found[0] if best <= limit and len(found) == 1 else None


def mended(text: str) -> str | None:
    """The tidy phrase with its unknown words mended, or none when they are not slips or are too many."""
    for _ in range(MAX_MENDED):
        try:
            tuple(_LEXER.lex(text))
        except UnknownWord as unknown:
            known = nearest(unknown.word)
            if known is None:
                return None
            text = text[: unknown.start] + known + text[unknown.start + len(unknown.word) :]
        else:
            return text
    return text
