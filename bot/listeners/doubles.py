"""A press on a message that is not the loan's own: it was posted twice, and has buttons that nobody would take off.

It loses them, and says where the loan's card is. The press itself is judged as any other.
"""

from collections.abc import Mapping
from typing import Any, Final

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.views import actions
from bot.views.actions import Ref
from bot.views.inbox import replaced
from loans.shown import Shown
from store.db import Store, Tx
from store.errors import NoSuchLoan
from store.inbox import Errand
from store.posts import Post, PostKind

log = structlog.get_logger()

_DECIDES: Final = frozenset({actions.APPROVE, actions.DECLINE})
"""What the question in a card's thread has beside the card itself."""


class Doubles:
    """Knows a loan's messages from their doubles."""

    def __init__(self, store: Store, client: WebClient) -> None:
        self._store = store
        self._client = client

    def correct(self, errand: Errand) -> None:
        """Take the buttons off the message that was pressed, if it is a double. What goes wrong costs no press."""
        shown = _shown_on(errand)
        if shown is None or errand.what.get("is_for_one") or not errand.what.get("ts"):
            return
        loan = shown.loan
        with self._store.read() as tx:
            is_alarms = tx.alarms.is_post(str(errand.channel), str(errand.what["ts"]))
            own = _own(tx, loan, errand) if _is_ours(tx, shown) and not is_alarms else None
        if own is None or own.ts == errand.what["ts"]:
            return
        log.warning("slack.double", loan=loan, kind=own.kind, ts=errand.what["ts"], own=own.ts)
        try:
            drawn = replaced(loan, self._link(own))
            self._client.chat_update(channel=own.channel, ts=errand.what["ts"], text=drawn.text, blocks=drawn.blocks)
        except (SlackApiError, SlackClientError, OSError) as e:
            log.warning("slack.double_stays", loan=loan, why=str(e))

    def _link(self, own: Post) -> str:
        return str(self._client.chat_getPermalink(channel=own.channel, message_ts=own.ts)["permalink"])


def _own(tx: Tx, loan: int, errand: Errand) -> Post | None:
    """Return the message that was to be pressed; None when that is not known for sure."""
    card, thread_ts = tx.posts.get(loan, PostKind.CARD), errand.what.get("thread_ts")
    if card is None or card.channel != errand.channel:
        return None
    if thread_ts is None:
        return None if tx.posts.may_be_out(loan, PostKind.CARD) else card
    if errand.what["action"] not in _DECIDES or tx.posts.may_be_out(loan, PostKind.QUESTION):
        return None
    question = tx.posts.get(loan, PostKind.QUESTION)
    return question if question is not None and question.ts else None


def _is_ours(tx: Tx, shown: Shown) -> bool:
    """Return True for a loan of this store; a card of another's is let be, and so is one that a restore has lost."""
    try:
        return shown.is_of(tx.loans.get(shown.loan))
    except NoSuchLoan:
        return False


def loans_on(message: Mapping[str, Any]) -> list[str]:
    """Return the loans whose buttons a message has, as its buttons name them; one, unless somebody forged it."""
    rows = [block for block in message.get("blocks") or [] if block["type"] == "actions"]
    pressable = [element for row in rows for element in row["elements"]]
    values = [str(each.get("value", "")) for each in pressable if each.get("action_id") in actions.OF_A_LOAN]
    return sorted({_named(value) for value in values})


def _shown_on(errand: Errand) -> Shown | None:
    """Return the loan that the pressed message is about; None when it is about none, or about several."""
    value = errand.what["value"]
    if errand.what["action"] not in actions.OF_A_LOAN or errand.what.get("loans") != [_named(value)]:
        return None
    try:
        return Ref.parse(value).shown
    except ValueError:
        return None


def _named(value: str) -> str:
    """Return which loan a button names, of which store; what cannot be read names itself."""
    try:
        return Ref.parse(value).shown.whose
    except ValueError:
        return value
