"""Asks many checks side by side, so that a far side that hangs costs its time-out once, and nobody else's time.

Decides which check waits for which, and which is spared. Knows nothing of what is asked.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock, Thread

from bot.doctor.findings import Heard, Result, judged, not_asked

Tell = Callable[[Sequence[str]], None]
"""Is told what is being asked now, each time that changes."""


@dataclass(frozen=True)
class Check:
    """One row of the table to be.

    what     its name, the far side first: "Slurm: rights". No two are the same
    ask      returns what was found; may raise whatever findings.judged knows
    after    the name of the check that comes before it, earlier in the list; "" for none
    unless   what that one may have heard for this one not to be asked
    """

    what: str
    ask: Callable[[], str]
    after: str = ""
    unless: frozenset[Heard] = frozenset({Heard.NOTHING, Heard.NO_USE})


def asked(checks: Sequence[Check], tell: Tell) -> list[Result]:
    """Ask every check and return the results in the checks' order."""
    return _Round(checks, tell).results()


class _Round:
    """The checks of one run, and a promise for each one's result."""

    def __init__(self, checks: Sequence[Check], tell: Tell) -> None:
        self._checks = checks
        self._tell = tell
        self._results: dict[str, Future[Result]] = {check.what: Future() for check in checks}
        self._lock = Lock()
        self._under_way: list[str] = []

    def results(self) -> list[Result]:
        for check in self._checks:
            # Daemons: after Ctrl-C nobody waits for a far side that hangs.
            Thread(target=self._run, args=(check,), name=check.what, daemon=True).start()
        return [self._results[check.what].result() for check in self._checks]

    def _run(self, check: Check) -> None:
        before = self._results[check.after].result() if check.after else None
        if before is not None and before.heard in check.unless:
            result = not_asked(check.what, before)
        else:
            with self._told(check.what):
                result = judged(check.what, check.ask)
        self._results[check.what].set_result(result)

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        with self._lock:
            self._under_way.append(what)
            self._tell(tuple(self._under_way))
        try:
            yield
        finally:
            with self._lock:
                self._under_way.remove(what)
                self._tell(tuple(self._under_way))
