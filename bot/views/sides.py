"""What people read of a far side that is away: since when, and who waits for it."""

from collections.abc import Iterable
from datetime import timedelta

from bot.views.blocks import message, section
from bot.views.rendered import Rendered
from bot.views.text import clock, counted, listed, named_loans, nodes, said
from loans.facts import SideAway
from loans.lengths import length
from store.away import AwaySide


def paused(away: Iterable[AwaySide]) -> str:
    """Return what a card says in place of an estimate; empty while every side answers."""
    said = silent(away)
    return f"paused: {said}" if said else ""


def silent(away: Iterable[AwaySide]) -> str:
    """Return since when which sides have not answered; empty while all do."""
    each = [f"{one.side} has not answered since {clock(one.since)}" for one in away]
    return listed(each) if each else ""


def is_away(fact: SideAway) -> Rendered:
    """Return what on-call reads once, however many nodes wait."""
    cut = f" It's about {nodes(fact.lines)}." if fact.lines else ""
    text = (
        f":warning: *{fact.side} has not answered since {clock(fact.since)}* ({said(fact.said, 200)}).{cut} "
        f"{_waiting(fact)} I'll go on by myself when it's back."
    )
    return message(text, section(text))


def _waiting(fact: SideAway) -> str:
    if not fact.loans:
        return "Nothing of mine waits for it now."
    of = named_loans(fact.loans)
    who = f"{counted(fact.waiting, 'node')} of {of} wait{'s' if fact.waiting == 1 else ''}" if fact.waiting else of
    return f"{who}{'' if fact.waiting else ' can take no nodes'}; none of them is lost, and none is replaced."


def is_back(side: str, after: timedelta) -> Rendered:
    """Return that it is over."""
    text = f"*{side} is back* after {length(after)}. Everything goes on by itself."
    return message(text, section(text))
