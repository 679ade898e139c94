"""What staff write, and what is made of it: tests/commands/sentences.tsv has a sentence and its meaning a line.

It is Tuesday 24 November 2026, 10:00 UTC. "asks" is a question with a button for each reading.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from commands.grammar import Misread, read
from commands.lend import Lend, LendNamed, LendSome
from commands.tail import time_and_purpose
from loans import when

NOW: Final = datetime(2026, 11, 24, 10, tzinfo=UTC)
SENTENCES: Final = Path(__file__).with_name("sentences.tsv")
MOST_REFUSED: Final = 0.03


def meaning(sentence: str) -> str:
    """Return what is understood, short."""
    match read(sentence):
        case Misread():
            return "refused"
        case LendSome(word):
            return f"how many {word}"
        case LendNamed(names):
            return f"not by name {names}"
        case Lend(count, word, tail):
            _, purpose, found = time_and_purpose(tail, NOW, UTC)
            return f"{count} {word} {_time(found)}{f' | {purpose}' if purpose else ''}"
        case ask:
            return f"{type(ask).__name__} {' '.join(str(value) for value in vars(ask).values() if value)}".strip()


def _time(found: when.Answer) -> str:
    match found:
        case when.Deadline(at) | when.Duration(at=at):
            return f"{at:%d %b %H:%M}"
        case when.Interval(start, end):
            return f"{start:%d %b %H:%M} to {end:%d %b %H:%M}"
        case when.Ask():
            return "asks"
        case when.Refused():
            return "refused"


def test_what_staff_write_is_understood_asked_or_refused_and_never_misunderstood() -> None:
    """Whoever has read nothing asks in their own words. A wrong reading is worse than a question."""
    lines = [line.split("\t") for line in SENTENCES.read_text().splitlines()]
    found = {sentence: meaning(sentence) for sentence, _ in lines}
    refused = [sentence for sentence, made in found.items() if "refused" in made]
    wrong = [(sentence, found[sentence], wanted) for sentence, wanted in lines if found[sentence] != wanted]
    assert [each for each in wrong if each[0] not in refused] == []
    assert len(refused) <= MOST_REFUSED * len(lines), refused
