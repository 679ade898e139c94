"""Our own queue behind Slack's listeners: ack within milliseconds, work after: bolt acks in a pool of five.

What was seen once is dropped the second time: Slack sends again what it believes lost, and so do impatient fingers.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final
from uuid import uuid4

import structlog

from store.db import Store
from store.errors import StoreUnavailable

log = structlog.get_logger()

Say = Callable[[str], None]
"""Tells the person that something went wrong with what they just did."""

_STORE_IS_AWAY: Final = (
    "lendbot cannot reach its own store just now, so it cannot tell whether that was done. Loans and their nodes stay "
    "as they are meanwhile. Look with `status` in a minute, and say it again if it was not."
)
"""The one outage in which even a refusal could be wrong: the answer to a commit may be what was lost."""


class Queue:
    """Runs what listeners hand over, once each."""

    def __init__(self, store: Store, now: Callable[[], datetime], threads: int = 16) -> None:
        self._store = store
        self._now = now
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="desk")

    def put(self, key: str, work: Callable[[], None], say: Say) -> None:
        """Have the work done.

        key   names the envelope: the same one twice is done once
        say   how the person hears of a failure
        """
        self._pool.submit(self._do, key, work, say)

    def close(self) -> None:
        """Finish what is queued and take no more."""
        self._pool.shutdown(wait=True)

    def _do(self, key: str, work: Callable[[], None], say: Say) -> None:
        try:
            with self._store.write() as tx:
                is_new = tx.seen.first(f"slack:{key}", self._now())
            if is_new:
                work()
            else:
                log.info("slack.seen_before", key=key)
        except StoreUnavailable as e:
            log.warning("store.unavailable", job="a command", why=str(e))
            self._tell(say, _STORE_IS_AWAY)
        except Exception:
            # The last resort for one person's command: the trace to the log, its id to the person.
            error_id = uuid4().hex[:8]
            log.exception("command.failed", error_id=error_id)
            self._tell(
                say, f"That failed inside lendbot, and nothing more was done. Its log knows why under `{error_id}`."
            )

    @staticmethod
    def _tell(say: Say, text: str) -> None:
        try:
            say(text)
        except Exception:
            log.exception("slack.could_not_tell", text=text)
