"""A history on a terminal: all of it, from the same values and in the same words as Slack's pages."""

from collections.abc import Iterator, Sequence
from typing import Final

from bot.views.happened import happened
from bot.views.history import Line, course, decisions, folded, standing, title
from bot.views.plain import Reader, columns
from bot.views.text import moment, said
from commands.replies import History
from loans.facts import Fact, Told

_ALL: Final = 1_000_000
"""Characters of each reason: a terminal has no limit, and scrolls."""


def lines(given: History, reader: Reader, *, has_steps: bool) -> Iterator[str]:
    """Yield a history's lines. has_steps: with every step of each node, and every try that failed."""
    yield reader.text(title(given))
    yield from _dated("Who decided what", decisions(given, _ALL), reader)
    yield from _dated("The loan" if given.loan else "Besides", course(given, _ALL), reader)
    if given.story.parts:
        yield ""
        yield "Nodes" if given.loan else "Loans"
    for part in given.story.parts:
        yield f"  {reader.text(folded(part, given, _ALL))}"
        if has_steps:
            yield from columns([_step(told, reader) for told in part.steps], indent="    ")
    yield from _hints(given, reader, has_steps=has_steps)


def _dated(heading: str, rows: Sequence[Line], reader: Reader) -> Iterator[str]:
    if rows:
        yield ""
        yield heading
        yield from columns([[reader.text(moment(row.at)), reader.text(row.text)] for row in rows], indent="  ")


def _step(told: Told[Fact], reader: Reader) -> Sequence[str]:
    words = happened(told.fact)
    detail = said(words.detail, _ALL) if isinstance(words.detail, str) else moment(words.detail)
    return [reader.text(moment(told.at)), reader.text(words.what), reader.text(detail)]


def _hints(given: History, reader: Reader, *, has_steps: bool) -> Iterator[str]:
    if given.standing:
        yield ""
        yield reader.text(standing(given.standing))
    if given.loan is not None and given.story.parts and not has_steps:
        yield ""
        yield f"lendbot history {given.loan.id} --steps shows every step of each node, and every try that failed"
    if given.loan is None and given.story.parts:
        yield ""
        yield f"lendbot history {given.story.parts[-1].loan_id} --steps shows every step of a loan"
