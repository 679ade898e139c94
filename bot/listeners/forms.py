"""Modals, the shortcut and the Home tab. A form is turned into the sentence's Ask, and answered in words."""

from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient

from bot.listeners.front import Front
from bot.views import actions, modals
from bot.views.home import home
from bot.views.rendered import Rendered
from commands import grammar
from commands.decide import Decline
from commands.desk import Caller
from commands.extend import Extend
from commands.look import AskFree, Status
from commands.replies import FarSideDown, Free, Loans


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
        ask = Decline(int(body["view"]["private_metadata"]), _typed(body, actions.TEXT))
        _carry_out(front, client, body, ask)

    return submit


def _extend(front: Front) -> Callable[..., None]:
    def submit(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ack()
        ask = Extend(int(body["view"]["private_metadata"]), _typed(body, actions.TEXT))
        _carry_out(front, client, body, ask)

    return submit


def _lend(front: Front) -> Callable[..., None]:
    def submit(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ack()
        count, node_class = _typed(body, actions.COUNT), _typed(body, actions.CLASS)
        words = f"lend {count} {node_class} nodes to k8s {_typed(body, actions.UNTIL)}"
        purpose = _typed(body, actions.PURPOSE)
        _carry_out(front, client, body, grammar.read(f"{words} for {purpose}" if purpose else words))

    return submit


def _open_lend(front: Front) -> Callable[..., None]:
    def open_form(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=modals.lend(list(front.desk().classes.values())))

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


def _carry_out(front: Front, client: WebClient, body: dict[str, Any], ask: grammar.Ask) -> None:
    """Answer a form in a direct message: a modal has no channel of its own."""
    user = body["user"]["id"]

    def tell(drawn: Rendered) -> None:
        client.chat_postMessage(channel=user, text=drawn.text, blocks=drawn.blocks)

    front.queue.put(
        f"{body['view']['id']}:{body['view']['hash']}",
        lambda: tell(front.do(ask, user, None)),
        lambda text: tell(Rendered(text, [])),
    )


def _typed(body: dict[str, Any], block: str) -> str:
    """Return what was put into an input: its text, or the option that was picked."""
    state = body["view"]["state"]["values"].get(block, {}).get(block, {})
    picked = state.get("selected_option") or {}
    return str(picked.get("value") or state.get("value") or "").strip()
