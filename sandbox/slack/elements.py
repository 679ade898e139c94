"""The limits of block elements: buttons, menus, pickers, inputs. What Slack refuses is refused here."""

from collections.abc import Callable
from typing import Any, Final

from sandbox.slack.checks import Checks, Json

INPUTS: Final = frozenset({
    "plain_text_input",
    "number_input",
    "email_text_input",
    "url_text_input",
    "static_select",
    "multi_static_select",
    "users_select",
    "channels_select",
    "conversations_select",
    "checkboxes",
    "radio_buttons",
    "datepicker",
    "timepicker",
    "datetimepicker",
})  # fmt: skip
"""What may stand in an input block."""

ACTIONS: Final = (INPUTS - {"plain_text_input", "number_input", "email_text_input", "url_text_input"}) | {
    "button",
    "overflow",
}
"""What may stand in an actions block, or beside a section."""


def check_element(checks: Checks, element: Any, where: str, allowed: frozenset[str]) -> None:
    """Check one interactive element."""
    kind = element.get("type") if isinstance(element, dict) else None
    if kind not in allowed:
        checks.fail(f"{where}/type", f"unsupported type: {kind}")
        return
    checks.optional(element, "action_id", where, 255)
    if "placeholder" in element:
        checks.text(element["placeholder"], f"{where}/placeholder", 150, plain=True)
    if "confirm" in element:
        _confirm(checks, element["confirm"], f"{where}/confirm")
    special = _SPECIAL.get(kind)
    if special:
        special(checks, element, where)


def _confirm(checks: Checks, confirm: Json, where: str) -> None:
    for key, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
        if key in ("title", "text") or key in confirm:
            checks.text(confirm.get(key), f"{where}/{key}", most, plain=key != "text")


def _button(checks: Checks, element: Json, where: str) -> None:
    checks.text(element.get("text"), f"{where}/text", 75, plain=True)
    checks.optional(element, "value", where, 2000)
    checks.optional(element, "url", where, 3000)
    checks.optional(element, "accessibility_label", where, 75)
    if element.get("style") not in (None, "primary", "danger"):
        checks.fail(f"{where}/style", "must be one of primary, danger")


def _options(most: int) -> Callable[[Checks, Json, str], None]:
    def check(checks: Checks, element: Json, where: str) -> None:
        if "option_groups" in element:
            for at, group in enumerate(checks.count(element["option_groups"], f"{where}/option_groups", 100)):
                checks.text(group.get("label"), f"{where}/option_groups/{at}/label", 75, plain=True)
                _each_option(checks, group.get("options"), f"{where}/option_groups/{at}/options", most)
        else:
            _each_option(checks, element.get("options"), f"{where}/options", most)
        _initial(checks, element, where)

    return check


def _each_option(checks: Checks, options: Any, where: str, most: int) -> None:
    found = checks.count(options, where, most)
    for at, option in enumerate(found):
        checks.text(option.get("text"), f"{where}/{at}/text", 75)
        checks.length(option.get("value"), f"{where}/{at}/value", 150)
        if "description" in option:
            checks.text(option["description"], f"{where}/{at}/description", 75)


def _initial(checks: Checks, element: Json, where: str) -> None:
    groups = element.get("option_groups") or [{"options": element.get("options") or []}]
    offered = [option for group in groups for option in group.get("options", [])]
    picked = element.get("initial_options") or [element[k] for k in ("initial_option",) if element.get(k)]
    if any(option not in offered for option in picked):
        checks.fail(where, "initial option must exactly match one of the options")


def _plain_text_input(checks: Checks, element: Json, where: str) -> None:
    checks.optional(element, "initial_value", where, 3000)
    if element.get("max_length", 1) > 3000 or element.get("min_length", 0) > 3000:  # noqa: PLR2004 - Slack's limit
        checks.fail(where, "max_length must be at most 3000")


_SPECIAL: Final[dict[str, Callable[[Checks, Json, str], None]]] = {
    "button": _button,
    "static_select": _options(100),
    "multi_static_select": _options(100),
    "overflow": _options(5),
    "checkboxes": _options(10),
    "radio_buttons": _options(10),
    "plain_text_input": _plain_text_input,
}
