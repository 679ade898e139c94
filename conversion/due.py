"""What the clock does: returns at their deadline, reminders before it, requests and extensions that lapse.

Each is a query over our own tables for what is due now, so a clock that stood still loses nothing: it is late.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from conversion import orders
from conversion.news import tell
from conversion.subjects import Ground
from loans.lifecycle import DropExtension, Lapse
from loans.loan import Loan, State
from store.db import Tx
from store.errors import Stale

_CAN_RETURN = (State.LENDING, State.LENT)


def return_due(ground: Ground) -> int:
    """Order home every loan whose deadline has come; return how many."""
    return _each(ground, _CAN_RETURN, lambda loan, now: loan.until <= now, _return)


def lapse_due(ground: Ground) -> int:
    """End every request that nobody decided in time, and every extension likewise; return how many."""
    requests = _each(ground, (State.REQUESTED,), lambda loan, now: min(loan.lapses_at, loan.until) <= now, _lapse)
    return requests + _each(ground, _CAN_RETURN, _is_extension_due, _lapse_extension)


def remind_due(ground: Ground) -> int:
    """Tell of every deadline that is near, once for each of the class's reminders; return how many were told.

    A loan that begins within a reminder's reach is told of at once, by the last of those that are due.
    """
    now = ground.now()
    told = 0
    with ground.store.read() as tx:
        lent = tx.loans.in_states([State.LENT])
    for loan in lent:
        reminders = ground.classes[loan.node_class].rules.reminders
        due = [span for span in reminders if loan.until - span <= now < loan.until]
        if not due:
            continue
        with ground.store.write() as tx:
            keys = [f"reminder:{loan.id}:{loan.until.isoformat()}:{span}" for span in due]
            if sum(tx.seen.first(key, now) for key in keys):
                tell(tx, loan, "reminder", now)
                told += 1
    return told


def _return(tx: Tx, loan: Loan, now: datetime) -> None:
    orders.give_back(tx, loan, now, "the deadline has come", None)


def _lapse(tx: Tx, loan: Loan, now: datetime) -> None:
    tell(tx, orders.record(tx, loan, Lapse(), now, who="lendbot"), "lapsed", now)


def _lapse_extension(tx: Tx, loan: Loan, now: datetime) -> None:
    kept = orders.record(tx, loan, DropExtension(), now, who="lendbot", detail="nobody decided in time")
    tell(tx, kept, "extension_decided", now, granted=0, why="nobody decided in time", by="")


def _is_extension_due(loan: Loan, now: datetime) -> bool:
    return loan.extension is not None and loan.extension.lapses_at <= now < loan.until


def _each(
    ground: Ground,
    states: Sequence[State],
    is_due: Callable[[Loan, datetime], bool],
    change: Callable[[Tx, Loan, datetime], None],
) -> int:
    now = ground.now()
    with ground.store.read() as tx:
        due = [loan for loan in tx.loans.in_states(states) if is_due(loan, now)]
    done = 0
    for loan in due:
        try:
            with ground.store.write() as tx:
                change(tx, loan, now)
                done += 1
        except Stale:
            continue  # somebody was first; what they made of it is judged at the next tick
    return done
