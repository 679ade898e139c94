"""The one way to change a far side: right before each changing call, three things are asked again, in this order.

1. how long ago the lease was renewed, on this machine's own clock; then the store, in one transaction that renews the
   lease: is its epoch still ours, and is the subject as this look knows it;
2. the far sides, by the questions that stand beside the step in plans.py;
3. when that took a while, the store once more. The call then has a few seconds to begin (permit.py).

Renewing, not only reading: a successor waits for the lease's whole length after the last renewal, so a call that
begins within a third of it has begun, or is refused by its own deadline, before anybody else gives an order. What
remains is in docs/decisions/0010-fences.md, in seconds.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Final, Protocol

from conversion.gate import Call, Change, ChangeOutsideAStep, reads_of, through
from conversion.permit import Overtaken, Permit, permitted
from conversion.ports import FarSides
from conversion.steps import Ask, NotYet, Scene
from loans.facts import Fact
from loans.nodes import NodeName
from store.db import Store, Tx

Keep = Callable[[Fact, Sequence[NodeName] | None], None]
"""Keeps a change of these nodes; None stands for those that the plan is run for."""

_RENEWED_JUST_NOW_S: Final = 1.0
"""Within this a read will do: hundreds of nodes at once need one renewal a second, not hundreds."""
_SAME_ANSWER_S: Final = 2.0
"""A step that sends several commands in a row asks the far sides again after this."""


class NotNow(Exception):  # noqa: N818 - it carries what is so
    """The far sides say that it may not be done now; nothing was sent."""

    def __init__(self, seen: NotYet) -> None:
        super().__init__(seen.why)
        self.seen = seen


class Lease(Protocol):
    """The right to change anything at all, which one process has at a time."""

    @property
    def held(self) -> bool:
        """Return True while its last renewal, by our own clock, is younger than the lease is long."""

    @property
    def renewed_at(self) -> float:
        """Return at which uptime its last renewal began."""

    def is_ours(self, tx: Tx) -> bool:
        """Ask the store whether its epoch is still ours."""

    def renew(self, tx: Tx) -> bool:
        """Renew it in a transaction; False when it is another's by now."""

    def renewed(self, at: float) -> None:
        """Hear that the transaction was kept, and at which uptime it was begun."""


class Looked:
    """When the far sides were last asked in one look; nothing is changed on what was seen too long ago."""

    def __init__(self) -> None:
        self.at = float("-inf")


@dataclass(frozen=True)
class Reach:
    """All that is needed to change anything out there.

    uptime   seconds that nobody sets and that sleep does not stop
    """

    out_there: FarSides
    store: Store
    lease: Lease
    uptime: Callable[[], float]

    @property
    def reads(self) -> FarSides:
        """Return the far sides for whoever only asks."""
        return reads_of(self.out_there)

    def reads_in(self, looked: Looked) -> FarSides:
        """Return the far sides for the checks of one look."""
        return through(self.out_there, _Glances(self.uptime, looked))

    def fence(
        self,
        scene: Scene,
        asks: Sequence[Ask],
        holds: Callable[[Tx], bool],
        looked: Looked,
        keep: Keep = lambda *_: None,
    ) -> FarSides:
        """Return the far sides for one step's change.

        scene   whose nodes are changed
        asks    what is asked of the far sides before what opens or ends something
        holds   asked inside the store's transaction: is the subject still as this look knows it
        keep    is handed every change that was made
        """
        return through(self.out_there, _Fence(self, scene, asks, holds, looked, keep=keep))


class _Glances:
    """The gate of a check: it notes when it looked, and lets no change through."""

    def __init__(self, uptime: Callable[[], float], looked: Looked) -> None:
        self._uptime = uptime
        self._looked = looked

    def read(self, call: Call) -> AbstractContextManager[None]:
        if not call.is_kept:
            self._looked.at = self._uptime()
        return nullcontext()

    def change(self, call: Call) -> AbstractContextManager[None]:
        raise ChangeOutsideAStep(f"{call.said}: a check changes nothing")


class _Fence(_Glances):
    """The gate of one step's change."""

    def __init__(
        self,
        reach: Reach,
        scene: Scene,
        asks: Sequence[Ask],
        holds: Callable[[Tx], bool],
        looked: Looked,
        *,
        keep: Keep,
    ) -> None:
        super().__init__(reach.uptime, looked)
        self._reach = reach
        self._scene = scene
        self._asks = asks
        self._holds = holds
        self._keep = keep
        self._world_at = float("-inf")

    @contextmanager
    def change(self, call: Call) -> Iterator[None]:
        """Ask the lease, the store and the far sides; then let one change be sent. One that was refused is not kept."""
        if call.kind is Change.ENDS and not self._asks:
            raise ChangeOutsideAStep(f"{call.said}: its step asks nothing before it")
        asked_at = self._ask_store()
        permit = Permit(self._reach.uptime, self._ask_store, asked_at, self._world_before(call))
        permit.begin()
        with permitted(permit):
            yield
        if call.made is not None:
            self._keep(call.made, call.nodes or None)

    def _world_before(self, call: Call) -> float:
        """Return the uptime before the far sides were asked, as the change needs it."""
        match call.kind:
            case Change.NOTES:
                return self._reach.uptime()  # it is theirs whatever they say: a pod may be on the node since Puppet ran
            case Change.GUARDS:
                return self._looked.at
            case _:
                return self._ask_world(call.nodes) if self._asks else self._looked.at

    def _ask_store(self) -> float:
        """Ask whether we may still act, and renew the lease; return the uptime before it was asked."""
        at, lease = self._reach.uptime(), self._reach.lease
        if not lease.held:
            raise Overtaken
        if at - lease.renewed_at < _RENEWED_JUST_NOW_S:
            with self._reach.store.read() as tx:
                self._must_hold(tx, lease.is_ours(tx))
            return at
        with self._reach.store.write() as tx:
            self._must_hold(tx, lease.renew(tx))
        lease.renewed(at)
        return at

    def _must_hold(self, tx: Tx, is_ours: bool) -> None:  # noqa: FBT001 - the one fact of this line
        if not (is_ours and self._holds(tx)):
            raise Overtaken

    def _ask_world(self, nodes: Sequence[NodeName]) -> float:
        """Ask what stands beside the step, of reads that begin now; return the uptime before they began."""
        at = self._reach.uptime()
        if at - self._world_at < _SAME_ANSWER_S:
            return self._world_at
        out_there = self._reach.out_there
        scene = self._scene.of(reads_of(replace(out_there, slurm=out_there.slurm.fresh())), nodes)
        for ask in self._asks:
            seen = ask.check(scene)
            if isinstance(seen, NotYet):
                raise NotNow(seen)
        self._world_at = at
        return at
