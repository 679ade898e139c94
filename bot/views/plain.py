"""Blocks as plain text, for the command line: the same words, without Slack."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from bot.views.rendered import Block, Rendered

_SIGNS: Final = {"pending": "·", "in_progress": "▸", "complete": "✓", "error": "✗"}
_DATE: Final = re.compile(r"<!date\^(\d+)\^([^|>]*)\|[^>]*>")
_MENTION: Final = re.compile(r"<(?:@|#|!subteam\^)([A-Z0-9]+)(?:\|([^>]*))?>")


def plain(rendered: Rendered, tz: tzinfo) -> str:
    """Return a message as text. tz: the zone in which instants are written."""
    lines = [line for block in rendered.blocks for line in _lines(block)]
    return "\n".join(_words(line, tz) for line in lines or [rendered.text])


def _lines(block: Block) -> Iterator[str]:
    match block["type"]:
        case "section" | "header":
            yield block["text"]["text"]
            if "accessory" in block:
                yield _button(block["accessory"])
        case "context":
            yield " · ".join(element["text"] for element in block["elements"])
        case "actions":
            yield " ".join(_button(element) for element in block["elements"])
        case "divider":
            yield ""
        case "plan":
            yield block["title"]
            yield from (_task(task) for task in block["tasks"])
        case "table":
            yield from _table([[_cell(cell) for cell in row] for row in block["rows"]])
        case other:
            raise AssertionError(f"no plain form of {other}")


def _task(task: Block) -> str:
    details = f" - {_cell(task['details'])}" if "details" in task else ""
    return f"  {_SIGNS[task['status']]} {task['title']}{details}"


def _button(element: Block) -> str:
    return f"[{element['text']['text']}]"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()


def _cell(cell: Any) -> str:
    """Return the words in a cell or a rich text, however deep they lie."""
    if isinstance(cell, list):
        return "".join(_cell(part) for part in cell)
    if isinstance(cell.get("text"), str):
        return str(cell["text"])
    if cell["type"] == "date":
        return f"<!date^{cell['timestamp']}^{cell['format']}|{cell['fallback']}>"
    if cell["type"] == "user":
        return f"@{cell['user_id']}"
    return _cell(cell.get("elements", []))


def _words(text: str, tz: tzinfo) -> str:
    text = _DATE.sub(lambda found: _instant(int(found[1]), found[2], tz), text)
    text = _MENTION.sub(lambda found: f"@{found[2] or found[1]}", text)
    text = re.sub(r"(?<!\w)\*(.+?)\*(?!\w)", r"\1", text).replace("`", "")
    text = re.sub(r":[a-z_]+: ", "", text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _instant(stamp: int, form: str, tz: tzinfo) -> str:
    at = datetime.fromtimestamp(stamp, UTC).astimezone(tz)
    time = f"{at:%H:%M:%S}" if "{time_secs}" in form else f"{at:%H:%M}"
    return f"{at:%a} {at.day} {at:%b} {time} {at:%Z}" if "{date" in form else time
