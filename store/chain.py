"""The chain of hashes over the facts: how a line is linked to the one before, and where a chain does not hold.

It makes changes evident to whoever noted a head elsewhere; it does not keep somebody with the database's password from
making a whole new chain.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypedDict, cast

GENESIS: Final = "0" * 64
"""What the first fact has as the hash of the one before."""

_HASHED: Final = (
    "id",
    "kind",
    "version",
    "at",
    "who",
    "team",
    "loan_id",
    "node",
    "plan",
    "step",
    "run",
    "wave",
    "body",
)


class Line(TypedDict):
    """A fact as it lies in the table."""

    id: int
    kind: str
    version: int
    at: datetime
    who: str
    team: str
    loan_id: int | None
    node: str | None
    plan: str | None
    step: str | None
    run: int | None
    wave: int | None
    body: str
    before: str
    hash: str


@dataclass(frozen=True)
class Break:
    """A place where the chain does not hold. id: the fact's number; what: a sentence."""

    id: int
    what: str


def link(columns: Mapping[str, Any], before: str) -> Line:
    """Return a line that follows the one with the hash `before`."""
    return cast("Line", {**columns, "before": before, "hash": _digest(columns, before)})


def breaks(lines: Iterable[Line], last: int, digest: str) -> Iterator[Break]:
    """Yield what is wrong, in order. lines: all, by number; last, digest: the head as it is remembered."""
    number, before = 0, GENESIS
    for line in lines:
        if line["id"] != number + 1:
            yield Break(number + 1, _missing(number + 1, line["id"] - 1))
        elif line["before"] != before:
            yield Break(line["id"], f"fact {line['id']} does not follow fact {number}: one of the two was changed")
        if line["hash"] != _digest(line, line["before"]):
            yield Break(line["id"], f"fact {line['id']} is not as it was written")
        number, before = line["id"], line["hash"]
    if number < last:
        yield Break(number + 1, _missing(number + 1, last))
    elif (number, before) != (last, digest):
        yield Break(number, f"the head that is remembered is fact {last}, and the last one is fact {number}")


def _missing(first: int, last: int) -> str:
    return f"fact {first} is missing" if first == last else f"facts {first} to {last} are missing"


def _digest(columns: Mapping[str, Any], before: str) -> str:
    said = [_plain(columns[name]) for name in _HASHED]
    text = json.dumps([before, *said], separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value
