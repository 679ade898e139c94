"""The App Home tab: drawn when somebody opens it, and again when they press a button on it."""

from collections.abc import Callable
from typing import Any

from slack_sdk import WebClient

from bot.listeners.front import Front
from bot.views.home import home
from commands import grammar
from commands.desk import Caller
from commands.look import AskFree, Status
from commands.refusals import FarSideDown
from commands.replies import Free, Loans


def opened(front: Front) -> Callable[..., None]:
    """Return what listens for the tab being opened."""

    def listen(client: WebClient, body: dict[str, Any], event: dict[str, Any]) -> None:
        del client
        show(front, event["user"], body.get("team_id", ""))

    return listen


def show(front: Front, user: str, team: str) -> None:
    """Have the tab drawn in its person's lane. Nothing was said that could be lost: whoever looks again sees it."""
    lanes = front.errands.lanes
    if lanes.has_room(user):
        lanes.put(user, lambda: _publish(front, user, team), is_order=False)


def _publish(front: Front, user: str, team: str) -> None:
    if front.errands.turned_away(user, team):
        return
    desk, caller = front.desk(), Caller(front.person(user, team))
    loans = grammar.run(Status(), caller, desk)
    free = grammar.run(AskFree(), caller, desk)
    if isinstance(loans, Loans) and isinstance(free, Free | FarSideDown):
        front.client.views_publish(user_id=user, view=home(loans, free, caller.person, desk.class_of))
