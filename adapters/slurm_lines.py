"""How the answers of `scontrol show ... -o` and squeue fall into records, fields, and what people wrote among them.

Slurm ends a record with a line feed and with nothing else: a Comment may hold any other sign that Unicode calls the end
of a line, and a line feed too. So a line that begins no record belongs to the free text of the one before it. An answer
that breaks off, that says nothing, or that has lines which nobody could have written is no answer.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from conversion.ports import UnexpectedAnswer

SIDE: Final = "Slurm"

_NO_TIME: Final = frozenset({"None", "Unknown", "N/A", "(null)", "NONE", ""})
_ISO: Final = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
_FIELD: Final = re.compile(r"(?:^| )([A-Za-z]\w*)=([^ ]*)")
_FREE: Final = re.compile(r"(?<= )(?:Reason|Comment|Extra)=")
"""What people write stands behind all that Slurm says, in this order (slurm_sprint_node_table, print_reservation)."""

_BEGINS: Final = "Reason="
_SIGNED: Final = re.compile(rf" \[(?P<by>[^\s\[\]]+)@(?P<at>{_ISO}|Unknown)\](?=\s*\Z| {{8}}|\n| [A-Z]\w*=)")
"""Slurm's signature under a reason. Behind it: nothing, a second line of the reason after eight blanks, or the fields
that newer versions add there: Comment, Extra, TLSCertTokenSet, Topology, Parameters, and whatever comes next."""
_SECOND_LINE: Final = re.compile(r"(?: {8}|\n)(?P<more>.*?)(?= [A-Z]\w*=|\Z)", re.DOTALL)


def records(text: str, key: str) -> Iterator[str]:
    """Yield each record of an answer whose records begin with `key=`, with the lines that its free text runs over.

    raises   UnexpectedAnswer for an answer that is not whole, has no record, or has a line that belongs to none
    """
    begins = re.compile(rf"{key}=[^ ]* +[A-Za-z]\w*=")
    gathered: list[str] = []
    for line in whole_lines(text):
        if begins.match(line):
            if gathered:
                yield "\n".join(gathered)
            gathered = [line]
        elif gathered and _FREE.search(gathered[0]):
            gathered.append(line)
        else:
            raise UnexpectedAnswer(SIDE, f"a line that begins no {key}: {line[:80]!r}", line)
    yield "\n".join(gathered)


def whole_lines(text: str) -> Sequence[str]:
    """Return the lines of an answer, blank ones left out.

    raises   UnexpectedAnswer when there is none, or when the last one is not whole
    """
    if not text.strip():
        raise UnexpectedAnswer(SIDE, "it printed nothing, which is no answer", text)
    if not text.endswith("\n"):
        raise UnexpectedAnswer(SIDE, "its answer breaks off in the middle of a line", text[-2000:])
    return [line for line in text.split("\n") if line.strip()]


def fields(record: str) -> tuple[Mapping[str, str], str]:
    """Return the fields that Slurm itself fills, and the text from the first that people write on.

    A field that stands there twice with two values is left out: nobody knows which of them is so.
    """
    begins = _FREE.search(record)
    head, free = (record[: begins.start()], record[begins.start() :]) if begins else (record, "")
    return once(_FIELD.findall(head)), free


def once(said: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Return what is said by name, without the names of which two things are said."""
    values: dict[str, set[str]] = {}
    for name, value in said:
        values.setdefault(name, set()).add(value)
    return {name: value for name, (value, *others) in values.items() if not others}


@dataclass(frozen=True)
class Reason:
    """A node's reason. signed_by and at: None where Slurm's signature cannot be told from what somebody wrote."""

    why: str | None = None
    signed_by: str | None = None
    at: datetime | None = None


def reason(free: str) -> Reason:
    """Read the reason from a record's free text; of one that has no signature all is taken for its author's words.

    It stands first. Where a Comment stands before it, as no Slurm up to 26.05 prints it, it is looked for all the same:
    a person's words that were missed would be overwritten.
    """
    text = free if free.startswith(_BEGINS) else free[found:] if (found := free.find(f" {_BEGINS}") + 1) else ""
    text = text.removeprefix(_BEGINS)
    if not text.strip():
        return Reason()
    signed = _SIGNED.search(text)
    if signed is None:
        return Reason(text.strip())
    more = _SECOND_LINE.match(text, signed.end())
    lines = [*text[: signed.start()].split("\n"), *([more["more"]] if more else [])]
    return Reason(" ".join(filter(None, map(str.strip, lines))), signed["by"], moment(signed["at"]))


def instant(said: str) -> datetime | None:
    """Return a time that was printed with TZ=UTC; None when Slurm says that there is none; ValueError for the rest."""
    if said in _NO_TIME:
        return None
    if not re.fullmatch(_ISO, said):
        raise ValueError(f"not a time as Slurm prints it: {said!r}")
    return datetime.fromisoformat(said).replace(tzinfo=UTC)


def moment(said: str) -> datetime | None:
    """Return a time on which nothing but a sentence depends: None when it cannot be read, too."""
    try:
        return instant(said)
    except ValueError:
        return None
