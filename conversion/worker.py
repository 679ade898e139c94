"""Compares what should be with what is, at each tick, and sends what is due on its way.

A lost event costs a tick, not a node: nothing is kept in memory but which subjects a thread is busy with. One worker
per store; bot/app.py holds a lease for it.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog

from conversion import absence, breakers, orders
from conversion.crew import Crew
from conversion.looks import look_at_node, look_at_taking
from conversion.settle import NewWave, next_for
from conversion.subjects import Ground
from loans import facts
from loans.lifecycle import Arrive, Event, Home, Jam, Return, Unwound
from loans.loan import HOLDING, Loan, NodeState, State, Taking
from store.db import Tx
from store.errors import Stale

log = structlog.get_logger()


class Worker:
    """The hands of the engine."""

    def __init__(self, ground: Ground, crew: Crew) -> None:
        self._ground = ground
        self._crew = crew

    def tick(self) -> None:
        """Note who is away, start what may start, look at what is due, and settle what has come to rest."""
        try:
            self._note_away()
        finally:  # a side that can't be noted holds no loan up; its error is the tick's, which so counts as failed
            self._move()

    def _note_away(self) -> None:
        with self._ground.store.read() as tx:
            away = tx.away.all()
        absence.keep(self._ground, away)

    def _move(self) -> None:
        now = self._ground.now()
        # Loans whose class the settings lack stand still (lost_classes.py).
        with self._ground.store.read() as tx:
            approved = tx.loans.in_states([State.APPROVED])
            holding = tx.loans.in_states(sorted(HOLDING))
            takings = tx.takings.due(now)
            parts = tx.nodes.due(now)
        lost = {loan.id for loan in (*approved, *holding) if not self._ground.knows(loan)}
        for loan in approved:
            if loan.id not in lost and (loan.starts_at is None or loan.starts_at <= now):
                self._change(loan, partial(_start, loan=loan, now=now))
        for taking in takings:
            if taking.loan_id in lost:
                continue
            self._crew.go(_key(taking), partial(look_at_taking, self._ground, taking.loan_id, taking.wave))
        for part in parts:
            # A node that is being taken moves with its wave; one whose wave is at work waits for it.
            if part.loan_id in lost:
                continue
            if part.state is not NodeState.TAKING and not self._crew.is_busy((part.loan_id, f"take.{part.wave}")):
                self._crew.go((part.loan_id, part.node), partial(look_at_node, self._ground, part.loan_id, part.node))
        for loan in holding:
            if loan.id not in lost:
                self._settle(loan)

    def _settle(self, loan: Loan) -> None:
        with self._ground.store.read() as tx:
            parts, takings, breaker = tx.nodes.of(loan.id), tx.takings.of(loan.id), tx.breakers.of(loan.node_class)
        found = next_for(loan, parts, takings, self._ground.pace.waves)
        now = self._ground.now()
        if isinstance(found, NewWave) and breaker is not None and breaker.is_open:
            found = None if breakers.holds(breaker, self._ground) else next_for(loan, parts, takings, waves=0)
        match found:
            case None:
                return
            case NewWave() if self._ground.sides.away():
                return  # what is away breaks nodes, and would break those that take their place
            case NewWave(wave, count):
                self._change(loan, lambda tx: tx.takings.add(Taking(loan.id, wave, count, look_at=now)))
            case Return(why):
                self._change(loan, lambda tx: orders.give_back(tx, loan, now, why))
            case event:
                self._change(loan, lambda tx: self._come_to_rest(tx, loan, event))

    def _come_to_rest(self, tx: Tx, loan: Loan, event: Event) -> None:
        now = self._ground.now()
        settled = orders.record(tx, loan, event, now, _fact_of(tx, loan, event))
        log.info("loan.moved", loan=loan.id, state=settled.state)

    def _change(self, loan: Loan, change: Callable[[Tx], object]) -> None:
        """Make one change in a transaction; when somebody was first, the next tick sees what they made of it."""
        try:
            with self._ground.store.write() as tx:
                change(tx)
        except Stale:
            log.info("loan.overtaken", loan=loan.id)


def _start(tx: Tx, loan: Loan, now: datetime) -> None:
    orders.start(tx, loan, now)


def _fact_of(tx: Tx, loan: Loan, event: Event) -> facts.Fact:
    match event:
        case Arrive():
            return facts.Arrived(sum(part.state is NodeState.LENT for part in tx.nodes.of(loan.id)), loan.count)
        case Unwound():
            return facts.Failed()
        case Home():
            return facts.Home()
        case Jam():
            return facts.Jammed()
        case _:
            raise AssertionError(f"{event} is nothing that a loan comes to rest by")


def _key(taking: Taking) -> tuple[int, str]:
    return (taking.loan_id, f"take.{taking.wave}")
