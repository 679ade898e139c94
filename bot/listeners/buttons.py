"""Buttons: each says a command. What it carries is read as an id; everything else is asked anew."""

from collections.abc import Callable
from typing import Any, Final

from slack_bolt import Ack, App
from slack_sdk import WebClient

from bot.listeners import answer
from bot.listeners.front import Front
from bot.views import actions, modals
from bot.views.actions import FormRef, Ref
from bot.views.rendered import Block, Rendered
from bot.views.replies import reply
from commands import drafts
from commands.blocked import Force, Wait
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

_ASKS: Final[dict[str, Callable[[str], Ask]]] = {
    actions.SIGN_OFF: lambda value: SignOff(int(value)),
    actions.SETTLE: lambda value: Settle(int(value)),
    actions.SETTLE_EXTENSION: lambda value: SettleExtension(int(value)),
    actions.APPROVE: lambda value: Approve(Ref.parse(value).loan, Ref.parse(value).word),
    actions.GIVE_BACK: lambda value: GiveBack(int(value)),
    actions.CANCEL: lambda value: Cancel(int(value)),
    actions.TRY_AGAIN: lambda value: GiveBack(Ref.parse(value).loan, Ref.parse(value).word),
    actions.FORCE: lambda value: Force(Ref.parse(value).loan, Ref.parse(value).word),
    actions.WAIT: lambda value: Wait(Ref.parse(value).loan, Ref.parse(value).word),
}
_ON_A_PREVIEW: Final = frozenset({actions.SIGN_OFF, actions.SETTLE, actions.SETTLE_EXTENSION})
"""Their answer takes the preview's place: it was for one person, and it is settled."""
_FORGED: Final = Rendered("That button is not lendbot's, or an older one's. Say it in words: `help` shows how.", [])


def register(app: App, front: Front) -> None:
    """Listen for every button of bot/views/actions.py."""
    for action_id, make in _ASKS.items():
        app.action(action_id)(_pressing(front, action_id, make))
    for action_id in (actions.NEVER_MIND, actions.ALL_RIGHT):
        app.action(action_id)(_dismissing(front))
    for action_id, form in _FORMS.items():
        app.action(action_id)(_opening(front, form))


def _pressing(front: Front, action_id: str, make: Callable[[str], Ask]) -> Callable[..., None]:
    def press(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        pressed = body["actions"][0]
        url = body["response_url"]

        def work() -> None:
            try:
                ask = make(str(pressed.get("value", "")))
            except ValueError:
                answer.respond(url, _FORGED, replace=False)
                return
            drawn = front.do(ask, body["user"]["id"], body.get("channel", {}).get("id"))
            answer.respond(url, drawn, replace=action_id in _ON_A_PREVIEW and _is_for_one(body))

        front.queue.put(_key(body), work, lambda text: answer.respond(url, Rendered(text, []), replace=False))

    return press


def _dismissing(front: Front) -> Callable[..., None]:
    def dismiss(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ack()
        url = body["response_url"]

        def work() -> None:
            message = body.get("message")
            if body.get("container", {}).get("is_ephemeral") or message is None:
                answer.remove(url)
                return
            kept = [block for block in message["blocks"] if block["type"] != "actions"]
            client.chat_update(channel=body["channel"]["id"], ts=message["ts"], text=message["text"], blocks=kept)

        front.queue.put(_key(body), work, lambda text: answer.respond(url, Rendered(text, []), replace=False))

    return dismiss


def _decline_form(front: Front, body: dict[str, Any], value: str) -> Block | Rendered:
    """Return the form for a no; when what the button showed is decided by now, who decided it instead."""
    signed = Ref.parse(value)
    with front.desk().store.read() as tx:
        loan = tx.loans.get(signed.loan)
    if loan.awaits != signed.word:
        return front.do(Decline(signed.loan, what=signed.word), body["user"]["id"], None)
    return modals.decline(loan)


def _extend_form(front: Front, body: dict[str, Any], value: str) -> Block:
    with front.desk().store.read() as tx:
        loan = tx.loans.get(int(value))
    return modals.extend(loan, front.person(body["user"]["id"]).tz)


def _change_form(front: Front, body: dict[str, Any], value: str) -> Block | Rendered:
    """Return the form with the preview's wish in it."""
    person, desk = front.person(body["user"]["id"]), front.desk()
    caller = Caller(person)
    terms = drafts.terms(int(value), caller, desk)
    if isinstance(terms, StaleDraft):
        return reply(terms)
    url = body["response_url"] if _is_for_one(body) else ""
    wish = opened_with(terms, caller.tz)
    ref = FormRef(person.tz, terms.channel, url, wish.kept)
    return modals.lend(list(desk.classes.values()), ref, wish)


_FORMS: Final[dict[str, Callable[[Front, dict[str, Any], str], Block | Rendered]]] = {
    actions.DECLINE: _decline_form,
    actions.EXTEND: _extend_form,
    actions.CHANGE: _change_form,
}


def _opening(front: Front, form: Callable[[Front, dict[str, Any], str], Block | Rendered]) -> Callable[..., None]:
    """Open a modal before anything else: its trigger dies after 3 s. A form that gives words instead has them said."""

    def open_modal(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ack()
        url = body["response_url"]

        def work() -> None:
            try:
                shown = form(front, body, str(body["actions"][0].get("value", "")))
            except (ValueError, NoSuchLoan):
                shown = _FORGED
            if isinstance(shown, Rendered):
                answer.respond(url, shown, replace=False)
            else:
                client.views_open(trigger_id=body["trigger_id"], view=shown)

        front.queue.put(_key(body), work, lambda text: answer.respond(url, Rendered(text, []), replace=False))

    return open_modal


def _is_for_one(body: dict[str, Any]) -> bool:
    """Return True for a message that one person sees: a preview's answer never takes the place of a card."""
    return bool(body.get("container", {}).get("is_ephemeral")) or body.get("channel", {}).get("id", "").startswith("D")


def _key(body: dict[str, Any]) -> str:
    """Name one press: trigger ids are fresh for each, and the same in a payload that is sent again."""
    return str(body["trigger_id"])
