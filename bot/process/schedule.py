"""APScheduler: a few interval jobs that ask the store "what is due now?". No job per loan, and no job store.

A job that is late runs late; one that is still running is not run twice; one that fails is logged and runs again.
"""

from collections.abc import Callable
from datetime import UTC, timedelta
from time import monotonic

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from bot.process.background import in_background
from store.errors import StoreUnavailable

log = structlog.get_logger()


class Schedule:
    """The jobs, and when each last came to its end: what health is judged by."""

    def __init__(self) -> None:
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler = BackgroundScheduler(timezone=UTC, job_defaults=defaults)
        self._ended: dict[str, float] = {}

    def every(self, span: timedelta, name: str, job: Callable[[], object]) -> None:
        """Run a job now and then again and again. span: in wall time."""
        self._ended[name] = monotonic()
        self._scheduler.add_job(
            lambda: self._run(name, job), "interval", seconds=span.total_seconds(), id=name, name=name
        )

    def start(self) -> None:
        """Begin."""
        self._scheduler.start()

    def close(self, within: timedelta) -> bool:
        """Begin no job more and wait for those that run; False when one still does: a far side may hang under it."""
        ending = in_background("end of the schedule", lambda: self._scheduler.shutdown(wait=True))
        ending.join(within.total_seconds())
        return not ending.is_alive()

    def silent_for(self) -> dict[str, float]:
        """Return per job how many seconds ago it last came to its end."""
        return {name: monotonic() - at for name, at in self._ended.items()}

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
