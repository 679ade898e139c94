"""What is made of a far side that is away: it is written down, told once when it lasts, and told when it is over.

Sixty nodes that wait for one Slurm are one message.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import structlog

from conversion import alarms
from conversion.news import Audience, also, tell
from conversion.sides import Silence
from conversion.subjects import Ground
from loans.alarms import AlarmKind
from loans.facts import SideAway, SideBack
from loans.loan import HOLDING, NODE_MOVING, TAKING_MOVING
from store.away import AwaySide
from store.db import Tx

log = structlog.get_logger()

_TELL_AFTER: Final = timedelta(minutes=3)
"""A daemon that is restarted is back within this (slurmctld and kube-apiserver measured: seconds). Our judgement."""


def keep(ground: Ground, noted: tuple[AwaySide, ...]) -> None:
    """Write down who is away now. noted: who was so far."""
    away = ground.sides.away()
    if not away and not noted:
        return
    before = {each.side: each for each in noted}
    new = {side: silence for side, silence in away.items() if side not in before}
    lasting = [each for each in noted if each.side in away and not each.is_told and _lasts(ground, each)]
    back = [each for each in noted if each.side not in away and ground.sides.answers(each.side)]
    if told := [each for each in noted if each.side in away and each.is_told]:
        _count(ground, told)
    if not (new or lasting or back):
        return
    with ground.store.write() as tx:
        _note(tx, ground, new)
        for each in lasting:
            _tell_away(tx, ground, each, away[each.side])
        for each in back:
            _tell_back(tx, ground, each)


def _lasts(ground: Ground, away: AwaySide) -> bool:
    return ground.now() - away.since >= _TELL_AFTER


def _note(tx: Tx, ground: Ground, new: Mapping[str, Silence]) -> None:
    now = ground.now()
    for side, silence in new.items():
        log.warning("side.away", side=side, why=silence.said)
        tx.away.put(AwaySide(side, now - silence.lasted, silence.said))
    if new:
        _redraw(tx, ground)


def _tell_away(tx: Tx, ground: Ground, away: AwaySide, silence: Silence) -> None:
    """Tell on-call how many nodes of which loans wait; of a side with many lines, which of them are cut."""
    waiting, loans = _held_up(tx, away)
    fact = SideAway(away.side, away.since, away.said, waiting, loans, silence.nodes)
    alarms.side_away(tx, tell(tx, fact, ground.now()), ground.pace)
    tx.away.put(AwaySide(away.side, away.since, away.said, is_told=True))


def _held_up(tx: Tx, away: AwaySide) -> tuple[int, tuple[int, ...]]:
    """Return how many nodes wait for a side, and of which loans."""
    waiting = [part for part in tx.nodes.held() if part.state in NODE_MOVING and away.holds(part.note)]
    return len(waiting), tuple(sorted({part.loan_id for part in waiting} | _waves(tx, away)))


def _count(ground: Ground, told: Sequence[AwaySide]) -> None:
    """Let the messages of sides that are away count who waits now."""
    with ground.store.read() as tx:
        held = {away.side: _held_up(tx, away) for away in told}
        known = {alarm.about: alarm for alarm in tx.alarms.open(AlarmKind.SIDE)}
    changed = [side for side, found in held.items() if side in known and alarms.counts_otherwise(known[side], *found)]
    if changed:
        with ground.store.write() as tx:
            for side in changed:
                alarms.side_counts(tx, side, *held[side], ground.now())


def _waves(tx: Tx, away: AwaySide) -> set[int]:
    return {
        taking.loan_id
        for loan in tx.loans.in_states(sorted(HOLDING))
        for taking in tx.takings.of(loan.id)
        if taking.state in TAKING_MOVING and away.holds(taking.note)
    }


def _tell_back(tx: Tx, ground: Ground, away: AwaySide) -> None:
    now = ground.now()
    log.info("side.back", side=away.side)
    tx.away.back(away.side)
    if away.is_told:
        told = tell(tx, SideBack(away.side, away.since), now)
        if not alarms.over(tx, f"side:{away.side}", now):
            also(tx, told, Audience.ONCALL)  # an older lendbot had told of it in a letter
    _redraw(tx, ground)


def _redraw(tx: Tx, ground: Ground) -> None:
    for loan in tx.loans.in_states(sorted(HOLDING)):
        tx.outbox.card(loan.id, ground.now())
