"""One reader of Slack's text: what a person typed, out of what Slack sends for it.

Slack writes a mention as `<@U..>`, a link as `<address|label>`, and `&` as `&amp;`. It turns `gpu004.hpc.edu` into a
link by itself, so a host's name is a label. What stays is words; only people's mentions keep Slack's form.
"""

import re
from typing import Final

_MARKED: Final = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
_STRUCK: Final = re.compile(r"(?<![\w~])~(?=\S)([^~\n]*[^~\s])~(?![\w~])")
_SLANTED: Final = re.compile(r"(?<![\w_])_(?=\S)([^_\n]*[^_\s])_(?![\w_])")
_QUOTED: Final = re.compile(r"^\s*(?:&gt;|>)\s?", re.MULTILINE)
_ENTITIES: Final = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}


def heard(text: str, me: str | None = "") -> str:
    """Return a sentence as it was typed.

    text   as Slack sends it, with entities and marks
    me     the bot's own user id; its mention is taken out with a `:` or `,` behind it, and nobody else's. None where
           Slack did not say it: then the mention that begins the sentence is the bot's; empty where none is
    """
    whose = r"^\s*<@[A-Z0-9]+" if me is None else rf"<@{re.escape(me)}"
    own = re.compile(rf"{whose}(?:\|[^<>]*)?>\s*[:,]?\s*") if me != "" else None
    words = own.sub(" ", text) if own else text
    words = _QUOTED.sub("", words)
    words = _SLANTED.sub(r"\1", _STRUCK.sub("", _MARKED.sub(_said, words)))
    words = re.sub("&(?:lt|gt|amp);", lambda found: _ENTITIES[found[0]], words)
    return words.strip()


def _said(found: re.Match[str]) -> str:
    """Return what a mark stands for: a person stays as Slack writes them, a link is its label."""
    what, label = found[1], found[2]
    if what.startswith("@"):
        return found[0] if label is None else f"<{what}>"
    if what.startswith(("#", "!")):
        return _prefixed(what, label)
    return label or re.sub(r"^(?:https?://|mailto:)", "", what)


def _prefixed(what: str, label: str | None) -> str:
    """Return a channel as "#name" and a group as "@name"; a date is its label."""
    if what.startswith("!date"):
        return label or ""
    sign = "#" if what.startswith("#") else "@"
    return f"{sign}{(label or what[1:]).lstrip('#@')}"
