"""What is said when others have been promised the nodes: who, how many and until when, and what can be had instead."""

from typing import Final
from zoneinfo import ZoneInfo

from bot.views import actions as ids
from bot.views.blocks import button, context, message, section
from bot.views.rendered import Block, Rendered
from bot.views.text import code, counted, deadline, listed, moment, nodes, quote
from commands.refusals import BookedOut
from loans.book import Kept, Promise, Room
from loans.when import spelled

_NAMED: Final = 6
"""Loans that a sentence names before it counts the rest."""


def booked_out(reply: BookedOut) -> Rendered:
    """Return what stands against it, and the nearest that can be had."""
    room, name = reply.room, reply.room.pool.node_class
    head = _head(reply)
    lines = [head, f"{deadline(room.at)}: {_has(room)}.", *map(_until, room.promised[:_NAMED])]
    offers = _offers(reply)
    otherwise = (
        "" if offers or reply.loan else f"Ask for another time, or for fewer: {code('loans')} shows who has them."
    )
    words = [_instead(reply, name)] if reply.loan and not offers else []
    return message(head, section("\n".join([*lines, *words])), *offers, context("Nothing has changed", otherwise))


def _head(reply: BookedOut) -> str:
    asked = counted(reply.wished, f"{reply.room.pool.node_class} node")
    left = f"{reply.room.count} can be promised" if reply.room.count else "none can be promised"
    if reply.loan is None:
        return f"Not for that time: {asked} asked for, {left}."
    verb = "extended that far" if reply.loan.started_at else "approved"
    return f"Loan #{reply.loan.id} can't be {verb}: it needs {asked}, {left}."


def _has(room: Room) -> str:
    """Return who has how many: "8 of 12 are promised to #12 and #14, 2 stay in Slurm"."""
    total, name = len(room.pool.nodes), room.pool.node_class
    promised = f"promised to {listed(sorted({_number(each) for each in room.promised}, key=_by_number), most=_NAMED)}"
    kept = room.kept_nodes
    words = [
        f"{room.in_promises} of {total} {name} nodes are {promised}" if room.promised else "",
        f"{len(kept)} of {total} {name} nodes are kept by others ({_kept_by(room)})" if kept else "",
        f"{room.pool.floor} always stay in Slurm" if room.pool.floor else "",
    ]
    return "; ".join(word for word in words if word) or f"there are {total} {name} nodes"


def _number(promise: Promise) -> str:
    return f"#{promise.loan_id}"


def _by_number(number: str) -> int:
    return int(number[1:])


def _until(promise: Promise) -> str:
    home = f"until {moment(promise.ends)}" if promise.ends else "until somebody has looked at them"
    return f"• #{promise.loan_id} has {promise.count}, {home}"


def _kept_by(room: Room) -> str:
    return "; ".join(f"{nodes(kept.nodes)} {_why(kept)}" for kept in room.kept[:_NAMED])


def _why(kept: Kept) -> str:
    if not kept.by:
        return "drained, down or not answering"
    ends = f" until {moment(kept.ends)}" if kept.ends else ""
    return f"reserved for {quote(kept.by, 40)}{ends}"


def _offers(reply: BookedOut) -> list[Block]:
    """Return a line for each offer, with its button."""
    zone, found = ZoneInfo(reply.tz), []
    if reply.fewer_draft is not None:
        take = button(ids.SETTLE, f"Ask for {reply.fewer}", reply.fewer_draft, style="primary")
        found.append(section(f"{counted(reply.fewer, 'node')} can be had for that time.", take))
    if reply.later_draft is not None and reply.later_at is not None:
        ask = button(ids.SETTLE, f"Ask from {reply.later_at.astimezone(zone):%a %H:%M}", reply.later_draft)
        found.append(section(f"All {reply.wished} can be had from {spelled(reply.later_at, zone)}, for as long.", ask))
    if reply.latest_draft is not None and reply.latest is not None:
        ask = button(ids.SETTLE_EXTENSION, "Ask for that", reply.latest_draft)
        found.append(section(f"It can be extended until {spelled(reply.latest, zone)}.", ask))
    return found


def _instead(reply: BookedOut, name: str) -> str:
    """Return what whoever was about to sign can tell the requester."""
    if reply.loan is None or reply.loan.started_at:
        latest = f" It could be extended until {deadline(reply.latest)}." if reply.latest else ""
        return f"Its present deadline stands.{latest}"
    fewer = f"{counted(reply.fewer, f'{name} node')} would do for that time" if reply.fewer else ""
    later = f"all of them can be had from {moment(reply.later_at)}" if reply.later_at else ""
    instead = "; ".join(word for word in (fewer, later) if word)
    return f"The request stays undecided.{f' {instead[0].upper()}{instead[1:]}.' if instead else ''}"
