"""Outbox to Slack: chat.postMessage and chat.update, at Slack's pace, until each message is out or plainly cannot be.

A message is drawn when it is sent, from what is so then. A card is posted once and edited after; what is said about a
loan goes to the card's thread.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any, Final

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.publishing.surroundings import Surroundings
from bot.views.loan_card import card
from bot.views.news import news, orphan
from bot.views.rendered import Rendered
from bot.views.summary import Summary, summary
from commands.desk import Desk
from commands.look import one_loan
from commands.replies import OneLoan
from loans.loan import State
from store.db import Store, Tx
from store.errors import StoreUnavailable
from store.outbox import Letter
from store.posts import Post

log = structlog.get_logger()

CARD_EVERY_S: Final = 2.0
"""Slack's advice for edits of one message, in wall time."""
AT_ONCE: Final = 20
_LONGEST_PAUSE: Final = timedelta(minutes=5)
_GIVE_UP_AFTER: Final = timedelta(days=2)
_QUESTION: Final = "question"
_CLOSED: Final = ""
"""The kind of post that asks approvers about a later deadline, and its ts once nobody is asked any more."""
_HOPELESS: Final = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long", "no_text", "user_not_found"}
)
"""What no second try mends: our own blocks, or somebody who is gone."""


@dataclass(frozen=True)
class Place:
    """Where a message goes."""

    channel: str
    thread_ts: str | None = None
    broadcast: bool = False


class NotYetPossible(Exception):  # noqa: N818 - it is an answer, not an accident
    """The message waits for another one: a thread needs its card first."""


class SlackIsAway(Exception):  # noqa: N818 - as above
    """No answer at all, or none in time."""


class Publisher:
    """Sends what is due. One thread at a time calls flush()."""

    def __init__(self, store: Store, client: WebClient, desk: Callable[[], Desk], *, oncall: str, speed: float) -> None:
        """desk: makes a desk of this moment. speed: of lendbot's clock, for the cards."""
        self._store = store
        self._client = client
        self._desk = desk
        self._oncall = oncall
        self._speed = speed
        self.surroundings = Surroundings(store, desk)
        self._edited: dict[int, float] = {}
        self._unrecorded: list[Callable[[Tx], object]] = []

    def flush(self) -> int:
        """Send what is due and return how many went out; the store being away costs a turn, nothing else."""
        sent = 0
        try:
            self._catch_up()
            with self._store.read() as tx:
                due = tx.outbox.due(self._desk().now, AT_ONCE)
            for letter in due:
                if not self._is_too_soon(letter):
                    sent += self._send(letter)
        except StoreUnavailable as e:
            log.warning("publisher.store_unavailable", why=str(e))
        except SlackIsAway:
            pass  # the letter's own line in the log says so; the others would each wait as long
        return sent

    def _record(self, change: Callable[[Tx], object]) -> None:
        """Write down what Slack has taken; what the store cannot take now, it takes before anything else is sent.

        A message that is out and not written down would go out again, and a card would have a double.
        """
        self._unrecorded.append(change)
        self._catch_up()

    def _catch_up(self) -> None:
        if self._unrecorded:
            with self._store.write() as tx:
                for change in self._unrecorded:
                    change(tx)
            self._unrecorded.clear()

    def _is_too_soon(self, letter: Letter) -> bool:
        last = self._edited.get(letter.loan_id or 0, 0.0)
        return letter.kind == "card" and monotonic() - last < CARD_EVERY_S

    def _send(self, letter: Letter) -> bool:
        now = self._desk().now
        try:
            self._post(letter)
        except NotYetPossible as e:
            self._failed(letter, str(e), timedelta(seconds=1))
            return False
        except SlackApiError as e:
            self._refused(letter, e)
            return False
        except SlackClientError as e:
            self._failed(letter, f"{type(e).__name__}: {e}", _pause(letter))
            return False
        except OSError as e:
            self._failed(letter, f"{type(e).__name__}: {e}", _pause(letter))
            raise SlackIsAway from e
        except StoreUnavailable:
            raise
        except Exception as e:
            # Our bug in one message: it must not hold up everybody else's. The trace is in the log.
            log.exception("publisher.could_not_draw", letter=letter.id, kind=letter.kind, loan=letter.loan_id)
            self._failed(letter, f"{type(e).__name__}: {e}", _pause(letter))
            return False
        self._record(lambda tx: tx.outbox.sent(letter, now))
        return True

    def _post(self, letter: Letter) -> None:
        if letter.loan_id is None:
            self._call("chat_postMessage", orphan(letter.args), channel=self._oncall)
            return
        with self._store.read() as tx:
            loan = tx.loans.get(letter.loan_id)
            one = one_loan(tx, loan, self._desk())
            post = tx.posts.get(loan.id, "card")
            ended = summary(tx.journal.of(loan.id), one.parts) if loan.state is State.RETURNED else None
        if letter.kind == "card":
            self._post_card(self.surroundings.of(one), post, ended)
            self._close_question(one)
            return
        if letter.kind == "approvers":
            self._replace_question(one)
        place = self._place(letter, post)
        # Only a reminder tells what an eviction would end.
        pods = self.surroundings.pods(one) if letter.args.get("news") == "reminder" else None
        drawn = news(letter.args, one, letter.kind, pods)
        posted = self._call("chat_postMessage", drawn, channel=place.channel, **_threaded(place))
        if letter.kind == "approvers":
            self._record(lambda tx: tx.posts.put(loan.id, _QUESTION, posted["channel"], posted["ts"]))

    def _replace_question(self, one: OneLoan) -> None:
        """Take the buttons off the question before this one, if nobody has answered it."""
        asked = self._open_question(one.loan.id)
        if asked is not None:
            self._is_edited(asked, news({"news": "extension_asked", "replaced": 1}, one, "approvers", None))

    def _close_question(self, one: OneLoan) -> None:
        """Take the buttons off a question that is answered: it may have been answered on the card, or elsewhere."""
        asked = self._open_question(one.loan.id)
        if asked is None or one.loan.extension is not None:
            return
        self._is_edited(asked, news({"news": "extension_asked"}, one, "approvers", None))
        self._record(lambda tx: tx.posts.put(one.loan.id, _QUESTION, asked.channel, _CLOSED))

    def _open_question(self, loan_id: int) -> Post | None:
        with self._store.read() as tx:
            asked = tx.posts.get(loan_id, _QUESTION)
        return None if asked is None or asked.ts == _CLOSED else asked

    def _post_card(self, one: OneLoan, post: Post | None, ended: Summary | None) -> None:
        drawn = card(one, ended, self._speed)
        self._edited[one.loan.id] = monotonic()
        if post is not None and self._is_edited(post, drawn):
            return
        channel = one.node_class.channel
        posted = self._call("chat_postMessage", drawn, channel=channel)
        self._record(lambda tx: tx.posts.put(one.loan.id, "card", posted["channel"], posted["ts"]))

    def _is_edited(self, post: Post, drawn: Rendered) -> bool:
        """Edit a card; False when somebody deleted it, so that it is posted anew."""
        try:
            self._call("chat_update", drawn, channel=post.channel, ts=post.ts)
        except SlackApiError as e:
            if e.response.get("error") == "message_not_found":
                log.warning("slack.card_gone", loan=post.loan_id)
                return False
            raise
        return True

    def _place(self, letter: Letter, post: Post | None) -> Place:
        match letter.kind:
            case "requester":
                return Place(letter.to)
            case "oncall":
                return Place(self._oncall)
            case _ if post is None:
                raise NotYetPossible("the card is not posted yet")
            case _:
                return Place(post.channel, post.ts, broadcast=letter.kind == "approvers")

    def _call(self, method: str, drawn: Rendered, **where: Any) -> Any:
        return getattr(self._client, method)(text=drawn.text, blocks=drawn.blocks, **where)

    def _refused(self, letter: Letter, error: SlackApiError) -> None:
        why = str(error.response.get("error") or error)
        # For a direct message there is no channel to be invited to: the person is gone.
        if why in _HOPELESS or (letter.kind == "requester" and why == "channel_not_found"):
            log.error("slack.message_dropped", letter=letter.id, kind=letter.kind, loan=letter.loan_id, why=why)
            with self._store.write() as tx:
                tx.outbox.dropped(letter, self._desk().now, why)
            return
        if why in {"channel_not_found", "not_in_channel"}:
            why = f"{why}: is lendbot in the channel? `/invite` it there"
        self._failed(letter, why, max(_pause(letter), _retry_after(error)))

    def _failed(self, letter: Letter, why: str, pause: timedelta) -> None:
        now = self._desk().now
        with self._store.write() as tx:
            if now - letter.made_at > _GIVE_UP_AFTER * self._speed:
                tx.outbox.dropped(letter, now, f"gave up after {_GIVE_UP_AFTER}: {why}")
                log.error("slack.message_dropped", letter=letter.id, kind=letter.kind, loan=letter.loan_id, why=why)
                return
            tx.outbox.failed(letter, why, now + pause * self._speed)
        log.warning("slack.message_waits", letter=letter.id, kind=letter.kind, loan=letter.loan_id, why=why)


def _pause(letter: Letter) -> timedelta:
    return min(timedelta(seconds=2 ** min(letter.tries, 9)), _LONGEST_PAUSE)


def _retry_after(error: SlackApiError) -> timedelta:
    headers = error.response.headers or {}
    return timedelta(seconds=int(headers.get("Retry-After", 0)))


def _threaded(place: Place) -> dict[str, Any]:
    if place.thread_ts is None:
        return {}
    return {"thread_ts": place.thread_ts, "reply_broadcast": place.broadcast}
