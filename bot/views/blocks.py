"""Block Kit, as little of it as we use, and always within Slack's limits (docs.slack.dev, and measured).

message() is the one place where a message's size is held: whatever its parts are, what leaves here can be posted.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from bot.views.rendered import Block, Rendered
from bot.views.text import cut, fallback, is_user, shorten

SECTION: Final = 3000
CONTEXT: Final = 2000
BUTTON: Final = 75
CONFIRM: Final = 300
BLOCKS: Final = 50
TASKS: Final = 50
ROWS: Final = 99
"""Slack takes 100 with the heading."""
TEXT: Final = 3000
"""Of the fallback text; chat.update refuses more than 4,000."""
TOTAL: Final = 12_500
"""Characters of one message's blocks: Slack was seen to refuse near 13,200."""
_TABLE: Final = 9000
_CELL: Final = 200
_PLAN: Final = 7000
"""For all tasks of a plan: the rest of TOTAL is for what stands around it."""
_WORTH_KEEPING: Final = 80


def message(text: str, *blocks: Block | None) -> Rendered:
    """Return a message that Slack takes: 50 blocks, and no more text than it stands. Buttons are never cut away."""
    present = [block for block in blocks if block is not None]
    return Rendered(cut(text, TEXT), _fitted(present))


def _fitted(blocks: Sequence[Block]) -> list[Block]:
    left = TOTAL - sum(weight(block) for block in blocks if block["type"] == "actions")
    room = BLOCKS - sum(block["type"] == "actions" for block in blocks)
    kept: list[Block] = []
    for block in blocks:
        if block["type"] != "actions":
            if room <= 0 or left < min(weight(block), _WORTH_KEEPING):
                continue
            block = _shortened(block, left)  # noqa: PLW2901 - the same block, shorter
            if weight(block) > left:
                continue
            left, room = left - weight(block), room - 1
        kept.append(block)
    return kept[:BLOCKS]


def _shortened(block: Block, most: int) -> Block:
    if weight(block) <= most or block["type"] != "section":
        return block
    beside = weight(block) - len(block["text"]["text"])
    return {**block, "text": {**block["text"], "text": cut(block["text"]["text"], max(2, most - beside))}}


def weight(thing: Any) -> int:
    """Return the characters in blocks that a person could read."""
    if isinstance(thing, list):
        return sum(weight(item) for item in thing)
    if not isinstance(thing, dict):
        return 0
    words = (thing.get(key) for key in ("text", "title", "label", "fallback"))
    return sum(len(word) for word in words if isinstance(word, str)) + sum(weight(value) for value in thing.values())


def section(text: str, accessory: Block | None = None) -> Block:
    """Return a paragraph. verbatim: Slack makes no links or channels of bare words."""
    block: Block = {"type": "section", "text": _mrkdwn(text, SECTION)}
    return {**block, "accessory": accessory} if accessory else block


def context(*texts: str) -> Block | None:
    """Return small print; None when there is none."""
    present = [text for text in texts if text]
    return {"type": "context", "elements": [_mrkdwn(" · ".join(present), CONTEXT)]} if present else None


def header(text: str) -> Block:
    """Return a heading."""
    return {"type": "header", "text": plain_text(text, 150)}


def divider() -> Block:
    """Return a line."""
    return {"type": "divider"}


def actions(*buttons: Block | None) -> Block | None:
    """Return a row of buttons; None when none applies."""
    present = [button for button in buttons if button is not None]
    return {"type": "actions", "elements": present} if present else None


def button(
    action: str, text: str, value: object, *, style: str = "", sure: tuple[str, str, str] | None = None
) -> Block:
    """Return a button.

    style   "primary", "danger" or neither
    sure    (title, text, yes): ask once more before it counts
    """
    made: Block = {"type": "button", "action_id": action, "text": plain_text(text, BUTTON), "value": str(value)}
    if style:
        made["style"] = style
    if sure:
        title, question, yes = sure
        made["confirm"] = {
            "title": plain_text(title, 100),
            "text": plain_text(question, CONFIRM),
            "confirm": plain_text(yes, 30),
            "deny": plain_text("Not now", 30),
        }
    return made


def plain_text(text: str, most: int) -> Block:
    """Return text that Slack shows as it is."""
    return {"type": "plain_text", "text": shorten(text, most)}


def plan(title: str, tasks: Sequence[Block]) -> Block:
    """Return a plan of at most 50 tasks, each as short as their number needs."""
    share = _PLAN // max(1, len(tasks))
    return {"type": "plan", "title": shorten(title, 150), "tasks": [_within(task, share) for task in tasks[:TASKS]]}


def task(
    task_id: str, title: str, status: str, details: str = "", *, since: tuple[str, datetime] | None = None
) -> Block:
    """Return one line of a plan.

    details   shown when the reader opens it
    since     goes before them: a few words and an instant, "try 2 of 3, since" 16:44
    """
    card: Block = {"type": "task_card", "task_id": task_id[:255], "title": title, "status": status}
    said = _words(shorten(" ".join(details.split()), _CELL)) if details else []
    if since is not None:
        said = [{"type": "text", "text": f"{since[0]} "}, _date(since[1]), *([_SEMICOLON, *said] if said else [])]
    return {**card, "details": rich_cell(*said)} if said else card


_SEMICOLON: Final[Block] = {"type": "text", "text": "; "}


def _within(card: Block, share: int) -> Block:
    title = shorten(card["title"], max(60, share - 60))
    shorter = {**card, "title": title}
    if weight(shorter) > share:
        shorter.pop("details", None)
    return shorter


def table(heading: Sequence[str], rows: Sequence[Sequence[Block]], wrapped: str) -> Block:
    """Return a table of at most 99 rows, its cells cut until they are within what Slack takes.

    wrapped   the column of people's or far sides' words, whose cells may take several lines
    """
    shown = [[cell(word) for word in heading], *rows[:ROWS]]
    most = _CELL
    while weight(shown) > _TABLE:
        most //= 2
        shown = [[_cell_within(each, most) for each in row] for row in shown]
    columns = [{"is_wrapped": word == wrapped} for word in heading]
    return {"type": "table", "column_settings": columns, "rows": shown}


def cell(text: str) -> Block:
    """Return a cell of plain words, on one line; Slack makes nothing of them, so they need no escaping."""
    return {"type": "raw_text", "text": shorten(" ".join(text.split()), _CELL) or "-"}


def date_cell(at: datetime) -> Block:
    """Return a cell with an instant that each reader sees in their own zone."""
    return rich_cell(_date(at))


def span_cell(begins: datetime, ends: datetime) -> Block:
    """Return a cell with both ends of what has not begun."""
    return rich_cell(_date(begins), {"type": "text", "text": " to "}, _date(ends))


def _date(at: datetime) -> Block:
    date = {"type": "date", "timestamp": int(at.timestamp()), "format": "{date_short_pretty} {time}"}
    return {**date, "fallback": fallback(at)}


def person_cell(person: str) -> Block:
    """Return a cell with a person; `cli:<account>` and lendbot itself are plain words."""
    return rich_cell({"type": "user", "user_id": person}) if is_user(person) else cell(person)


def _cell_within(each: Block, most: int) -> Block:
    return {**each, "text": shorten(each["text"], most)} if each["type"] == "raw_text" else each


def rich_cell(*elements: Block) -> Block:
    """Return a cell of rich text: a person, a date."""
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


def rich(text: str) -> Block:
    """Return plain words as rich text; what stands between back quotes becomes code."""
    return rich_cell(*_words(text))


def _words(text: str) -> list[Block]:
    pieces = re.split(r"`([^`]+)`", text)
    return [
        {"type": "text", "text": piece, **({"style": {"code": True}} if at % 2 else {})}
        for at, piece in enumerate(pieces)
        if piece
    ]


def _mrkdwn(text: str, most: int) -> Block:
    return {"type": "mrkdwn", "text": cut(text, most), "verbatim": True}
