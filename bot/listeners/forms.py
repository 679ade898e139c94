"""Modals, the shortcut and the Home tab. A form is turned into the sentence's Ask, and answered in words.

Fields are judged while Slack waits, for that is when it shows what is wrong under each; no far side is asked for that.
"""

from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient

from bot.listeners import answer
from bot.listeners.front import Front
from bot.views import actions, modals
from bot.views.actions import FormRef, Ref
from bot.views.home import home
from bot.views.rendered import Rendered
from commands import extend, fill, grammar
from commands.decide import Decline
from commands.desk import Caller
from commands.fill import Fill
from commands.look import AskFree, Status
from commands.replies import FarSideDown, Free, Loans, WrongFields
from loans.policy import Person
from store.errors import StoreUnavailable


def register(app: App, front: Front) -> None:
    """Listen for forms."""
    app.view(actions.DECLINE_MODAL)(_decline(front))
    app.view(actions.EXTEND_MODAL)(_extend(front))
    app.view(actions.LEND_MODAL)(_lend(front))
    app.shortcut(actions.LEND_SHORTCUT)(_open_lend(front))
    app.action(actions.OPEN_LEND)(_open_lend(front))
    app.event("app_home_opened")(_home(front))


def _decline(front: Front) -> Callable[..., None]:
    def submit(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ack()
        ref = Ref.parse(body["view"]["private_metadata"])
        ask = Decline(ref.loan, _typed(body, actions.TEXT), ref.word)
        _carry_out(front, client, body, ask)

    return submit


def _extend(front: Front) -> Callable[..., None]:
    def submit(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ref = Ref.parse(body["view"]["private_metadata"])
        ask = extend.worded(ref.loan, _typed(body, actions.TEXT))
        caller = Caller(Person(body["user"]["id"], tz=ref.word))
        try:
            wrong = extend.errors(ask, caller, front.desk())
        except StoreUnavailable:
            wrong = None  # they are told so where the work is done
        if wrong is not None:
            ack(response_action="errors", errors=modals.under_the_deadline(wrong, caller.tz))
            return
        ack()
        _carry_out(front, client, body, ask)

    return submit


def _lend(front: Front) -> Callable[..., None]:
    def submit(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ref = FormRef.parse(body["view"]["private_metadata"])
        form = Fill(
            count=_typed(body, actions.COUNT),
            class_word=_typed(body, actions.CLASS),
            until=_typed(body, actions.UNTIL),
            purpose=_typed(body, actions.PURPOSE),
            kept=ref.kept,
        )
        ask = fill.read(form, Caller(Person(body["user"]["id"], tz=ref.tz)), front.desk())
        if isinstance(ask, WrongFields):
            ack(response_action="errors", errors=modals.under_fields(ask))
            return
        ack()
        _carry_out(front, client, body, ask, ref)

    return submit


def _open_lend(front: Front) -> Callable[..., None]:
    def open_form(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ack()
        ref = FormRef(front.person(body["user"]["id"]).tz)
        client.views_open(trigger_id=body["trigger_id"], view=modals.lend(list(front.desk().classes.values()), ref))

    return open_form


def _home(front: Front) -> Callable[..., None]:
    def opened(client: WebClient, body: dict[str, Any], event: dict[str, Any]) -> None:
        user = event["user"]

        def work() -> None:
            desk, caller = front.desk(), Caller(front.person(user))
            loans = grammar.run(Status(), caller, desk)
            free = grammar.run(AskFree(), caller, desk)
            if isinstance(loans, Loans) and isinstance(free, Free | FarSideDown):
                client.views_publish(user_id=user, view=home(loans, free))

        front.queue.put(str(body["event_id"]), work, lambda _: None)

    return opened


def _carry_out(
    front: Front, client: WebClient, body: dict[str, Any], ask: grammar.Ask, ref: FormRef | None = None
) -> None:
    """Answer a form where the preview stood that it changes, else in a direct message: a modal has no channel."""
    user = body["user"]["id"]

    def tell(drawn: Rendered) -> None:
        if ref is not None and ref.url and answer.takes_its_place(ref.url, drawn):
            return
        client.chat_postMessage(channel=user, text=drawn.text, blocks=drawn.blocks)

    front.queue.put(
        f"{body['view']['id']}:{body['view']['hash']}",
        lambda: tell(front.do(ask, user, ref.channel if ref else None)),
        lambda text: tell(Rendered(text, [])),
    )


def _typed(body: dict[str, Any], block: str) -> str:
    """Return what was put into an input: its text, or the option that was picked."""
    state = body["view"]["state"]["values"].get(block, {}).get(block, {})
    picked = state.get("selected_option") or {}
    return str(picked.get("value") or state.get("value") or "").strip()
