"""What staff write, and what is made of it: tests/commands/sentences.tsv has a line each.

A line is the sentence, the moment at which it is said, and what is wanted: "4 gpu 27 Nov 18:00 | the purpose", "asks"
with what has to be offered, "refused", or the Ask. The wanted side was written before anybody looked at what comes out.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from commands.grammar import Misread, read
from commands.lend import Lend, LendNamed, LendSome
from commands.tail import time_and_purpose
from loans import when

SENTENCES: Final = Path(__file__).with_name("sentences.tsv")
MOST_REFUSED: Final = 0.03
ENOUGH: Final = 300


def meaning(sentence: str, now: datetime) -> str:
    """Return what is understood, short."""
    match read(sentence):
        case Misread():
            return "refused"
        case LendSome(word):
            return f"how many {word}"
        case LendNamed(names):
            return f"not by name {names}"
        case Lend(count, word, tail):
            _, purpose, found = time_and_purpose(tail, now, UTC)
            return f"{count} {word} {_time(found)}{f' | {purpose}' if purpose else ''}"
        case ask:
            return f"{type(ask).__name__} {' '.join(str(value) for value in vars(ask).values() if value)}".strip()


def _time(found: when.Answer) -> str:
    match found:
        case when.Deadline(at) | when.Duration(at=at):
            return f"{at:%d %b %H:%M}"
        case when.Interval(start, end):
            return f"{start:%d %b %H:%M} to {end:%d %b %H:%M}"
        case when.Ask(readings):
            return f"asks {' or '.join(_reading(each) for each in readings)}"
        case when.Refused():
            return "refused"


def _reading(one: when.Reading) -> str:
    return _time(when.Interval(one.start, one.at) if one.start else when.Deadline(one.at))


def is_wanted(made: str, wanted: str) -> bool:
    """Return True for what is wanted, and for any question where no more than a question is."""
    if made == wanted:
        return True
    first, _, purpose = wanted.partition(" | ")
    same = made.partition(" | ")
    return first.endswith(" asks") and same[0].startswith(f"{first} ") and same[2] == purpose


def test_what_staff_write_is_understood_asked_or_refused_and_never_misunderstood() -> None:
    """Whoever has read nothing asks in their own words. A wrong reading is worse than a question."""
    lines = [line.split("\t") for line in SENTENCES.read_text().splitlines()]
    found = [(said, meaning(said, datetime.fromisoformat(at)), wanted) for said, at, wanted in lines]
    refused = [said for said, made, _ in found if "refused" in made]
    assert [each for each in found if not is_wanted(each[1], each[2]) and each[0] not in refused] == []
    assert len(refused) <= MOST_REFUSED * len(lines), refused
    assert len(lines) >= ENOUGH


@pytest.mark.parametrize(
    "tail",
    [
        "starting Friday 9am",
        "from Friday 9am for the workshop",
        "until Friday 5pm Boston time",
        "until 5pm -0500",
        "until 5pm XYT",
        "until two days before Friday",
        "Dec 1 and Dec 3",
        "for the week of Dec 7",
    ],
)
def test_what_only_half_of_could_be_read_is_refused(tail: str) -> None:
    """A start is no end, an unknown zone is not ours, and a time that counts from another is not that other one."""
    moment = datetime.fromisoformat("2026-11-24 10:00Z")
    assert meaning(f"lend 2 gpu nodes {tail}", moment).split(" | ")[0] == "2 gpu refused"
