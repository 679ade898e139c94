"""views.*: modals and home tabs."""

import json
import secrets
from typing import Any, Final

from sandbox.slack.blocks import problems, with_ids
from sandbox.slack.checks import Checks
from sandbox.slack.core import Core, Method, need
from sandbox.slack.errors import SlackError
from sandbox.slack.records import Json, View
from sandbox.slack.tickets import Trigger

DEEPEST: Final = 3
"""Views on a person's stack."""
LARGEST: Final = 250_000


def check_view(view: Any, kind: str) -> Json:
    """Return a view as Slack keeps it, or refuse it as Slack does."""
    checks = Checks()
    if not isinstance(view, dict) or view.get("type") != kind:
        raise SlackError("invalid_arguments", [f"[ERROR] must be a {kind} view [json-pointer:/view/type]"])
    if kind == "modal":
        checks.text(view.get("title"), "/view/title", 24, plain=True)
        for key in ("submit", "close"):
            if view.get(key):
                checks.text(view[key], f"/view/{key}", 24, plain=True)
        if not view.get("submit") and any(b.get("type") == "input" for b in view.get("blocks", [])):
            checks.fail("/view", "missing required field: submit")
    for key, most in (("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)):
        checks.optional(view, key, "/view", most)
    checks.problems += [p.replace(":/blocks", ":/view/blocks") for p in problems(view.get("blocks"), kind)]
    if checks.problems:
        raise SlackError("invalid_arguments", checks.problems)
    if len(json.dumps(view)) > LARGEST:
        raise SlackError("view_too_large")
    return view | {"blocks": with_ids(view["blocks"])}


def put_view(core: Core, user: str, content: Any, *, onto: list[View]) -> View:
    """Open a modal above those a person has open."""
    if len(onto) >= DEEPEST:
        raise SlackError("push_limit_reached")
    kept = check_view(content, "modal")
    _external_id_is_free(core, kept, None)
    made = core.workspace.new_id("V")
    root, previous = (onto[0].root, onto[-1].id) if onto else (made, None)
    view = View(made, user, kept, _hash(core), root, previous)
    core.workspace.modals[user] = [*onto, view]
    core.workspace.tell_views(user)
    return view


def replace_view(core: Core, view: View, content: Any) -> View:
    """Put other content into a view; what the person filled in stays where block and action are the same."""
    kept = check_view(content, view.content["type"])
    _external_id_is_free(core, kept, view)
    view.content, view.hash, view.errors = kept, _hash(core), {}
    alive = {block["block_id"] for block in kept["blocks"]}
    view.state = {block: values for block, values in view.state.items() if block in alive}
    core.workspace.tell_views(view.user)
    return view


async def _open(core: Core, args: Json) -> Json:
    used = _trigger(core, args)
    return {"view": put_view(core, used.user, args.get("view"), onto=[]).wire()}


async def _push(core: Core, args: Json) -> Json:
    used = _trigger(core, args)
    stack = core.workspace.stack(used.user)
    if used.view is None or not stack:
        raise SlackError("invalid_trigger_id")
    return {"view": put_view(core, used.user, args.get("view"), onto=stack).wire()}


async def _update(core: Core, args: Json) -> Json:
    view = core.workspace.view(args.get("view_id") or need(args, "external_id"))
    _same_hash(view, args)
    return {"view": replace_view(core, view, args.get("view")).wire()}


async def _publish(core: Core, args: Json) -> Json:
    user = need(args, "user_id")
    if user not in core.workspace.users:
        raise SlackError("invalid_arguments", ["[ERROR] user not found [json-pointer:/user_id]"])
    home = core.workspace.homes.get(user)
    if home is None:
        made = core.workspace.new_id("V")
        kept = check_view(args.get("view"), "home")
        home = core.workspace.homes[user] = View(made, user, kept, _hash(core), made)
        core.workspace.tell_views(user)
    else:
        _same_hash(home, args)
        replace_view(core, home, args.get("view"))
    return {"view": home.wire()}


def _trigger(core: Core, args: Json) -> Trigger:
    given = args.get("trigger_id") or args.get("interactivity_pointer")
    if not given:
        raise SlackError("invalid_arguments", ["[ERROR] missing required field: trigger_id"])
    return core.tickets.redeem(given)


def _same_hash(view: View, args: Json) -> None:
    if args.get("hash") and args["hash"] != view.hash:
        raise SlackError("hash_conflict")


def _external_id_is_free(core: Core, content: Json, own: View | None) -> None:
    wanted = content.get("external_id")
    every = [view for stack in core.workspace.modals.values() for view in stack]
    if wanted and any(v is not own and v.content.get("external_id") == wanted for v in every):
        raise SlackError("duplicate_external_id")


def _hash(core: Core) -> str:
    return f"{int(core.workspace.clock.now().timestamp())}.{secrets.token_hex(4)}"


METHODS: Final = {
    "views.open": Method(_open, 4),
    "views.push": Method(_push, 4),
    "views.update": Method(_update, 4),
    "views.publish": Method(_publish, 4),
}
