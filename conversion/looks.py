"""One look at one subject: run its plan as far as it goes now, and write down what came of it.

A look begins from the store and ends in the store. Whatever happens in between, the next look can begin again.
"""

from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import structlog

from conversion.engine import Failed, Finished, Outcome, Overtaken, Waiting, run
from conversion.news import tell
from conversion.plans import ABANDON, LEND, TAKE, return_plan
from conversion.subjects import Ground, NodeSubject, TakeSubject
from loans.lifecycle import Arrived, Broke, CameHome, GotStuck, NodeEvent, Taken, move
from loans.loan import NODE_MOVING, TAKING_MOVING, Loan, NodeLoan, NodeState, Taking, TakingState
from loans.nodes import NodeName
from store.audit import Audit
from store.db import Tx
from store.errors import Stale, StoreUnavailable

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
    subject = NodeSubject(ground, loan, part, plan="lend" if lending else "return")

    def look() -> Outcome:
        return run(LEND if lending else return_plan(subject.work()), subject, part.begin_at_step)

    _conclude(ground, _guarded(look), lambda tx, outcome: _conclude_node(tx, ground, loan, subject.part, outcome))


def look_at_taking(ground: Ground, loan_id: int, wave: int) -> None:
    """Take one wave as far as it goes now; one that the loan no longer wants is abandoned."""
    with ground.store.read() as tx:
        loan, taking = tx.loans.get(loan_id), tx.takings.get(loan_id, wave)
    if taking.state not in TAKING_MOVING:
        return
    abandoning = taking.state is TakingState.ABANDONING
    subject = TakeSubject(ground, loan, taking, plan="abandon" if abandoning else "take")

    def look() -> Outcome:
        try:
            return run(ABANDON if abandoning else TAKE, subject)
        except Overtaken:
            return Failed(subject.taking.step, "the loan was given back")

    _conclude(ground, _guarded(look), lambda tx, outcome: _conclude_taking(tx, ground, loan, subject.taking, outcome))


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
    except Exception:
        name = uuid4().hex[:8]
        log.exception("lendbot.bug", error_id=name)
        return Failed("", f"lendbot itself failed here; its log knows why under {name}")


def _conclude(ground: Ground, outcome: Outcome | None, conclude: Callable[[Tx, Outcome], None]) -> None:
    """Write down what came of a look, in one transaction; when somebody was first, the next look sees it."""
    if outcome is None:
        return
    try:
        with ground.store.write() as tx:
            conclude(tx, outcome)
    except Stale:
        log.info("look.overtaken")


def _conclude_node(tx: Tx, ground: Ground, loan: Loan, part: NodeLoan, outcome: Outcome) -> None:
    now = ground.now()
    match outcome:
        case Waiting():
            _wait(tx, ground, loan, part, outcome)
            return
        case Finished():
            event: NodeEvent = Arrived() if part.state is NodeState.LENDING else CameHome()
        case Failed(step, why) if part.state is NodeState.LENDING:
            event = Broke(f"{step}: {why}")
            tell(tx, loan, "node_unwinding", now, node=part.node, step=step, why=why)
        case Failed(step, why):
            event = GotStuck(why)
            tell(tx, loan, "stuck", now, node=part.node, step=step, why=why)
    log.info("node.moved", node=part.node, how=type(event).__name__)
    moved = tx.nodes.save(move(part, event, now))
    if moved.state is NodeState.UNWOUND:
        tell(tx, loan, "node_home", now, node=part.node)
    tx.audit.write(Audit(now, "lendbot", f"node is {moved.state}", loan.id, part.node, moved.note))
    tx.outbox.card(loan.id, now)


def _wait(tx: Tx, ground: Ground, loan: Loan, part: NodeLoan, found: Waiting) -> None:
    """Write down what the node waits for; ask people when a return has waited for too long."""
    now = ground.now()
    shown = replace(part, step=found.step, note=found.why, look_at=found.look_at, blocked=found.blocked)
    if part.state is not NodeState.LENDING:
        shown = replace(shown, ask_at=part.ask_at or now + ground.pace.ask_after)
        if shown.ask_at is not None and shown.ask_at <= now:
            tell(tx, loan, "blocked", now, node=part.node, step=found.step, why=found.why)
            shown = replace(shown, ask_at=now + _ASK_AGAIN * ground.pace.ask_after)
    tx.nodes.save(shown)
    if (part.step, part.note, part.blocked) != (shown.step, shown.note, shown.blocked):
        tx.outbox.card(loan.id, now)


def _conclude_taking(tx: Tx, ground: Ground, loan: Loan, taking: Taking, outcome: Outcome) -> None:
    now = ground.now()
    parts = [p for p in tx.nodes.of(loan.id) if p.wave == taking.wave and p.state is NodeState.TAKING]
    match outcome:
        case Waiting(step, why, look_at):
            tx.takings.save(replace(taking, step=step, note=why, look_at=look_at))
        case Finished() if taking.state is TakingState.OPEN:
            tx.takings.save(replace(taking, state=TakingState.DONE, note=""))
            _move_all(tx, parts, Taken(), ground)
        case Finished():
            tx.takings.save(replace(taking, state=TakingState.FAILED))
            _move_all(tx, parts, Broke("the wave was given up"), ground)
        case Failed(_, why):
            tx.takings.save(replace(taking, state=TakingState.ABANDONING, note=why, look_at=now))
            _move_all(tx, parts, Broke(why), ground)
    tx.outbox.card(loan.id, now)


def _move_all(tx: Tx, parts: list[NodeLoan], event: NodeEvent, ground: Ground) -> None:
    for part in parts:
        tx.nodes.save(move(part, event, ground.now()))
