"""Words for Slack: people's words made harmless, names and instants as each reader should see them, all within limits.

Pure. It knows how Slack writes a mention or a date, and nothing of loans.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from loans.hostlist import fold
from loans.plain import plain

NAMED: Final = 8
"""How many nodes or people a line names before it counts the rest: about a line on a phone."""
_FOLDED: Final = 160
_USER: Final = re.compile(r"^[UW][A-Z0-9]+$")
_TEAM: Final = re.compile(r"^[TE][A-Z0-9]+/")
_GROUP: Final = re.compile(r"^S[A-Z0-9]+$")
_ENTITY: Final = 5
"""Characters of `&amp;`, the longest that escape() makes."""


def escape(words: str) -> str:
    """Make Slack show words as they are: no mention, link or date can be smuggled in."""
    return plain(words).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def quote(words: str, most: int = 300) -> str:
    """Return what a person wrote as one harmless line. Back quotes go: one of them would swallow what follows."""
    return cut(escape(" ".join(words.split()).replace("`", "'")), most)


def said(words: str, most: int = 400) -> str:
    """Return what a far side or a step said, as one line; our own back quotes around names stay, if they pair."""
    line = " ".join(words.replace("```", "'''").split())
    return cut(escape(line if line.count("`") % 2 == 0 else line.replace("`", "'")), most)


def code(words: str) -> str:
    """Return words in Slack's type for names and commands."""
    return f"`{escape(words.replace('`', chr(39)))}`"


def cut(text: str, most: int) -> str:
    """Cut text to a length, with an ellipsis, and never through a mention, a date or an entity."""
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    if kept.rfind("<") > kept.rfind(">"):
        kept = kept[: kept.rfind("<")]
    if ";" not in kept[-_ENTITY:] and "&" in kept[-_ENTITY:]:
        kept = kept[: kept.rfind("&")]
    return f"{kept.rstrip()}…"


def shorten(words: str, most: int) -> str:
    """Cut words that Slack shows as they are."""
    words = plain(words)
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"


def is_user(person: str) -> bool:
    """Return True for the id of a Slack user."""
    return _USER.match(person) is not None


def who(person: str) -> str:
    """Return a mention of a user or a group; `cli:<account>` and lendbot itself have none."""
    alone = person.rpartition("/")[2] if _TEAM.match(person) else person
    if is_user(alone):
        return f"<@{alone}>"
    if _GROUP.match(person):
        return f"<!subteam^{person}>"
    return "everybody" if person == "*" else quote(person, 80)


def any_of(people: Iterable[str]) -> str:
    """Return who may, as a list: groups first, since they are rarely away."""
    ordered = sorted(people, key=lambda person: (not _GROUP.match(person), person))
    return listed([who(person) for person in ordered], "or")


def listed(words: Sequence[str], last: str = "and", most: int = NAMED) -> str:
    """Join words as in a sentence: "a, b and c", "a, b and 6 more"."""
    if len(words) > most:
        return f"{', '.join(words[: most - 1])} and {len(words) - most + 1} more"
    return f" {last} ".join(part for part in (", ".join(words[:-1]), words[-1]) if part) if words else "nobody"


def numbered(loans: Sequence[int], most: int = NAMED) -> str:
    """Return loans by their numbers: "#12 and #14"."""
    return listed([f"#{loan}" for loan in loans], most=most)


def named_loans(loans: Sequence[int]) -> str:
    """Return the same with the noun: "loan #12", "loans #12 and #14"."""
    return f"loan{'s' if len(loans) > 1 else ''} {numbered(loans)}"


def moment(at: datetime) -> str:
    """Return an instant that each reader sees in their own zone: "Nov 27 23:59", "tomorrow 09:00"."""
    return _token(at, "{date_short_pretty} {time}")


def deadline(at: datetime) -> str:
    """Return an instant with its weekday, which is how a wrong one is noticed: "Friday, November 27th 23:59"."""
    return _token(at, "{date_long_pretty} {time}")


def clock(at: datetime) -> str:
    """Return the time of day alone, for what happens within the hour."""
    return _token(at, "{time}")


def seconds(at: datetime) -> str:
    """Return the time of day with seconds, for what is edited while it is read."""
    return _token(at, "{time_secs}")


def fallback(at: datetime) -> str:
    """Return an instant in UTC, where no reader's zone is known."""
    utc = at.astimezone(UTC)
    return f"{utc:%a} {utc.day} {utc:%b} {utc:%H:%M} UTC"


def _token(at: datetime, form: str) -> str:
    return f"<!date^{int(at.timestamp())}^{form}|{fallback(at)}>"


def counted(count: int, noun: str) -> str:
    """Return a count with its noun: "1 node", "8 nodes"."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def units(unit: str, count: int) -> str:
    """Return what so many nodes bring: 8 nodes of "4 A100" are "32 A100"; empty when the class says nothing."""
    found = re.match(r"(\d+)\s*(.+)", unit)
    if not unit or found is None:
        return f"{count} x {escape(unit)}" if unit else ""
    return f"{int(found[1]) * count} {escape(found[2])}"


def nodes(names: Iterable[str]) -> str:
    """Return node names for a line: folded, and when even that is long, the first few and a count."""
    ordered = sorted(names)
    folded = fold(ordered)
    if len(folded) <= _FOLDED:
        return code(folded) if ordered else "no node"
    return f"{code(cut(fold(ordered[:NAMED]), _FOLDED))} and {len(ordered) - NAMED} more"
