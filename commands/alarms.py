"""The buttons of an alarm: somebody looks after it, or has everything that it stands for tried again."""

from collections.abc import Sequence
from dataclasses import dataclass

from commands.alarm_replies import AlarmOver, AllTriedAgain, AlreadyTaken, Looking, NoAlarm
from commands.desk import Caller, Desk
from commands.refusals import Forbidden
from commands.replies import Reply
from conversion import alarms, orders
from conversion.news import tell
from loans.alarms import Alarm, AlarmShown
from loans.classes import Rules
from loans.facts import TriedAgain
from loans.loan import Loan, NodeState
from loans.nodes import NodeName
from loans.policy import Allowed, may_take
from store.db import Tx


@dataclass(frozen=True)
class Take:
    """Look after it, so that nobody else is called. card: what the button carries."""

    card: AlarmShown


@dataclass(frozen=True)
class TryAll:
    """Send every stuck node of it home once more. card: as above."""

    card: AlarmShown


def run(ask: Take | TryAll, caller: Caller, desk: Desk) -> Reply:
    """Do it, when the alarm is this store's, still asks for something, and the caller is one of those it may call."""
    with desk.store.write() as tx:
        alarm = tx.alarms.get(ask.card.alarm)
        if alarm is None or AlarmShown.of(alarm, tx.identity.name()) != ask.card:
            return NoAlarm()
        refused = _refused(tx, alarm, caller, desk)
        if refused is not None:
            return refused
        if not alarm.is_open:
            return AlarmOver(alarm)
        return _take(tx, alarm, caller, desk) if isinstance(ask, Take) else _try_all(tx, alarm, caller, desk)


def _refused(tx: Tx, alarm: Alarm, caller: Caller, desk: Desk) -> Forbidden | None:
    """Ask policy: whoever keeps one of the classes that it is about may; a side or a channel is everybody's."""
    rules = _rules(tx, alarm, desk)
    verdicts = [may_take(caller.person, each) for each in rules]
    if any(isinstance(verdict, Allowed) for verdict in verdicts):
        return None
    every = Rules(approvers=frozenset().union(*(each.keepers for each in rules)))
    verdict = may_take(caller.person, every)
    return None if isinstance(verdict, Allowed) else Forbidden(verdict.reasons)


def _rules(tx: Tx, alarm: Alarm, desk: Desk) -> Sequence[Rules]:
    if alarm.node_class in desk.classes:
        return [desk.classes[alarm.node_class].rules]
    of_loans = [desk.class_of(tx.loans.get(loan)).rules for loan in alarm.loans]
    return of_loans or [node_class.rules for node_class in desk.classes.values()]


def _take(tx: Tx, alarm: Alarm, caller: Caller, desk: Desk) -> Reply:
    by = caller.person.actor
    if alarm.taken is not None and alarm.taken != by:
        return AlreadyTaken(alarm)
    return Looking(alarms.take(tx, alarm, by, desk.now))


def _try_all(tx: Tx, alarm: Alarm, caller: Caller, desk: Desk) -> Reply:
    by, moved = caller.person.actor, list[NodeName]()
    loans = [tx.loans.get(number) for number in sorted({member.loan for member in alarm.waiting})]
    for loan in loans:
        stuck = _stuck(tx, loan, [member.node for member in alarm.waiting if member.loan == loan.id])
        moved += [part.node for part in orders.give_back_nodes(tx, loan, stuck, desk.now, by=by)]
    if moved:
        tell(tx, TriedAgain(alarm.id, tuple(moved)), desk.now, loan=loans[0] if len(loans) == 1 else None, by=by)
    return AllTriedAgain(tuple(moved), tuple(loan.id for loan in loans))


def _stuck(tx: Tx, loan: Loan, nodes: Sequence[NodeName]) -> list[NodeName]:
    return [part.node for part in tx.nodes.of(loan.id) if part.node in nodes and part.state is NodeState.STUCK]
