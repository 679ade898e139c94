"""A few jobs, each run again and again: they ask the store "what is due now?". No job per loan, and no job store.

A job that is late runs late; one that is still running is not run twice; one that fails is logged and runs again. Each
waits in a thread of its own by the monotonic clock. A scheduler that reckons by the wall's stands still for two hours
when that is set back by two, and everything with it (APScheduler 3.11 does).
"""

from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread
from time import monotonic

import structlog

from store.errors import StoreUnavailable

log = structlog.get_logger()


class Schedule:
    """The jobs, and when each last came to its end: what health is judged by."""

    def __init__(self) -> None:
        self._closing = Event()
        self._threads: list[Thread] = []
        self._ended: dict[str, float] = {}

    def every(self, span: timedelta, name: str, job: Callable[[], object], *, at_once: bool = False) -> None:
        """Run a job again and again once it is start()ed.

        span      in wall time, from one beginning to the next
        at_once   begin with it, and not a span later
        """
        self._ended[name] = monotonic()
        every_s = span.total_seconds()
        first_s = 0.0 if at_once else every_s
        self._threads.append(Thread(target=self._go_round, args=(first_s, every_s, name, job), name=name))

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.daemon = True
            thread.start()

    def close(self, within: timedelta) -> bool:
        """Begin no job more and wait for those that run; False when one still does: a far side may hang under it."""
        self._closing.set()
        until = monotonic() + within.total_seconds()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, until - monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def silent_for(self) -> dict[str, float]:
        """Return per job how many seconds ago it last came to its end."""
        return {name: monotonic() - at for name, at in self._ended.items()}

    def _go_round(self, first_s: float, span_s: float, name: str, job: Callable[[], object]) -> None:
        due = monotonic() + first_s
        while not self._closing.wait(max(0.0, due - monotonic())):
            due = max(due, monotonic() - span_s) + span_s  # what was missed is not made up for
            self._run(name, job)

    def _run(self, name: str, job: Callable[[], object]) -> None:
        try:
            job()
        except StoreUnavailable as e:
            log.warning("store.unavailable", job=name, why=str(e))
            return
        except Exception:
            # The next run begins anew from the store; what failed here is in the log and in /healthz.
            log.exception("job.failed", job=name)
            return
        self._ended[name] = monotonic()
