"""What the clock does: returns at their deadline, reminders before it, requests and extensions that lapse.

Each is a query over our own tables for what is due now, so a clock that stood still loses nothing: it is late.
"""

from collections.abc import Callable, Collection
from datetime import datetime

from conversion import alarms, orders
from conversion.news import tell
from conversion.subjects import Ground
from conversion.worlds import class_of
from loans.classes import Rules
from loans.facts import ExtensionLapsed, Lapsed, Reminded, WhyLapsed, WhyReturn
from loans.lifecycle import DropExtension, Lapse
from loans.loan import UNTIL_DEADLINE, Loan, State
from loans.reminders import QUIET, reminders
from store.db import Tx
from store.errors import Stale


def return_due(ground: Ground) -> int:
    """Order home every loan whose deadline has come; return how many."""
    return _each(ground, UNTIL_DEADLINE, lambda loan, now: loan.until <= now, _return)


def lapse_due(ground: Ground) -> int:
    """End every request that nobody decided in time, and every extension likewise; return how many."""
    requests = _each(ground, (State.REQUESTED,), lambda loan, now: min(loan.lapses_at, loan.until) <= now, _lapse)
    return requests + _each(ground, UNTIL_DEADLINE, _is_extension_due, _lapse_extension)


def remind_due(ground: Ground) -> int:
    """Tell of every deadline that is near, once for each of the class's reminders; return how many were told."""
    now = ground.now()
    told = 0
    with ground.store.read() as tx:
        lent = [loan for loan in tx.loans.in_states([State.LENT]) if ground.knows(loan)]
    for loan in lent:
        if _due_by_now(loan, class_of(loan, ground.classes).rules, now):
            with ground.store.write() as tx:
                told += _remind(tx, ground, loan.id, now)
    return told


def call_due(ground: Ground) -> int:
    """Call people again for alarms that nobody has taken; return for how many."""
    now = ground.now()
    with ground.store.read() as tx:
        if not tx.alarms.to_call(now):
            return 0
    with ground.store.write() as tx:
        return alarms.call_due(tx, ground.classes, ground.pace, now)


def leave_out_reminders(tx: Tx, loan: Loan, rules: Rules, now: datetime) -> None:
    """Count as told what comes right after a deadline was granted: the grant has just told people of it."""
    for key in _due_by_now(loan, rules, now + QUIET):
        tx.seen.first(key, now)


def _due_by_now(loan: Loan, rules: Rules, now: datetime) -> list[str]:
    """Name the reminders of a loan's present deadline whose time has come."""
    due = [span for span, at in reminders(loan, rules) if at <= now < loan.until]
    return [f"reminder:{loan.id}:{loan.until.isoformat()}:{span}" for span in due]


def _remind(tx: Tx, ground: Ground, loan_id: int, now: datetime) -> bool:
    """Tell of a deadline as it stands in this transaction: it may have been extended since it was found near."""
    loan = tx.loans.get(loan_id)
    keys = _due_by_now(loan, class_of(loan, ground.classes).rules, now)
    if loan.state is not State.LENT or not sum(tx.seen.first(key, now) for key in keys):
        return False
    tell(tx, Reminded(loan.until), now, loan=loan)
    return True


def _return(tx: Tx, loan: Loan, now: datetime) -> None:
    """Order a loan home, even while a later deadline waits for its signature: silence is no yes."""
    if loan.extension is not None:
        loan = _drop_extension(tx, loan, now, WhyLapsed.DEADLINE_PASSED)
    orders.give_back(tx, loan, now, WhyReturn.DEADLINE)


def _lapse(tx: Tx, loan: Loan, now: datetime) -> None:
    orders.record(tx, loan, Lapse(), now, Lapsed(WhyLapsed.NOBODY_DECIDED))


def _lapse_extension(tx: Tx, loan: Loan, now: datetime) -> None:
    _drop_extension(tx, loan, now, WhyLapsed.NOBODY_DECIDED)


def _drop_extension(tx: Tx, loan: Loan, now: datetime, why: WhyLapsed) -> Loan:
    assert loan.extension is not None, "only one that was asked for lapses"
    return orders.record(tx, loan, DropExtension(), now, ExtensionLapsed(loan.extension.until, why))


def _is_extension_due(loan: Loan, now: datetime) -> bool:
    return loan.extension is not None and loan.extension.lapses_at <= now < loan.until


def _each(
    ground: Ground,
    states: Collection[State],
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
