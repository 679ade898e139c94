"""Alarms as they live: people are called once a cause, called again while nobody comes, and told when it is over.

Everything here happens in the transaction of the change that it tells of. What is shown where is put into the outbox,
a message for each spot; whoever draws it (bot/views/alarm.py) reads the alarm as it stands then.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from conversion.news import tell
from conversion.pace import Pace
from loans import alarms, spots
from loans.alarms import Alarm, AlarmKind, Member
from loans.classes import NodeClass
from loans.facts import (
    LENDBOT,
    Actor,
    AlarmRaised,
    AlarmSolved,
    AlarmTaken,
    Blocked,
    BreakerOpened,
    CalledAgain,
    GotStuck,
    SideAway,
    Told,
)
from loans.loan import Loan
from loans.nodes import NodeName
from loans.spots import Spot
from store.columns import key
from store.db import Tx
from store.errors import NoSuchLoan

_OF_NODES = frozenset({AlarmKind.STUCK, AlarmKind.BLOCKED})


def stuck(tx: Tx, told: Told[GotStuck], loan: Loan, pace: Pace) -> None:
    """Call people for a node that cannot come home; those that met the same trouble are one alarm."""
    assert told.node is not None, "it is a node that is stuck"
    fact, now = told.fact, told.at
    about = alarms.cause_of(told.node, fact)
    member = Member(loan.id, told.node)
    _leave(tx, AlarmKind.BLOCKED, [member], now, helped=False)
    new = _new(AlarmKind.STUCK, about, now, node_class=loan.node_class, said=fact.why, step=fact.step, fact=told.id)
    cause = f"stuck:{about}" if fact.cause is not None else f"stuck:{loan.node_class}:{about}"
    _stand_for(tx, replace(new, cause=cause), member, now, pace)


def blocked(tx: Tx, told: Told[Blocked], loan: Loan, pace: Pace) -> None:
    """Ask people about a node whose way home is blocked, or slow; the nodes of a loan are one question."""
    assert told.node is not None, "it is a node that is blocked"
    fact, now = told.fact, told.at
    new = _new(
        AlarmKind.BLOCKED, "cannot come home yet", now, node_class=loan.node_class, said=fact.why, step=fact.step,
        fact=told.id,
    )  # fmt: skip
    _stand_for(tx, replace(new, cause=f"blocked:{loan.id}"), Member(loan.id, told.node), now, pace)


def came_home(tx: Tx, loan: Loan, node: NodeName, now: datetime) -> None:
    """Hear that a node is well again."""
    for kind in sorted(_OF_NODES):
        _leave(tx, kind, [Member(loan.id, node)], now, helped=True)


def went_on(tx: Tx, loan: Loan, node: NodeName, now: datetime) -> None:
    """Hear that a node has got past a step: nothing blocks it any more."""
    _leave(tx, AlarmKind.BLOCKED, [Member(loan.id, node)], now, helped=True)


def acted(tx: Tx, loan: Loan, nodes: Collection[NodeName], now: datetime, *, act: str, by: Actor) -> None:
    """Hear that somebody did something about nodes. Whoever does is looking: nobody else is called."""
    members = {Member(loan.id, node) for node in nodes}
    for alarm in tx.alarms.open():
        if by != LENDBOT and members & set(alarm.waiting):
            take(tx, replace(alarm, acted=by, act=act), by, now)


def side_away(tx: Tx, told: Told[SideAway], pace: Pace) -> None:
    """Call people for a far side that does not answer, with how many wait for it."""
    fact = told.fact
    new = _new(AlarmKind.SIDE, fact.side, told.at, said=fact.said, fact=told.id)
    whole = replace(new, cause=f"side:{fact.side}", loans=fact.loans, count=fact.waiting)
    if tx.alarms.of_cause(whole.cause) is None:
        _raise(tx, whole, pace)


def side_counts(tx: Tx, side: str, waiting: int, loans: tuple[int, ...], now: datetime) -> None:
    """Count anew who waits for a side that is away."""
    known = tx.alarms.of_cause(f"side:{side}")
    if known is not None and counts_otherwise(known, waiting, loans):
        show(tx, tx.alarms.save(replace(known, count=waiting, loans=tuple(sorted({*known.loans, *loans})))), now)


def counts_otherwise(alarm: Alarm, waiting: int, loans: Collection[int]) -> bool:
    """Return True when a side's alarm tells of other nodes, or of fewer loans, than wait for it now."""
    return alarm.count != waiting or not set(loans) <= set(alarm.loans)


def breaker_opened(tx: Tx, told: Told[BreakerOpened], pace: Pace) -> None:
    """Call people for a class whose nodes fail alike."""
    fact = told.fact
    new = _new(AlarmKind.BREAKER, fact.node_class, told.at, node_class=fact.node_class, said=fact.reason,
               step=fact.step, fact=told.id)  # fmt: skip
    _raise(tx, replace(new, cause=f"breaker:{fact.node_class}", loans=fact.loans), pace)


def slack_refuses(
    tx: Tx, channel: str, why: str, now: datetime, *, loan: int | None, node_class: str, pace: Pace
) -> None:
    """Call people because Slack takes no message in a channel. loan: whose message it was."""
    cause, loans = f"slack:{channel}", () if loan is None else (loan,)
    known = tx.alarms.of_cause(cause)
    if known is None:
        new = _new(AlarmKind.SLACK, channel, now, node_class=node_class, said=why)
        _raise(tx, replace(new, cause=cause, loans=loans), pace)
    elif set(loans) - set(known.loans):
        show(tx, tx.alarms.save(replace(known, loans=tuple(sorted({*known.loans, *loans})))), now)


def over(tx: Tx, cause: str, now: datetime, act: str = "", by: Actor = LENDBOT) -> bool:
    """End the alarm of a cause; False when there was none. act: what a person did, when it was one."""
    known = tx.alarms.of_cause(cause)
    if known is None:
        return False
    _solve(tx, replace(known, acted=by, act=act) if by != LENDBOT else known, now)
    return True


def take(tx: Tx, alarm: Alarm, by: Actor, now: datetime) -> Alarm:
    """Put an alarm into somebody's hands; one that is in hand stays with whoever was first."""
    if alarm.taken is None:
        alarm = alarms.taken_by(alarm, by, now)
        tell(tx, AlarmTaken(alarm.id, alarm.brief), now, loan=_only_loan(tx, alarm), by=by)
    show(tx, tx.alarms.save(alarm), now)
    return alarm


def call_due(tx: Tx, classes: Mapping[str, NodeClass], pace: Pace, now: datetime) -> int:
    """Call people again for what nobody has taken; return for how many alarms."""
    due = tx.alarms.to_call(now)
    for alarm in due:
        again = tx.alarms.save(alarms.called_again(alarm, now, pace.call_again))
        to = tuple(sorted(whom(again, classes)))
        tell(tx, CalledAgain(again.id, again.brief, again.calls, to), now, loan=_only_loan(tx, again))
        tx.outbox.alarm(again.id, spots.call(again.posts).text, now)
    return len(due)


def whom(alarm: Alarm, classes: Mapping[str, NodeClass]) -> frozenset[str]:
    """Return whom an alarm calls: on-call of its class, or of every class; the second group as well in the end."""
    own = [classes[alarm.node_class]] if alarm.node_class in classes else list(classes.values())
    second = (node_class.rules.oncall_second for node_class in own if alarms.is_last_call(alarm))
    return frozenset().union(*(node_class.rules.called for node_class in own), *second)


def show(tx: Tx, alarm: Alarm, now: datetime) -> None:
    """Have an alarm's messages drawn anew, wherever they stand or should."""
    out = {Spot.parse(text) for text in tx.alarms.posts(alarm.id)}
    for spot in sorted({*_spots(alarm), *out}, key=lambda spot: spot.text):
        tx.outbox.alarm(alarm.id, spot.text, now)


def _spots(alarm: Alarm) -> Iterator[Spot]:
    yield spots.AT_ONCALL
    yield from (spots.requester(loan) for loan in alarm.loans)
    yield from (spots.call(number) for number in range(1, alarm.posts + 1))
    if alarm.kind in _OF_NODES:
        yield from (spots.thread(loan) for loan in alarm.loans)


def _new(kind: AlarmKind, about: str, now: datetime, **more: Any) -> Alarm:
    return Alarm(cause="", kind=kind, about=about, raised_at=now, joined_at=now, called_from=now, **more)


def _stand_for(tx: Tx, new: Alarm, member: Member, now: datetime, pace: Pace) -> None:
    """Let an alarm of this cause stand for a node, and no other of the kind."""
    new = replace(new, cause=key(new.cause))
    same = [each for each in tx.alarms.open(new.kind) if each.cause == new.cause]
    known = next((each for each in same if member in each.waiting or alarms.may_join(each, now)), None)
    if new.kind is AlarmKind.STUCK:
        _leave(tx, new.kind, [member], now, helped=False, but=known)
    if known is None:
        _raise(tx, alarms.with_member(new, member, now), pace)
        return
    is_again = member in known.waiting and known.taken is not None
    joined = alarms.with_member(known, member, now)
    if known.node_class != new.node_class:
        joined = replace(joined, node_class="")  # a side's trouble is every class's
    if is_again:  # whoever took it believes that it is mended
        joined = replace(alarms.called_anew(joined, now, pace.call_again), posts=joined.posts + 1)
        tell(tx, AlarmRaised(joined.id, joined.brief, again=True), now, loan=_only_loan(tx, joined))
    show(tx, tx.alarms.save(joined), now)


def _raise(tx: Tx, new: Alarm, pace: Pace) -> None:
    now = new.raised_at
    raised = tx.alarms.add(alarms.called_anew(new, now, pace.call_again))
    tell(tx, AlarmRaised(raised.id, raised.brief), now, loan=_only_loan(tx, raised))
    show(tx, raised, now)


def _leave(
    tx: Tx, kind: AlarmKind, members: Sequence[Member], now: datetime, *, helped: bool, but: Alarm | None = None
) -> None:
    for alarm in tx.alarms.open(kind):
        if (but is not None and alarm.id == but.id) or not set(members) & set(alarm.waiting):
            continue
        left = alarms.without(alarm, members, helped=helped)
        if left.waiting:
            show(tx, tx.alarms.save(left), now)
        else:
            _solve(tx, left, now)


def _solve(tx: Tx, alarm: Alarm, now: datetime) -> None:
    solved = tx.alarms.save(replace(alarm, solved_at=now, call_at=None))
    by = solved.acted or LENDBOT
    tell(tx, AlarmSolved(solved.id, solved.brief), now, loan=_only_loan(tx, solved), by=by)
    show(tx, solved, now)


def _only_loan(tx: Tx, alarm: Alarm) -> Loan | None:
    """Return the loan whose nodes an alarm is about, when it is one loan's: its history tells of it."""
    if alarm.kind not in _OF_NODES or len(alarm.loans) != 1:
        return None
    try:
        return tx.loans.get(alarm.loans[0])
    except NoSuchLoan:
        return None
