"""One look at one subject: run its plan as far as it goes now, and write down what came of it.

A look begins from the store and ends in the store. Whatever happens in between, the next look can begin again.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import cast
from uuid import uuid4

import structlog

from conversion import alarms, breakers
from conversion.engine import Failed, Finished, Outcome, Waiting, run
from conversion.news import tell, tell_wrong
from conversion.permit import Overtaken
from conversion.plans import ABANDON, LEND, TAKE, return_plan
from conversion.subjects import Ground, NodeSubject, TakeSubject, Unwanted
from loans import facts
from loans.facts import Mismatch, Wrong
from loans.lifecycle import Arrived, Broke, CameHome, GotStuck, NodeEvent, Taken, move
from loans.loan import NODE_MOVING, TAKING_MOVING, Loan, NodeLoan, NodeState, Taking, TakingState
from loans.nodes import NodeName
from loans.runbook import PlanName
from store.db import Tx
from store.errors import Stale, StoreBroken, StoreUnavailable

log = structlog.get_logger()

_ASK_AGAIN = 4
"""How many times longer the second silence is: people were asked, and a thread that nags is muted."""


def look_at_node(ground: Ground, loan_id: int, node: NodeName) -> None:
    """Take one node as far as it goes now, on the way that its state says."""
    with ground.store.read() as tx:
        loan, part = tx.loans.get(loan_id), tx.nodes.get(loan_id, node)
    if part.state not in NODE_MOVING or part.state is NodeState.TAKING:
        return  # it was due when the tick read it, and another look has brought it to rest since
    lending = part.state is NodeState.LENDING
    subject = NodeSubject(ground, loan, part, PlanName.LEND if lending else PlanName.RETURN)

    def look() -> Outcome:
        return run(LEND if lending else return_plan(subject.work()), subject, part.begin_at_step)

    _conclude(ground, _guarded(look), lambda tx, outcome: _conclude_node(tx, ground, loan, subject, outcome))


def look_at_taking(ground: Ground, loan_id: int, wave: int) -> None:
    """Take one wave as far as it goes now; one that the loan no longer wants is abandoned."""
    with ground.store.read() as tx:
        loan, taking = tx.loans.get(loan_id), tx.takings.get(loan_id, wave)
    if taking.state not in TAKING_MOVING:
        return
    abandoning = taking.state is TakingState.ABANDONING
    subject = TakeSubject(ground, loan, taking, PlanName.ABANDON if abandoning else PlanName.TAKE)

    def look() -> Outcome:
        try:
            return run(ABANDON if abandoning else TAKE, subject)
        except Unwanted:
            return Failed(subject.taking.step, "the loan was given back")

    _conclude(ground, _guarded(look), lambda tx, outcome: _conclude_taking(tx, ground, loan, subject, outcome))


def _guarded(look: Callable[[], Outcome]) -> Outcome | None:
    """Turn what went wrong into an outcome that a person can act on; None when the next look will know more."""
    try:
        return look()
    except Overtaken:
        log.info("look.overtaken")
        return None
    except StoreUnavailable as e:
        log.warning("store.unavailable", why=str(e))
        return None
    except StoreBroken:
        log.exception("store.broken")  # the store's trouble, or our bug: no node is stuck for it
        return None
    except Exception:
        name = uuid4().hex[:8]
        log.exception("lendbot.bug", error_id=name)
        return Failed(None, f"lendbot itself failed here; its log knows why under {name}")


def _conclude(ground: Ground, outcome: Outcome | None, conclude: Callable[[Tx, Outcome], None]) -> None:
    """Write down what came of a look, in one transaction; when somebody was first, the next look sees it."""
    if outcome is None:
        return
    try:
        with ground.store.write() as tx:
            conclude(tx, outcome)
    except Stale:
        log.info("look.overtaken")


def _conclude_node(tx: Tx, ground: Ground, loan: Loan, subject: NodeSubject, outcome: Outcome) -> None:
    now, part = ground.now(), subject.part
    subject.tell_changes(tx)
    match outcome:
        case Waiting():
            _wait(tx, ground, loan, part, outcome)
            return
        case Finished() if part.state is NodeState.LENDING:
            event: NodeEvent = Arrived()
            fact: facts.Fact = facts.NodeArrived()
        case Finished():
            event, fact = CameHome(), facts.NodeHome(was_lent=part.state is not NodeState.UNWINDING)
        case Failed(step, why, cause) if part.state is NodeState.LENDING:
            event, fact = Broke(why), facts.NodeBroke(step, why, cause)
        case Failed(step, why, cause):
            event, fact = GotStuck(why), facts.GotStuck(step, why, cause)
    log.info("node.moved", node=part.node, how=type(event).__name__)
    tx.nodes.save(move(part, event, now))
    ground.waits.forget((loan.id, part.node))
    ground.sides.forget(part.node)
    if isinstance(event, CameHome):
        tx.set_marks.lifted([part.node])
    _follow(tx, ground, loan, part.node, tell(tx, fact, now, loan=loan, node=part.node))


def _follow(tx: Tx, ground: Ground, loan: Loan, node: NodeName, told: facts.Told[facts.Fact]) -> None:
    """Do what follows from a node's coming to rest: people are called, or need not come any more."""
    match told.fact:
        case facts.NodeHome():
            alarms.came_home(tx, loan, node, told.at)
        case facts.GotStuck():
            alarms.stuck(tx, cast("facts.Told[facts.GotStuck]", told), loan, ground.pace)
        case facts.NodeArrived():
            breakers.arrived(tx, loan, told.at)
        case facts.NodeBroke():
            breakers.judge(tx, ground, loan)


def _wait(tx: Tx, ground: Ground, loan: Loan, part: NodeLoan, found: Waiting) -> None:
    """Write down what the node waits for; ask people when a return has waited for too long."""
    now = ground.now()
    shown = replace(part, step=found.step, note=found.why, look_at=found.look_at, blocked=found.blocked)
    if found.paused:
        shown = replace(shown, ask_at=None)  # nobody is asked to mend a node for a side that is away
    elif part.state is not NodeState.LENDING:
        shown = replace(shown, ask_at=part.ask_at or now + ground.pace.ask_after)
        if shown.ask_at is not None and shown.ask_at <= now:
            fact = facts.Blocked(found.step, found.why, by_others=found.blocked)
            alarms.blocked(tx, tell(tx, fact, now, loan=loan, node=part.node), loan, ground.pace)
            shown = replace(shown, ask_at=now + _ASK_AGAIN * ground.pace.ask_after)
    tx.nodes.save(shown)
    if (part.step, part.note, part.blocked) != (shown.step, shown.note, shown.blocked):
        tx.outbox.card(loan.id, now)


def _conclude_taking(tx: Tx, ground: Ground, loan: Loan, subject: TakeSubject, outcome: Outcome) -> None:
    now, taking = ground.now(), subject.taking
    subject.tell_changes(tx)
    parts = [p for p in tx.nodes.of(loan.id) if p.wave == taking.wave and p.state is NodeState.TAKING]
    match outcome:
        case Waiting(step, why, look_at):
            tx.takings.save(replace(taking, step=step, note=why, look_at=look_at))
            tx.outbox.card(loan.id, now)
        case Finished() if taking.state is TakingState.OPEN:
            tx.takings.save(replace(taking, state=TakingState.DONE, note=""))
            for part in parts:
                tx.nodes.save(move(part, Taken(), now))
                tell(tx, facts.Taken(taking.wave), now, loan=loan, node=part.node)
        case Finished():
            tx.takings.save(replace(taking, state=TakingState.FAILED))
            _break_all(tx, loan, parts, facts.NodeBroke(taking.step, "the wave was given up"), now)
        case Failed(step, why) if taking.state is TakingState.ABANDONING:
            # There is nothing better to try than this again, and no end but a person's.
            tx.takings.save(replace(taking, note=why, look_at=now + ground.pace.ask_after))
            tell_wrong(tx, _cannot_delete(loan, taking, subject, why), now, loan=loan, node=None)
        case Failed(step, why, cause):
            ground.waits.forget((loan.id, f"take.{taking.wave}"))
            tx.takings.save(replace(taking, state=TakingState.ABANDONING, note=why, look_at=now))
            tell(tx, facts.WaveFailed(taking.wave, step, why), now, loan=loan)
            _break_all(tx, loan, parts, facts.NodeBroke(step, why, cause), now)


def _cannot_delete(loan: Loan, taking: Taking, subject: TakeSubject, why: str) -> Mismatch:
    """Say that a reservation of a wave that was given up stays; in the same words each time, to be told once a day."""
    failed = [told.fact.said for told in subject.journal() if isinstance(told.fact, facts.StepFailed)]
    name, words = loan.mark.reservation(taking.wave), failed[-1] if failed else why
    return Mismatch(Wrong.RESERVATION, f"reservation {name} still stands, and I can't delete it: {words}")


def _break_all(tx: Tx, loan: Loan, parts: list[NodeLoan], fact: facts.NodeBroke, now: datetime) -> None:
    for part in parts:
        tx.nodes.save(move(part, Broke(fact.why), now))
        tell(tx, fact, now, loan=loan, node=part.node)
