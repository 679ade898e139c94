"""What a card says beside what the store knows: what Slurm would give a request now, and the pods on lent nodes.

Both are as old as the card. A far side that does not answer leaves its line out: it holds up no card.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from threading import Lock

import structlog

from commands.desk import Desk
from commands.replies import OneLoan
from conversion.outlook import outlook
from conversion.ports import FarSideError
from loans.classes import NodeClass
from loans.loan import NodeLoan, NodeState, State
from loans.selection import Wish
from store.db import Store

log = structlog.get_logger()


class Surroundings:
    """Asks the far sides, and remembers how many pods each card has told of: one thread draws, another recounts."""

    def __init__(self, store: Store, desk: Callable[[], Desk]) -> None:
        """desk: makes a desk of this moment."""
        self._store = store
        self._desk = desk
        self._told: dict[int, int | None] = {}
        self._lock = Lock()

    def of(self, one: OneLoan) -> OneLoan:
        """Add what the card of a loan in this state tells of."""
        match one.loan.state:
            case State.REQUESTED:
                return self._with_outlook(one)
            case State.LENT:
                return self._with_pods(one)
            case _:
                return one

    def pods(self, one: OneLoan) -> Mapping[str, int] | None:
        """Return how many pods an eviction would end, by namespace; None when Kubernetes does not answer."""
        return _pods_on(one.node_class, one.parts, self._desk())

    def with_staying(self, one: OneLoan) -> OneLoan:
        """Add the pods that ask to be left alone; without them when Kubernetes does not answer."""
        try:
            return replace(
                one, staying=tuple(self._desk().far.kubernetes.asking_to_stay(_lent(one.node_class, one.parts)))
            )
        except FarSideError as e:
            log.warning("slack.without_staying", loan=one.loan.id, why=str(e))
            return one

    def recount(self) -> None:
        """Have a lent loan's card drawn again when other than what it says is so by now."""
        with self._store.read() as tx:
            lent = tx.loans.in_states([State.LENT])
            parts = tx.nodes.of_many([loan.id for loan in lent])
        desk = self._desk()
        counted = {loan.id: _count(_pods_on(desk.class_of(loan), parts[loan.id], desk)) for loan in lent}
        with self._lock:
            self._told = {loan_id: self._told.get(loan_id) for loan_id in counted}
            stale = [loan_id for loan_id, count in counted.items() if count not in (None, self._told[loan_id])]
        if stale:
            with self._store.write() as tx:
                for loan_id in stale:
                    tx.outbox.card(loan_id, desk.now)

    def _with_outlook(self, one: OneLoan) -> OneLoan:
        desk, loan = self._desk(), one.loan
        try:
            wish = Wish(one.node_class, loan.count, loan.until, others=tuple(desk.classes.values()))
            found = outlook(self._store, desk.far.slurm, wish)
        except FarSideError as e:
            log.warning("card.without_outlook", loan=one.loan.id, why=str(e))
            return one
        return replace(one, choice=found.choice, jobs_waiting=found.jobs_waiting)

    def _with_pods(self, one: OneLoan) -> OneLoan:
        count = _count(self.pods(one))
        with self._lock:
            self._told[one.loan.id] = count
        return replace(self.with_staying(one) if count else one, pods=count)


def _count(pods: Mapping[str, int] | None) -> int | None:
    return None if pods is None else sum(pods.values())


def _pods_on(node_class: NodeClass, parts: Iterable[NodeLoan], desk: Desk) -> Mapping[str, int] | None:
    names = _lent(node_class, parts)
    try:
        return desk.far.kubernetes.pods_by_namespace(names)
    except FarSideError as e:
        log.warning("slack.without_pods", nodes=len(names), why=str(e))
        return None


def _lent(node_class: NodeClass, parts: Iterable[NodeLoan]) -> list[str]:
    return [node_class.kube_name_of(part.node) for part in parts if part.state is NodeState.LENT]
