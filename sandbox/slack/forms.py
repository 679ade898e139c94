"""What a person picked in an element, in the shape Slack reports it; and which inputs they left empty."""

from typing import Any, Final

from sandbox.slack.records import Json

REQUIRED: Final = "Please complete this required field."

_SINGLE: Final = {
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "users_select": ("selected_user", "initial_user"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
}
_ONE_OPTION: Final = ("static_select", "radio_buttons", "overflow")
_OPTIONS: Final = ("multi_static_select", "checkboxes")


def picked(element: Json, raw: Any) -> Json:
    """Return an element's value: raw is what was typed, the value of an option, or a list of such values."""
    kind = element["type"]
    if kind in _ONE_OPTION:
        return {"type": kind, "selected_option": _option(element, raw)}
    if kind in _OPTIONS:
        return {"type": kind, "selected_options": [_option(element, value) for value in raw or []]}
    if kind in _SINGLE:
        if kind == "datetimepicker" and raw is not None:
            raw = int(raw)
        return {"type": kind, _SINGLE[kind][0]: raw}
    return {"type": kind}


def initial(element: Json) -> Json | None:
    """Return what an element holds before anybody touched it; None when it holds no value at all."""
    kind = element.get("type", "")
    if kind in ("static_select", "radio_buttons"):
        return {"type": kind, "selected_option": element.get("initial_option")}
    if kind in _OPTIONS:
        return {"type": kind, "selected_options": element.get("initial_options", [])}
    if kind in _SINGLE:
        key, first = _SINGLE[kind]
        return {"type": kind, key: element.get(first)}
    return None


def elements(blocks: list[Json]) -> list[tuple[Json, Json]]:
    """Return every interactive element with the block it stands in."""
    found: list[tuple[Json, Json]] = []
    for block in blocks:
        inside = [block[key] for key in ("accessory", "element") if block.get(key)]
        if block["type"] == "actions":
            inside += block["elements"]
        found += [(block, element) for element in inside if element.get("type") != "image"]
    return found


def state_of(blocks: list[Json], held: Json) -> Json:
    """Return state.values: what was picked, else each element's initial value."""
    values: Json = {}
    for block, element in elements(blocks):
        now = held.get(block["block_id"], {}).get(element["action_id"]) or initial(element)
        if now is not None:
            values.setdefault(block["block_id"], {})[element["action_id"]] = now
    return values


def missing(blocks: list[Json], values: Json) -> dict[str, str]:
    """Return the required inputs that are empty, with what Slack writes under them."""
    empty: dict[str, str] = {}
    for block, element in elements(blocks):
        if block["type"] != "input" or block.get("optional"):
            continue
        held = values.get(block["block_id"], {}).get(element["action_id"], {})
        if not any(value for key, value in held.items() if key != "type"):
            empty[block["block_id"]] = REQUIRED
    return empty


def _option(element: Json, value: Any) -> Json | None:
    if value is None:
        return None
    groups = element.get("option_groups") or [{"options": element["options"]}]
    for option in (option for group in groups for option in group["options"]):
        if option["value"] == value:
            return dict(option)
    raise ValueError(f"no option {value!r} in {element.get('action_id')}")
