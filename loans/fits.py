"""Does a wish fit into the book, or a later deadline; and when does it, if not?

A loan is kept free for from when its nodes leave Slurm until they are home: longer than it was asked for, at both ends.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from loans.book import STEP, Book, Room, capacity, free_until, next_fit
from loans.loan import Loan
from loans.promised import Turnaround, begins, home
from loans.terms import Terms


def room_for(book: Book, terms: Terms, took: Turnaround, now: datetime) -> Room:
    """Return what is left for a wish. Raises NotSeen."""
    return capacity(book, terms.node_class, begins(terms.starts_at, took, now), terms.until + took.back)


def next_time(book: Book, terms: Terms, took: Turnaround, now: datetime) -> Terms | None:
    """Return the same wish, for as long, at the next time that fits; None when none ever does. Raises NotSeen."""
    length = terms.length(now)
    after, lasts = begins(terms.starts_at, took, now), took.out + length + took.back
    leaves = next_fit(book, terms.node_class, terms.count, lasts, after, lead=took.out)
    if leaves is None:
        return None
    starts = leaves + took.out
    return replace(terms, starts_at=starts, until=starts + length)


def kept_until_home(book: Book, loan: Loan, took: Turnaround, now: datetime) -> int:
    """Return how many nodes a loan has until its deadline: those that went home before, or are lost, do not count."""
    ends = home(loan.until, took, now)
    return sum(each.count for each in book.promises if each.loan_id == loan.id and each.ends == ends)


def room_to_extend(book: Book, loan: Loan, until: datetime, took: Turnaround, now: datetime) -> Room:
    """Return what is left for a loan beyond its present deadline: until then it has its nodes. Raises NotSeen."""
    ends = home(loan.until, took, now)
    return capacity(book, loan.node_class, ends, max(ends, until + took.back))


def latest_deadline(book: Book, loan: Loan, count: int, took: Turnaround, now: datetime) -> datetime | None:
    """Return the latest deadline for so many nodes, a multiple of STEP.

    returns   None when it is no later than the present one, or when nothing stands against any
    raises    NotSeen
    """
    until = free_until(book, loan.node_class, count, home(loan.until, took, now))
    if until is None:
        return None
    latest = until - took.back
    latest -= timedelta(seconds=latest.timestamp() % STEP.total_seconds())
    return latest if latest > loan.until else None
