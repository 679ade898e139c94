"""Sentences about what a person just said or pressed: it was not taken, it waits, or lendbot died in its middle."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from bot.views.blocks import message, section
from bot.views.rendered import Rendered
from bot.views.text import code, moment, quote

STORE_IS_AWAY: Final = (
    "I can't reach my own store right now, so I can't tell whether that was done. Loans and their nodes stay as they "
    "are in the meantime. Check with `status` in a minute, and say it again if it wasn't."
)
"""It was not written down, or not in time; and the answer to a commit may be what was lost."""
WAITS_FOR_THE_STORE: Final = (
    "I can't reach my own store right now. What you said is written down: I'll do it and answer as soon as the store "
    "is back, within half an hour. No need to say it again."
)

_SHOWN: Final = 80


def full(limit: int) -> str:
    """Return what a person reads whose commands are not taken any more."""
    return f"That's more than I can take in: {limit} of your commands are waiting. Say it again once they're answered."


def refused(count: int, sentence: str) -> str:
    """Return the same for several at once."""
    return f"I've left out {count} of your last commands. {sentence}"


def failed(error_id: str) -> str:
    """Return the last resort."""
    return (
        "Something went wrong inside lendbot, and nothing more was done; please try again. "
        f"Operators: search the log for `{error_id}`."
    )


def was_done(what: Mapping[str, Any]) -> str:
    """Return the answer that a crash took: the change was made."""
    return (
        f"I was restarted just after I had carried out {named(what)}. It's done; {code('status')} shows how it stands."
    )


def say_again(what: Mapping[str, Any], at: datetime) -> str:
    """Return what became of something that was found too late."""
    return (
        f"I was away when you gave me {named(what)} at {moment(at)}, and I haven't done it: things may have changed. "
        "Say it again if you still want it."
    )


def press_again(what: Mapping[str, Any]) -> str:
    """Return what became of a press that opens a form: Slack lets us open one within 3 s only."""
    return f"I was restarted just when I got {named(what)}. Nothing has changed; please press it again."


def too_late(what: Mapping[str, Any]) -> str:
    """Return what became of a press that opens a form when lendbot was too slow for Slack."""
    return f"I was too slow to open the form for {named(what)}. Nothing has changed; please press it again."


def replaced(loan_id: int, link: str) -> Rendered:
    """Return what takes the place of a message that was posted twice, and so has lost its buttons."""
    return message(f"Loan #{loan_id}: replaced.", section(f"Replaced. Loan #{loan_id} is <{link}|here>."))


def named(what: Mapping[str, Any]) -> str:
    """Return how a person knows what they did: their words, or the button's."""
    if text := str(what.get("text", "")).strip():
        return f"your `{quote(text, _SHOWN)}`"
    label = str(what.get("label", "")).strip()
    return f"your *{quote(label, _SHOWN)}*" if label else "your last command"
