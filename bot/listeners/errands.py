"""From an envelope to its answer: written down, acked, done once in its turn, answered, whoever dies in between.

What cannot be answered now, because Slack or the store is away, goes back to the inbox and is tried again. What a dead
process left is taken over. What is too old to be done without asking is not done, and the person is told so.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Lock
from typing import Any, Final
from uuid import uuid4

import structlog
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.listeners.answer import Answers
from bot.listeners.lanes import PER_PERSON, Lanes
from bot.process.lease import Clock
from bot.process.living import Living
from bot.views import inbox as words
from bot.views.rendered import Rendered
from store.db import Store, Tx
from store.errors import NotOurs, StoreUnavailable
from store.inbox import Errand
from store.scribe import Scribe

log = structlog.get_logger()

VALID_FOR: Final = timedelta(minutes=30)
"""How old an order may be and still be carried out, by the wall: as long as Slack lets us answer where it was given."""
GIVEN_UP_AFTER: Final = timedelta(days=1)
"""How long a person is tried to be told, by the wall."""
MOST_TRIES: Final = 3
"""How often an errand is taken over before it is suspected of ending us each time."""
_WRITTEN_WITHIN_S: Final = 2.0
"""Slack waits 3 s for an ack."""
_TAKEN_OVER_AT_ONCE: Final = 100

_SLACK_IS_AWAY: Final = (SlackApiError, SlackClientError, OSError)


@dataclass(frozen=True)
class Kind:
    """One kind of thing that people do in Slack.

    carry_out   does it and answers
    is_order    it decides or changes something, so it goes before questions, and asks no far side
    replaces    its answer takes the place of what was pressed
    can_wait    it still makes sense after a restart: a form can only be opened within 3 s
    """

    name: str
    carry_out: Callable[[Errand], None]
    is_order: Callable[[Errand], bool]
    replaces: Callable[[Errand], bool] = lambda _: False
    can_wait: bool = True


@dataclass(frozen=True)
class Receipt:
    """What became of an envelope: an errand to start, or a sentence why there is none; neither for one seen before."""

    errand: Errand | None = None
    sentence: str = ""


@dataclass
class _Refused:
    """What of one person was not taken since they were last told so."""

    last: Errand
    count: int = 1


class Errands:
    """The errands of this process."""

    def __init__(self, store: Store, clock: Clock, answers: Answers, turned_away: Callable[[str, str], str]) -> None:
        """turned_away: gives a sentence for a user and team who may not speak, and nothing for who may."""
        self._store = store
        self.turned_away = turned_away
        self._clock = clock
        self._answers = answers
        self.lanes = Lanes()
        self._living = Living("inbox", clock)
        self.holder = self._living.name
        self._scribe = Scribe(store)
        self._kinds: dict[str, Kind] = {}
        self._lock = Lock()
        self._tending = Lock()
        self._is_closing = False
        self._unwritten: list[Callable[[Tx], object]] = []
        self._refused: dict[str, _Refused] = {}

    def add(self, kind: Kind) -> None:
        """Know how to carry out a kind."""
        self._kinds[kind.name] = kind

    def errand(
        self,
        kind: str,
        key: str,
        person: str,
        what: Mapping[str, Any],
        *,
        team: str,
        channel: str | None = None,
        url: str = "",
    ) -> Errand:
        """Make an errand of this moment, in this process's hands."""
        now = self._clock.now()
        return Errand(key, kind, person, now, self.holder, team=team, channel=channel, what=what, url=url)

    def receive(self, errand: Errand) -> Receipt:
        """Write an errand down; it returns before Slack's patience ends."""
        if not self.lanes.has_room(errand.person):
            log.warning("errand.refused", person=errand.person, kind=errand.kind)
            return Receipt(sentence=words.full(PER_PERSON))
        kept = self._scribe.write(lambda tx: tx.inbox.receive(errand))
        try:
            return Receipt(errand) if kept.result(_WRITTEN_WITHIN_S) else Receipt()
        except TimeoutError:
            if not kept.cancel():
                kept.add_done_callback(lambda written: self._drop(errand, written))
            log.warning("store.slow", job="an errand")
        except StoreUnavailable as e:
            log.warning("store.unavailable", job="an errand", why=str(e))
        return Receipt(sentence=words.STORE_IS_AWAY)

    def start(self, errand: Errand) -> None:
        """Have an errand done in its turn."""
        self._queue(errand, self._kinds[errand.kind].carry_out)

    def refuse(self, errand: Errand, sentence: str) -> None:
        """Tell a person that something was not taken; in a flood once for all of it, as soon as they can be told."""
        with self._lock:
            if known := self._refused.get(errand.person):
                known.count, known.last = known.count + 1, errand
                return
            self._refused[errand.person] = _Refused(errand)
        self.lanes.put(errand.person, partial(self._say_refused, errand.person, sentence), is_order=True)

    def tend(self) -> None:
        """Say that we live, write what the store could not take, and take over what nobody has in hand."""
        with self._tending:
            if not self._is_closing:
                self._take_over()

    def close(self, within: timedelta) -> bool:
        """Begin nothing more; what is not done is kept for the next start. False when something is still at work."""
        with self._tending:
            self._is_closing = True
        is_idle = self.lanes.close(within)
        is_written = self._scribe.close(_WRITTEN_WITHIN_S)
        if is_idle and is_written:
            self._leave()
        return is_idle and is_written

    def _leave(self) -> None:
        """Let the next process begin at once with what waits."""
        try:
            with self._store.write() as tx:
                self._living.leave(tx)
        except StoreUnavailable as e:
            log.warning("store.unavailable", job="leaving the inbox", why=str(e))  # the others will see us stand still

    def _take_over(self) -> None:
        with self._lock:
            late, self._unwritten = self._unwritten, []
        try:
            with self._store.write() as tx:
                for change in late:
                    change(tx)
                found = tx.inbox.take_over(self.holder, self._living.beat(tx), _TAKEN_OVER_AT_ONCE)
        except StoreUnavailable:
            with self._lock:
                self._unwritten = late + self._unwritten
            raise
        for errand in found:
            log.info("errand.taken_over", errand=errand.key, kind=errand.kind, tries=errand.tries)
            self._queue(errand, self._resume)

    def _queue(self, errand: Errand, act: Callable[[Errand], None]) -> None:
        is_order = self._kinds[errand.kind].is_order(errand)
        self.lanes.put(errand.person, partial(self._attempt, errand, partial(act, errand)), is_order=is_order)

    def _attempt(self, errand: Errand, act: Callable[[], None]) -> None:
        try:
            if sentence := self.turned_away(errand.person, errand.team):
                self._say(errand, sentence)
            else:
                act()
        except NotOurs:
            log.warning("errand.is_anothers", errand=errand.key, kind=errand.kind)
        except StoreUnavailable as e:
            log.warning("store.unavailable", job="an errand", errand=errand.key, why=str(e))
            self._put_back(errand)
            self._try_to_say(errand, words.WAITS_FOR_THE_STORE)
        except _SLACK_IS_AWAY as e:
            self._unanswered(errand, e)
        except Exception:
            # The last resort for one person's command: the trace to the log, its id to the person.
            error_id = uuid4().hex[:8]
            log.exception("command.failed", error_id=error_id)
            self._attempt(errand, partial(self._say, errand, words.failed(error_id)))
        else:
            self._done(errand)

    def _resume(self, errand: Errand) -> None:
        """Go on with what another process, or an earlier try, has left: it is done, asked for again, or only told."""
        kind = self._kinds[errand.kind]
        if errand.has_acted:
            self._say(errand, words.was_done(errand.what))
        elif errand.tries > MOST_TRIES or self._age(errand) > self._clock.wall(VALID_FOR):
            self._say(errand, words.say_again(errand.what, errand.received_at))
        elif not kind.can_wait:
            self._say(errand, words.press_again(errand.what))
        else:
            kind.carry_out(errand)

    def _say(self, errand: Errand, sentence: str) -> None:
        self._answers.give(errand, Rendered(sentence, []), replace=self._kinds[errand.kind].replaces(errand))

    def _try_to_say(self, errand: Errand, sentence: str) -> None:
        """Say something that is not the answer: it comes later, and this may be missing."""
        try:
            self._answers.give(errand, Rendered(sentence, []))
        except _SLACK_IS_AWAY as e:
            log.warning("slack.could_not_tell", errand=errand.key, why=str(e))

    def _unanswered(self, errand: Errand, error: Exception) -> None:
        if self._age(errand) > self._clock.wall(GIVEN_UP_AFTER):
            log.error("errand.unanswered", errand=errand.key, kind=errand.kind, person=errand.person, why=str(error))
            self._done(errand)
            return
        log.warning("errand.waits", errand=errand.key, kind=errand.kind, why=str(error))
        self._put_back(errand)

    def _say_refused(self, person: str, sentence: str) -> None:
        with self._lock:
            refused = self._refused.pop(person)
        self._try_to_say(refused.last, sentence if refused.count == 1 else words.refused(refused.count, sentence))

    def _done(self, errand: Errand) -> None:
        now = self._clock.now()
        self._write(lambda tx: tx.inbox.done(errand.key, self.holder, now))

    def _put_back(self, errand: Errand) -> None:
        self._write(lambda tx: tx.inbox.put_back(errand.key, self.holder))

    def _write(self, change: Callable[[Tx], object]) -> None:
        """Have something written; what the store cannot take now, it takes at the next tend()."""

        def keep(written: Future[object]) -> None:
            if (error := written.exception()) is not None:
                log.warning("store.unavailable", job="an errand's end", why=str(error))
                with self._lock:
                    self._unwritten.append(change)

        self._scribe.write(change).add_done_callback(keep)

    def _drop(self, errand: Errand, written: Future[bool]) -> None:
        """Take back what was written too late: its person was told to say it again."""
        if not written.exception() and written.result():
            self._done(errand)

    def _age(self, errand: Errand) -> timedelta:
        return self._clock.now() - errand.received_at
