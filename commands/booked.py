"""What the book says of a wish, a request and a later deadline; and when it says no, what can be had instead.

Asked in the transaction that keeps what is decided: of two people who want the last eight nodes in one second, the
second hears who has them. While Slurm has never told what a class has, nothing is known, and nothing is refused.
"""

from dataclasses import replace
from datetime import datetime

from commands import drafts
from commands.desk import Caller, Desk
from commands.drafts import LaterDeadline
from commands.refusals import BookedOut
from conversion.in_book import book, seen_pools, turnaround
from loans import fits
from loans.loan import Loan
from loans.selection import Seen
from loans.shown import Shown
from loans.terms import Terms
from store.db import Tx
from store.pools import PoolSeen


def pools(seen: Seen, desk: Desk) -> tuple[PoolSeen, ...]:
    """Return what each class has, as Slurm has just told it: for the store, and all who decide after."""
    with desk.store.read() as tx:
        return seen_pools(tx, seen, desk.classes.values(), desk.now)


def wish(tx: Tx, terms: Terms, caller: Caller, desk: Desk, at_once: int | None = None) -> BookedOut | None:
    """Judge a wish; None when there is room. at_once: how many nodes could go now, if that is known."""
    found = _judged(tx, terms, caller, desk)
    if found is None:
        return None
    no_room, later = found
    fewer = no_room.fewer if at_once is None or terms.starts_at else min(no_room.fewer, at_once)
    return replace(
        no_room,
        fewer=fewer,
        fewer_draft=drafts.keep(tx, replace(terms, count=fewer), caller, desk.now) if fewer else None,
        later_draft=drafts.keep(tx, later, caller, desk.now) if later else None,
    )


def request(tx: Tx, loan: Loan, caller: Caller, desk: Desk) -> BookedOut | None:
    """Judge a request that is about to be signed; None when there is room."""
    found = _judged(tx, Terms(loan.node_class, loan.count, loan.until, loan.starts_at), caller, desk)
    return replace(found[0], loan=loan) if found else None


def extension(tx: Tx, loan: Loan, until: datetime, caller: Caller, desk: Desk) -> BookedOut | None:
    """Judge a later deadline; None when there is room. Whoever asks is offered the latest that there is room for."""
    of, now = book(tx, desk.classes, desk.now), desk.now
    if loan.node_class not in of.pools:
        return None
    took = turnaround(tx, desk.classes[loan.node_class])
    count = fits.kept_until_home(of, loan, took, now)
    room = fits.room_to_extend(of, loan, until, took, now)
    if room.count >= count:
        return None
    latest = fits.latest_deadline(of, loan, count, took, now)
    is_asked = loan.extension is not None and loan.extension.until == until  # then somebody is about to sign it
    later = LaterDeadline(Shown.of(loan), latest) if latest and not is_asked else None
    draft = drafts.keep(tx, later, caller, now) if later else None
    return BookedOut(room, count, caller.person.tz, loan, latest=latest, latest_draft=draft)


def _judged(tx: Tx, terms: Terms, caller: Caller, desk: Desk) -> tuple[BookedOut, Terms | None] | None:
    """Return what stands against a wish, and the same wish at the next time that fits; None when there is room."""
    of, now = book(tx, desk.classes, desk.now), desk.now
    if terms.node_class not in of.pools:
        return None
    took = turnaround(tx, desk.classes[terms.node_class])
    room = fits.room_for(of, terms, took, now)
    if room.count >= terms.count:
        return None
    later = fits.next_time(of, terms, took, now)
    at = later.starts_at if later else None
    return BookedOut(room, terms.count, caller.person.tz, fewer=room.count, later_at=at), later
