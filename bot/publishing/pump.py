"""Outbox to Slack, at Slack's pace, until each letter is out or plainly cannot be."""

from collections.abc import Callable, Collection
from typing import Final

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.process.clock import Clock
from bot.publishing.board import Board
from bot.publishing.channels import Channels
from bot.publishing.letters import Letters
from bot.publishing.refusals import ChannelRefuses, Hopeless, NotYetPossible, Waits, judged
from bot.publishing.surroundings import Surroundings
from commands.desk import Desk
from store.db import Store
from store.errors import StoreUnavailable
from store.outbox import Letter

log = structlog.get_logger()

AT_ONCE: Final = 20
"""Letters that one turn takes."""


class SlackIsAway(Exception):  # noqa: N818 - it is an answer, not an accident
    """No answer at all, or none in time."""


class Pump:
    """Sends what is due. One thread at a time calls flush()."""

    def __init__(
        self,
        store: Store,
        client: WebClient,
        desk: Callable[[], Desk],
        surroundings: Surroundings,
        *,
        oncall: str,
        clock: Clock,
        members: Callable[[str], Collection[str]] = lambda _: (),
    ) -> None:
        """Send nothing yet.

        desk      makes a desk of this moment
        clock     lendbot's; Slack keeps to the wall's
        members   gives the people of a user group, for when on-call's channel takes nothing
        """
        self._store = store
        self._desk = desk
        self._clock = clock
        self._board = Board(store, client)
        self._channels = Channels(store, desk, members)
        self._letters = Letters(store, self._board, desk, surroundings, oncall=oncall, clock=clock)

    def flush(self) -> int:
        """Send what is due and return how many went out; the store being away costs a turn, nothing else."""
        sent = 0
        try:
            self._board.catch_up()
            with self._store.read() as tx:
                due = tx.outbox.due(self._desk().now, AT_ONCE)
            for letter in due:
                if not self._letters.is_too_soon(letter):
                    sent += self._send(letter)
        except StoreUnavailable as e:
            log.warning("publisher.store_unavailable", why=str(e))
        except SlackIsAway:
            pass  # the letter's own line in the log says so; the others would each wait as long
        return sent

    def _send(self, letter: Letter) -> bool:
        now = self._desk().now
        try:
            self._letters.deliver(letter)
        except ChannelRefuses as e:
            self._put_back(letter, e)
            self._channels.refuses(letter, e)
            return False
        except (NotYetPossible, SlackClientError) as e:
            self._put_back(letter, e)
            return False
        except OSError as e:
            self._put_back(letter, e)
            raise SlackIsAway from e
        except StoreUnavailable:
            raise
        except Exception as e:
            # Our bug in one letter: it must not hold up everybody else's. The trace is in the log.
            log.exception("publisher.could_not_draw", letter=letter.id, kind=letter.kind, loan=letter.loan_id)
            self._put_back(letter, e)
            return False
        self._board.record(lambda tx: tx.outbox.sent(letter, now))
        self._channels.take(self._board.written())
        return True

    def _put_back(self, letter: Letter, error: Exception) -> None:
        now = self._desk().now
        verdict = judged(letter, error, self._clock.on_wall(now - letter.made_at))
        which = {"letter": letter.id, "kind": letter.kind, "loan": letter.loan_id, "why": verdict.why}
        with self._store.write() as tx:
            match verdict:
                case Hopeless(why):
                    tx.outbox.dropped(letter, now, why)
                case Waits(why, pause):
                    tx.outbox.failed(letter, why, now + self._clock.wall(pause))
        if isinstance(verdict, Hopeless):
            log.error("slack.message_dropped", **which)
        else:
            log.warning("slack.message_waits", **which)
