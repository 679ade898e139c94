"""Threads of which exactly one runs at a time; wherever one may be overtaken, somebody else says who goes on.

So an interleaving is a list of choices, and the same choices give the same story again.
"""

from collections.abc import Callable
from threading import Semaphore, Thread, current_thread

PATIENCE_S = 60.0
"""How long one thread may run between two pauses: only a bug waits for another thread here."""


class _CutOff(BaseException):
    """The story is over for this thread: another one has failed."""


class _Strand(Thread):
    def __init__(self, loom: "Loom", name: str, work: Callable[[], None]) -> None:
        super().__init__(name=name, daemon=True)
        self.loom = loom
        self.work = work
        self.turn = Semaphore(0)
        self.is_over = False
        self.failed_with: BaseException | None = None

    def run(self) -> None:
        self.turn.acquire()
        try:
            if not self.loom.is_cut:
                self.work()
        except _CutOff:
            pass
        except BaseException as e:  # noqa: BLE001 - it is raised again, in the thread that asked for the story
            self.failed_with = e
        self.is_over = True
        self.loom.back.release()


class Loom:
    """Weaves pieces of work into one story."""

    def __init__(self, pick: Callable[[int], int], after: Callable[[], None]) -> None:
        """Make an empty one.

        pick    which of so many goes on; asked at each pause
        after   called after each stretch, while nobody runs
        """
        self._pick = pick
        self._after = after
        self._strands: list[_Strand] = []
        self.back = Semaphore(0)
        self.is_cut = False

    @property
    def names(self) -> set[str]:
        """Return whose work is not over."""
        return {strand.name for strand in self._strands}

    def start(self, name: str, work: Callable[[], None]) -> None:
        """Add a piece of work; it begins when it is picked."""
        strand = _Strand(self, name, work)
        self._strands.append(strand)
        strand.start()

    def pause(self) -> None:
        """Let others go first, if they are picked. Of no effect outside of the story."""
        strand = current_thread()
        if isinstance(strand, _Strand):
            self.back.release()
            strand.turn.acquire()
            if self.is_cut:
                raise _CutOff

    def run(self) -> None:
        """Go on until all work is over; what one of them raised is raised here."""
        try:
            while self._strands:
                self._step(self._strands[self._pick(len(self._strands))])
                self._after()
        finally:
            self._cut()

    def _step(self, strand: _Strand) -> None:
        strand.turn.release()
        assert self.back.acquire(timeout=PATIENCE_S), f"{strand.name} waits for somebody who cannot run"
        if strand.is_over:
            self._strands.remove(strand)
            if strand.failed_with is not None:
                raise strand.failed_with

    def _cut(self) -> None:
        """End what is left, so that no thread outlives a story that failed."""
        self.is_cut = True
        for strand in self._strands:
            strand.turn.release()
            strand.join(PATIENCE_S)
        self._strands.clear()
        self.is_cut = False
