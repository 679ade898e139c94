"""Blocks as plain text, for the command line: the same words, without Slack."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from bot.views.rendered import Block, Rendered

_SIGNS: Final = {"pending": "·", "in_progress": "▸", "complete": "✓", "error": "✗"}
_DATE: Final = re.compile(r"<!date\^(\d+)\^([^|>]*)\|[^>]*>")
_MENTION: Final = re.compile(r"<(?:@|#|!subteam\^)([A-Z0-9]+)(?:\|([^>]*))?>")
_BOLD: Final = re.compile(r"(?<!\w)\*(.+?)\*(?!\w)")
_EMOJI: Final = re.compile(r"(?<!\S):[a-z_]+: ")


def plain(rendered: Rendered, tz: tzinfo) -> str:
    """Return a message as text. tz: the zone in which instants are written."""
    lines = [line for block in rendered.blocks for line in _lines(block, tz)]
    return "\n".join(lines or [_mrkdwn(rendered.text, tz)])


def _lines(block: Block, tz: tzinfo) -> Iterator[str]:
    match block["type"]:
        case "section" | "header":
            text = _text(block["text"], tz)
            yield f"{text}  {_button(block['accessory'])}" if "accessory" in block else text
        case "context":
            yield " · ".join(_text(element, tz) for element in block["elements"])
        case "actions":
            yield " ".join(_button(element) for element in block["elements"])
        case "divider":
            yield ""
        case "plan":
            yield f"{block['title']}:"
            yield from (_task(task, tz) for task in block["tasks"])
        case "table":
            yield from _table([[_rich(cell, tz) for cell in row] for row in block["rows"]])
        case other:
            raise AssertionError(f"no plain form of {other}")


def _button(element: Block) -> str:
    return f"[{element['text']['text']}]"


def _task(task: Block, tz: tzinfo) -> str:
    details = f" - {_rich(task['details'], tz)}" if "details" in task else ""
    return f"  {_SIGNS[task['status']]} {task['title']}{details}"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()


def _rich(part: Any, tz: tzinfo) -> str:
    """Return the words in a cell or a rich text, however deep they lie."""
    match part["type"]:
        case "date":
            return _instant(part["timestamp"], part["format"], tz)
        case "user":
            return f"@{part['user_id']}"
        case "text" | "raw_text":
            return str(part["text"])
        case _:
            return "".join(_rich(each, tz) for each in part["elements"])


def _text(text: Block, tz: tzinfo) -> str:
    return _mrkdwn(text["text"], tz) if text["type"] == "mrkdwn" else str(text["text"])


def _mrkdwn(text: str, tz: tzinfo) -> str:
    text = _DATE.sub(lambda found: _instant(int(found[1]), found[2], tz), text)
    text = _MENTION.sub(lambda found: f"@{found[2] or found[1]}", text)
    text = _EMOJI.sub("", _BOLD.sub(r"\1", text)).replace("`", "")
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _instant(stamp: int, form: str, tz: tzinfo) -> str:
    at = datetime.fromtimestamp(stamp, UTC).astimezone(tz)
    time = f"{at:%H:%M:%S}" if "{time_secs}" in form else f"{at:%H:%M}"
    return f"{at:%a} {at.day} {at:%b} {time} {at:%Z}" if "{date" in form else time
