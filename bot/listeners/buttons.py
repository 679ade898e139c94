"""Buttons: each says a command. What it carries is read as an id; everything else is asked anew."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from slack_bolt import App

from bot.listeners.doubles import loans_on
from bot.listeners.errands import Kind
from bot.listeners.front import Front, team_of
from bot.views import actions, modals
from bot.views.actions import FormRef, Ref
from bot.views.rendered import Block, Rendered
from bot.views.replies import reply
from commands import drafts, grammar
from commands.blocked import Force, Wait
from commands.breaker import GoOn, SendHome
from commands.cancel import Cancel
from commands.decide import Approve, Decline
from commands.desk import Caller
from commands.extend import SettleExtension
from commands.fill import opened_with
from commands.give_back import GiveBack
from commands.grammar import Ask
from commands.lend import Settle, SignOff
from commands.replies import StaleDraft
from store.errors import NoSuchLoan
from store.inbox import Errand

_ASKS: Final[dict[str, Callable[[str], Ask]]] = {
    actions.SIGN_OFF: lambda value: SignOff(actions.draft_key(value)),
    actions.SETTLE: lambda value: Settle(actions.draft_key(value)),
    actions.SETTLE_EXTENSION: lambda value: SettleExtension(actions.draft_key(value)),
    actions.APPROVE: lambda value: Approve(Ref.parse(value).loan, Ref.parse(value).word),
    actions.GIVE_BACK: lambda value: GiveBack(int(value)),
    actions.CANCEL: lambda value: Cancel(int(value)),
    actions.TRY_AGAIN: lambda value: GiveBack(Ref.parse(value).loan, Ref.parse(value).word),
    actions.FORCE: lambda value: Force(Ref.parse(value).loan, Ref.parse(value).word),
    actions.WAIT: lambda value: Wait(Ref.parse(value).loan, Ref.parse(value).word),
    actions.GO_ON: GoOn,
    actions.SEND_HOME: SendHome,
}
PRESS: Final = "press"
DISMISSAL: Final = "dismissal"
OPENING: Final = "opening"

_ON_A_PREVIEW: Final = frozenset({actions.SIGN_OFF, actions.SETTLE, actions.SETTLE_EXTENSION})
"""Their answer takes the preview's place: it was for one person, and it is settled."""
_FORGED: Final = Rendered("That button is not lendbot's, or an older one's. Say it in words: `help` shows how.", [])


def register(app: App, front: Front) -> None:
    """Listen for every button of bot/views/actions.py."""
    reception = front.reception
    for action_id in _ASKS:
        app.action(action_id, middleware=[reception.before(partial(_pressed, front, PRESS))])(reception.start)
    for action_id in (actions.NEVER_MIND, actions.ALL_RIGHT):
        app.action(action_id, middleware=[reception.before(partial(_pressed, front, DISMISSAL))])(reception.start)
    for action_id in _FORMS:
        app.action(action_id, middleware=[reception.before(partial(_pressed, front, OPENING))])(reception.start)
    front.errands.add(Kind(PRESS, partial(_carry_out, front), _decides, _on_a_preview))
    front.errands.add(Kind(DISMISSAL, partial(_dismiss, front), is_order=_always))
    front.errands.add(Kind(OPENING, partial(_open, front), is_order=_always, can_wait=False))


def _pressed(front: Front, kind: str, body: dict[str, Any]) -> Errand:
    """Read a press: ids, the button's label for whoever is told about it later, and of a reminder what stays of it."""
    pressed, message = body["actions"][0], body.get("message")
    what = {
        "action": pressed["action_id"],
        "value": str(pressed.get("value", "")),
        "label": pressed.get("text", {}).get("text", ""),
        "is_for_one": _is_for_one(body),
        "loans": loans_on(message or {}),
        "ts": body.get("container", {}).get("message_ts"),
        "thread_ts": body.get("container", {}).get("thread_ts"),
    }
    if kind == DISMISSAL and message is not None and not body.get("container", {}).get("is_ephemeral"):
        kept = [block for block in message["blocks"] if block["type"] != "actions"]
        what["kept"] = {"text": message["text"], "blocks": kept}
    return front.errands.errand(
        kind,
        # Trigger ids are fresh for each press, and the same in a payload that is sent again.
        str(body["trigger_id"]),
        body["user"]["id"],
        what,
        team=team_of(body),
        channel=body.get("channel", {}).get("id"),
        url=body.get("response_url", ""),
    )


def _carry_out(front: Front, errand: Errand) -> None:
    front.doubles.correct(errand)
    try:
        ask = _ASKS[errand.what["action"]](errand.what["value"])
    except ValueError:
        front.answers.give(errand, _FORGED)
        return
    front.answers.give(errand, front.do(ask, errand, errand.channel), replace=_on_a_preview(errand))


def _decides(errand: Errand) -> bool:
    try:
        return grammar.is_order(_ASKS[errand.what["action"]](errand.what["value"]))
    except ValueError:
        return True  # nothing is asked for: a sentence says so


def _on_a_preview(errand: Errand) -> bool:
    return errand.what["action"] in _ON_A_PREVIEW and bool(errand.what["is_for_one"])


def _always(_: Errand) -> bool:
    return True


def _dismiss(front: Front, errand: Errand) -> None:
    if (kept := errand.what.get("kept")) is None:
        front.answers.take_away(errand)
    else:
        front.client.chat_update(
            channel=str(errand.channel), ts=errand.what["ts"], text=kept["text"], blocks=kept["blocks"]
        )


def _decline_form(front: Front, errand: Errand) -> Block | Rendered:
    """Return the form for a no; when what the button showed is decided by now, who decided it instead."""
    signed = Ref.parse(errand.what["value"])
    with front.desk().store.read() as tx:
        loan = tx.loans.get(signed.loan)
    if loan.awaits != signed.word:
        return front.do(Decline(signed.loan, what=signed.word), errand, None)
    return modals.decline(loan)


def _extend_form(front: Front, errand: Errand) -> Block:
    with front.desk().store.read() as tx:
        loan = tx.loans.get(int(errand.what["value"]))
    return modals.extend(loan, front.person(errand.person).tz)


def _change_form(front: Front, errand: Errand) -> Block | Rendered:
    """Return the form with the preview's wish in it."""
    person, desk = front.person(errand.person, errand.team), front.desk()
    caller = Caller(person)
    terms = drafts.terms(actions.draft_key(errand.what["value"]), caller, desk)
    if isinstance(terms, StaleDraft):
        return reply(terms)
    url = errand.url if errand.what["is_for_one"] else ""
    wish = opened_with(terms, caller.tz)
    ref = FormRef(person.tz, terms.channel, url, wish.kept)
    return modals.lend(list(desk.classes.values()), ref, wish)


_FORMS: Final[dict[str, Callable[[Front, Errand], Block | Rendered]]] = {
    actions.DECLINE: _decline_form,
    actions.EXTEND: _extend_form,
    actions.CHANGE: _change_form,
}


def _open(front: Front, errand: Errand) -> None:
    """Open a modal before anything else: its trigger dies after 3 s. A form that gives words instead has them said."""
    try:
        shown = _FORMS[errand.what["action"]](front, errand)
    except (ValueError, NoSuchLoan):
        shown = _FORGED
    if isinstance(shown, Rendered):
        front.answers.give(errand, shown)
    else:
        front.open_form(errand, shown)
    front.doubles.correct(errand)


def _is_for_one(body: dict[str, Any]) -> bool:
    """Return True for a message that one person sees: a preview's answer never takes the place of a card."""
    return bool(body.get("container", {}).get("is_ephemeral")) or body.get("channel", {}).get("id", "").startswith("D")
