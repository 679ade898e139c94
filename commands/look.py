"""status, loans, free: three ways to look (history is in commands/history.py). They change nothing and anybody may."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from commands.desk import Caller, Desk
from commands.lookup import find, meant
from commands.refusals import FarSideDown, NoLoan, NotLent
from commands.replies import Free, Loans, OneLoan, Reply
from commands.verb import LOAN, Verb, sentence
from conversion.estimate import estimate
from conversion.outlook import free
from conversion.ports import FarSideError
from loans.facts import NodeBroke, NodeReplaced, StepFailed, WaveFailed
from loans.loan import NODE_GOING_HOME, OPEN, Loan, NodeLoan, NodeState, State
from loans.readers.breakdown import broke, failure, no_more, replaced
from loans.readers.tries import tries
from store.db import Tx

RECENT = 20
"""Loans that one answer shows: about a screen."""
_MINE = 500
"""Latest loans among which somebody's own are looked for."""


_BEFORE = 3
"""Earlier loans that a request shows: enough to see a habit, and one line."""


@dataclass(frozen=True)
class Status:
    """One loan, or the one that holds a node; all that is open when neither is named."""

    loan: int | None = None
    node: str | None = None


@dataclass(frozen=True)
class Waiting:
    """What awaits a decision: "approve" without a number decides nothing that was not read."""


@dataclass(frozen=True)
class ListLoans:
    """The latest loans, ended ones too. mine: only the caller's."""

    mine: bool = False


@dataclass(frozen=True)
class AskFree:
    """What could be lent now, per class."""


Look = Status | Waiting | ListLoans | AskFree


def run(ask: Look, caller: Caller, desk: Desk) -> Reply:
    """Look, and say what is there."""
    match ask:
        case Status(None, node) if node is not None:
            return _holding(node, desk)
        case Status(None):
            return _loans("Open loans", desk, only_open=True)
        case Status(loan_id) if loan_id is not None:
            return _one(loan_id, desk)
        case Waiting():
            return _waiting(desk)
        case ListLoans(mine=True):
            return _loans("Your loans, latest first", desk, only_open=False, of=caller.person.id)
        case ListLoans():
            return _loans("Loans, latest first", desk, only_open=False)
        case AskFree():
            return _free(desk)
        case _:
            raise AssertionError(ask)


def _one(loan_id: int, desk: Desk) -> Reply:
    with desk.store.read() as tx:
        loan = find(tx, loan_id)
        return loan if isinstance(loan, NoLoan) else one_loan(tx, loan, desk)


def one_loan(tx: Tx, loan: Loan, desk: Desk) -> OneLoan:
    """Return everything about one loan, as its card shows it too."""
    parts, takings = tx.nodes.of(loan.id), tx.takings.of(loan.id)
    took = estimate(tx, loan.node_class)
    breaker = tx.breakers.of(loan.node_class) if loan.state is State.LENDING else None
    notes = [*(part.note for part in parts), *(taking.note for taking in takings)]
    happened = tx.facts.of(loan.id, NodeBroke, NodeReplaced, WaveFailed, StepFailed)
    return OneLoan(
        loan, desk.class_of(loan), parts, takings, took, desk.now,
        broke=broke(happened), replaced=replaced(happened), failure=failure(happened), no_more=no_more(happened),
        breaker=breaker if breaker and breaker.is_open else None,
        tries=tries(happened, parts),
        before=_before(tx, loan) if loan.state is State.REQUESTED else (),
        away=tuple(side for side in tx.away.all() if any(side.holds(note) for note in notes)),
    )  # fmt: skip


def _before(tx: Tx, loan: Loan) -> tuple[Loan, ...]:
    """Return the latest loans of a requester that are over: what an approver knows them by."""
    return tuple(each for each in tx.loans.recent(RECENT, loan.requester) if each.state not in OPEN)[:_BEFORE]


def _holding(word: str, desk: Desk) -> Reply:
    """Return the open loan that holds a node."""
    with desk.store.read() as tx:
        held = {part.node: part.loan_id for part in tx.nodes.held()}
        [node] = meant([word], held, desk)
        return one_loan(tx, tx.loans.get(held[node]), desk) if node in held else NotLent((node,))


def _waiting(desk: Desk) -> Reply:
    """Return the one loan that awaits a decision, with its buttons; all of them when there are several."""
    with desk.store.read() as tx:
        waiting = [loan for loan in tx.loans.in_states(OPEN) if loan.awaits]
        if len(waiting) == 1:
            return one_loan(tx, waiting[0], desk)
    return Loans("Waiting for a decision", tuple(waiting), dict.fromkeys((loan.id for loan in waiting), 0), desk.now)


def _loans(title: str, desk: Desk, *, only_open: bool, of: str | None = None) -> Loans:
    """Return loans in brief. of: whose; everybody's when it is None."""
    with desk.store.read() as tx:
        if of is not None:
            loans = tuple(loan for loan in tx.loans.recent(_MINE) if loan.requester == of)[:RECENT]
        else:
            loans = tx.loans.in_states(OPEN) if only_open else tx.loans.recent(RECENT)
        parts = tx.nodes.of_many([loan.id for loan in loans])
        breakers, away = tx.breakers.open(), tx.away.all()
    return Loans(
        title, tuple(loans), _count(parts, lambda part: part.state is NodeState.LENT), desk.now, breakers, away,
        stuck=_count(parts, lambda part: part.state is NodeState.STUCK),
        blocked=_count(parts, lambda part: part.blocked and part.state in NODE_GOING_HOME),
    )  # fmt: skip


def _count(parts: Mapping[int, Sequence[NodeLoan]], is_so: Callable[[NodeLoan], bool]) -> Mapping[int, int]:
    return {loan: sum(is_so(part) for part in of) for loan, of in parts.items()}


def _free(desk: Desk) -> Reply:
    try:
        found = free(desk.store, desk.far.slurm, desk.classes.values(), desk.now)
    except FarSideError as e:
        return FarSideDown(e.side, e.said)
    with desk.store.read() as tx:
        return Free(found, desk.now, tx.breakers.open())


def _number(found: re.Match[str]) -> int | None:
    return int(found["loan"]) if found["loan"] else None


STATUS = Verb(
    names=("status",),
    usage="status [#LOAN or NODE]",
    summary="what is open now, or everything about one loan or the one that holds a node",
    examples=("status", "status #12", "status gpu004"),
    pattern=sentence(rf"status(?: (?:of )?(?:{LOAN}|(?P<node>[A-Za-z][\w.-]*\d)))?"),
    read=lambda found: Status(_number(found), found["node"]),
)
LOANS = Verb(
    names=("loans", "list"),
    usage="loans",
    summary="the latest loans, ended ones too; `my loans` for only yours",
    examples=("loans", "list loans", "my loans"),
    pattern=sentence(r"(?:loans|(?P<mine>my loans)|list(?: loans)?)"),
    read=lambda found: ListLoans(mine=found["mine"] is not None),
)
FREE = Verb(
    names=("free",),
    usage="free",
    summary="what could be lent now, per class",
    examples=("free", "free nodes"),
    pattern=sentence(r"free(?: nodes)?"),
    read=lambda _: AskFree(),
)
