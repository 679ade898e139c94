"""A person in front of a modal or the app's home: filling in, submitting, going back, closing."""

from typing import Any

from sandbox.slack import payloads
from sandbox.slack.core import Core
from sandbox.slack.delivery import Answer, Line
from sandbox.slack.errors import SlackError
from sandbox.slack.forms import elements, missing, picked, state_of
from sandbox.slack.methods.views import put_view, replace_view
from sandbox.slack.records import Json, User, View

NO_CONNECTION = "We had some trouble connecting. Try again?"


class Modals:
    """What can be done in views. values maps a block_id, or an action_id, to what was filled in."""

    def __init__(self, core: Core, line: Line) -> None:
        self.core = core
        self.space = core.workspace
        self.line = line

    def person(self, user: str) -> User:
        """Find a person by id or by name."""
        for who in self.space.users.values():
            if user in (who.id, who.name):
                return who
        raise LookupError(f"no person {user}; there are {', '.join(self.space.users)}")

    async def act_in_view(
        self, user: str, view_id: str, action_id: str, value: Any = None, values: Json | None = None
    ) -> Answer:
        """Use an element of a modal or of the home tab that acts at once."""
        view = self._own(user, view_id)
        self._fill(view, values or {})
        block, element = _element(view, action_id, value)
        choice = {} if element["type"] == "button" else picked(element, value)
        if choice and element["type"] != "overflow":
            view.state.setdefault(block["block_id"], {})[action_id] = choice
        action = payloads.action(block, element, choice, self.space.now_s())
        trigger = self.core.tickets.trigger(view.user, view.id if view.content["type"] == "modal" else None)
        answer = await self.line.send("interactive", payloads.view_action(self.person(user), view, action, trigger))
        if not answer.is_acked:
            self.space.feed.publish(
                "trouble", [view.user], user=view.user, view=view_id, action_id=action_id, why=answer.why
            )
        return answer

    async def submit(self, user: str, view_id: str, values: Json | None = None) -> dict[str, str]:
        """Fill in and submit a modal; return the errors by block_id, empty when it was taken."""
        view = self._own(user, view_id)
        self._fill(view, values or {})
        view.errors = missing(view.content["blocks"], view.state)
        if not view.errors:
            trigger = self.core.tickets.trigger(view.user, view.id)
            answer = await self.line.send("interactive", payloads.view_submission(self.person(user), view, trigger))
            self._obey(view, answer)
        self.space.tell_views(view.user)
        return view.errors

    async def close(self, user: str, view_id: str, *, all_of_them: bool = False) -> None:
        """Close the top modal, or the whole stack; the app is told when it asked to be."""
        view = self._own(user, view_id)
        stack = self.space.stack(view.user)
        leaving = list(stack) if all_of_them else [view]
        self.space.modals[view.user] = [each for each in stack if each not in leaving]
        self.space.tell_views(view.user)
        for each in leaving:
            if each.content.get("notify_on_close"):
                payload = payloads.view_closed(self.person(user), each, is_cleared=all_of_them)
                await self.line.send("interactive", payload)

    def _obey(self, view: View, answer: Answer) -> None:
        user, stack = view.user, self.space.stack(view.user)
        said = answer.payload.get("response_action")
        if not answer.is_acked:
            view.errors = {"": NO_CONNECTION}
        elif said == "errors":
            view.errors = dict(answer.payload.get("errors", {}))
        elif said == "clear":
            self.space.modals[user] = []
        elif said in ("update", "push"):
            try:
                if said == "update":
                    replace_view(self.core, view, answer.payload.get("view"))
                else:
                    put_view(self.core, user, answer.payload.get("view"), onto=stack)
            except SlackError as refused:
                view.errors = {"": f"{NO_CONNECTION} ({refused})"}
        elif view in stack:
            stack.remove(view)

    def _fill(self, view: View, values: Json) -> None:
        for block, element in elements(view.content["blocks"]):
            block_id, action_id = block["block_id"], element["action_id"]
            for key in (action_id, block_id):
                if key in values:
                    raw = values[key]
                    raw = raw.get(action_id) if isinstance(raw, dict) else raw
                    view.state.setdefault(block_id, {})[action_id] = picked(element, raw)
        view.state = state_of(view.content["blocks"], view.state)

    def _own(self, user: str, view_id: str) -> View:
        who = self.person(user)
        try:
            view = self.space.view(view_id)
        except SlackError:
            view = None
        if view is None or view.user != who.id:
            mine = [each.id for each in self.space.stack(who.id)]
            raise LookupError(f"{who.name} has no view {view_id} open; open are {mine}")
        return view


def _element(view: View, action_id: str, value: Any) -> tuple[Json, Json]:
    found = [(b, e) for b, e in elements(view.content["blocks"]) if e["action_id"] == action_id]
    same = [(b, e) for b, e in found if e.get("value") == value] if len(found) > 1 else found
    if not same and not found:
        raise LookupError(f"no element {action_id!r} in {view.id}")
    return (same or found)[0]
