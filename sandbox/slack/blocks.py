"""The limits of Block Kit, by block and by surface, and the ids that Slack adds to what it stores.

source  docs.slack.dev, reference/block-kit; the total of a message was measured, see TOTAL
"""

import secrets
from collections.abc import Callable
from typing import Any, Final

from sandbox.slack.charts import chart
from sandbox.slack.checks import Checks, Json
from sandbox.slack.elements import ACTIONS, INPUTS, check_element

MOST: Final = {"message": 50, "modal": 100, "home": 100}
TOTAL: Final = 13_200
"""Characters of text in one message's blocks; Slack documents no number, this is where it was seen to bite."""
MARKDOWN: Final = 12_000
MESSAGE_ONLY: Final = frozenset({"markdown", "plan", "task_card", "table", "data_visualization"})
STATUSES: Final = ("pending", "in_progress", "complete", "error")
ONE_A_MESSAGE: Final = {"table": 1, "data_visualization": 2}


def problems(blocks: Any, surface: str) -> list[str]:
    """Return all that Slack would find wrong with the blocks of a message, a modal or a home tab."""
    checks = Checks()
    found = checks.count(blocks, "/blocks", MOST[surface], least=0)
    for at, block in enumerate(found):
        _block(checks, block, f"/blocks/{at}", surface)
    ids = [b["block_id"] for b in found if isinstance(b, dict) and b.get("block_id")]
    checks.unique(ids, "/blocks", "block_id")
    for kind, most in ONE_A_MESSAGE.items():
        if sum(b.get("type") == kind for b in found if isinstance(b, dict)) > most:
            checks.fail("/blocks", f"no more than {most} {kind} blocks allowed")
    return checks.problems


def weight(thing: Any) -> int:
    """Return the characters of text a person could read in some blocks."""
    if isinstance(thing, list):
        return sum(weight(item) for item in thing)
    if not isinstance(thing, dict):
        return 0
    words = sum(len(thing[key]) for key in ("text", "title", "label", "alt_text") if isinstance(thing.get(key), str))
    return words + sum(weight(value) for value in thing.values() if isinstance(value, dict | list))


def with_ids(blocks: list[Json]) -> list[Json]:
    """Return the blocks with the block_id and action_id that Slack makes up where the app gave none."""
    return [_with_ids(block) for block in blocks]


def _with_ids(block: Json) -> Json:
    named = {"block_id": secrets.token_urlsafe(4), **block}
    for key in ("accessory", "element"):
        if isinstance(named.get(key), dict) and named[key].get("type") != "image":
            named[key] = {"action_id": secrets.token_urlsafe(4), **named[key]}
    if named["type"] == "actions":
        named["elements"] = [{"action_id": secrets.token_urlsafe(4), **element} for element in named["elements"]]
    return named


def _block(checks: Checks, block: Any, where: str, surface: str) -> None:
    kind = block.get("type") if isinstance(block, dict) else None
    check = _BLOCKS.get(str(kind))
    if check is None:
        checks.fail(f"{where}/type", f"unsupported block: {kind}")
        return
    if (kind in MESSAGE_ONLY and surface != "message") or (kind == "alert" and surface != "modal"):
        checks.fail(f"{where}/type", f"{kind} is not allowed in a {surface}")
    checks.optional(block, "block_id", where, 255)
    check(checks, block, where)


def _section(checks: Checks, block: Json, where: str) -> None:
    if block.get("text") is None and not block.get("fields"):
        checks.fail(where, "missing required field: text or fields")
    if block.get("text") is not None:
        checks.text(block["text"], f"{where}/text", 3000)
    if "fields" in block:
        for at, each in enumerate(checks.count(block["fields"], f"{where}/fields", 10)):
            checks.text(each, f"{where}/fields/{at}", 2000)
    accessory = block.get("accessory")
    if accessory and accessory.get("type") == "image":
        _image(checks, accessory, f"{where}/accessory")
    elif accessory:
        check_element(checks, accessory, f"{where}/accessory", ACTIONS)


def _header(checks: Checks, block: Json, where: str) -> None:
    checks.text(block.get("text"), f"{where}/text", 150, plain=True)


def _divider(_checks: Checks, _block: Json, _where: str) -> None:
    """Nothing can be wrong with a line."""


def _context(checks: Checks, block: Json, where: str) -> None:
    for at, each in enumerate(checks.count(block.get("elements"), f"{where}/elements", 10)):
        if each.get("type") == "image":
            _image(checks, each, f"{where}/elements/{at}")
        else:
            checks.text(each, f"{where}/elements/{at}", 2000)


def _actions(checks: Checks, block: Json, where: str) -> None:
    elements = checks.count(block.get("elements"), f"{where}/elements", 25)
    for at, each in enumerate(elements):
        check_element(checks, each, f"{where}/elements/{at}", ACTIONS)
    ids = [each["action_id"] for each in elements if isinstance(each, dict) and each.get("action_id")]
    checks.unique(ids, f"{where}/elements", "action_id")


def _input(checks: Checks, block: Json, where: str) -> None:
    checks.text(block.get("label"), f"{where}/label", 2000, plain=True)
    if block.get("hint"):
        checks.text(block["hint"], f"{where}/hint", 2000, plain=True)
    check_element(checks, block.get("element"), f"{where}/element", INPUTS)


def _image(checks: Checks, block: Json, where: str) -> None:
    checks.length(block.get("image_url"), f"{where}/image_url", 3000)
    checks.length(block.get("alt_text"), f"{where}/alt_text", 2000)
    if block.get("title"):
        checks.text(block["title"], f"{where}/title", 2000, plain=True)


def _markdown(checks: Checks, block: Json, where: str) -> None:
    checks.length(block.get("text"), f"{where}/text", MARKDOWN)


def _rich_text(checks: Checks, block: Json, where: str) -> None:
    kinds = ("rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted")
    for at, each in enumerate(checks.count(block.get("elements"), f"{where}/elements", 500)):
        if each.get("type") not in kinds:
            checks.fail(f"{where}/elements/{at}/type", f"must be one of {', '.join(kinds)}")
        checks.count(each.get("elements"), f"{where}/elements/{at}/elements", 1000, least=0)


def _task_card(checks: Checks, block: Json, where: str) -> None:
    checks.length(block.get("task_id"), f"{where}/task_id", 255)
    checks.length(block.get("title"), f"{where}/title", 3000)
    if block.get("status", "pending") not in STATUSES:
        checks.fail(f"{where}/status", f"must be one of {', '.join(STATUSES)}")
    for key in ("details", "output"):
        if block.get(key) is not None and block[key].get("type") != "rich_text":
            checks.fail(f"{where}/{key}", "must be a rich_text block")
        elif block.get(key) is not None:
            _rich_text(checks, block[key], f"{where}/{key}")


def _plan(checks: Checks, block: Json, where: str) -> None:
    checks.length(block.get("title"), f"{where}/title", 3000)
    tasks = checks.count(block.get("tasks", []), f"{where}/tasks", 50, least=0)
    for at, task in enumerate(tasks):
        _task_card(checks, task, f"{where}/tasks/{at}")
    checks.unique([task.get("task_id") for task in tasks], f"{where}/tasks", "task_id")


def _table(checks: Checks, block: Json, where: str) -> None:
    for at, row in enumerate(checks.count(block.get("rows"), f"{where}/rows", 100)):
        for column, cell in enumerate(checks.count(row, f"{where}/rows/{at}", 20)):
            if cell.get("type") not in ("raw_text", "raw_number", "rich_text"):
                checks.fail(f"{where}/rows/{at}/{column}/type", "must be one of raw_text, raw_number, rich_text")
    checks.count(block.get("column_settings", []), f"{where}/column_settings", 20, least=0)
    if weight(block.get("rows")) > 10_000:  # noqa: PLR2004 - Slack's limit on all cells together
        checks.fail(where, "table content must be less than 10001 characters")


def _alert(checks: Checks, block: Json, where: str) -> None:
    checks.text(block.get("text"), f"{where}/text", 200)


_BLOCKS: Final[dict[str, Callable[[Checks, Json, str], None]]] = {
    "section": _section,
    "header": _header,
    "divider": _divider,
    "context": _context,
    "actions": _actions,
    "input": _input,
    "image": _image,
    "markdown": _markdown,
    "rich_text": _rich_text,
    "task_card": _task_card,
    "plan": _plan,
    "table": _table,
    "data_visualization": chart,
    "alert": _alert,
}

KINDS: Final = frozenset(_BLOCKS)
"""Every block that is known here, and that the page therefore has to draw."""
