"""Blocks as plain text, for the command line: the same words, without Slack."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from bot.views.rendered import Block, Rendered

_SIGNS: Final = {"pending": "·", "in_progress": "▸", "complete": "✓", "error": "✗"}
_DATE: Final = re.compile(r"<!date\^(\d+)\^([^|>]*)\|[^>]*>")
_MENTION: Final = re.compile(r"<(@|#|!subteam\^)([A-Z0-9]+)(?:\|([^>]*))?>")
_BOLD: Final = re.compile(r"(?<!\w)\*(.+?)\*(?!\w)")
_EMOJI: Final = re.compile(r"(?<!\S):[a-z_]+: ")
_CODE: Final = re.compile(r"`([^`\n]+)`")


def _as_it_is(words: str) -> str:
    return words


@dataclass(frozen=True)
class Reader:
    """Who reads it, and where.

    tz           the zone in which instants are written
    named        what they call a Slack id of a person, a group or a channel; the id itself where it is not known
    typed        a command of Slack's as they would type it
    has_buttons  whether buttons are shown, as `[Approve]`: nobody can press one on a terminal
    """

    tz: tzinfo
    named: Callable[[str], str] = _as_it_is
    typed: Callable[[str], str] = _as_it_is
    has_buttons: bool = True

    def text(self, mrkdwn: str) -> str:
        """Return Slack's mrkdwn as plain text."""
        text = _DATE.sub(lambda found: _instant(int(found[1]), found[2], self.tz), mrkdwn)
        text = _MENTION.sub(self._mention, text)
        text = _EMOJI.sub("", _BOLD.sub(r"\1", text))
        text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        return _CODE.sub(lambda found: self.typed(found[1]), text).replace("`", "")

    def _mention(self, found: re.Match[str]) -> str:
        return f"{'#' if found[1] == '#' else '@'}{found[3] or self.named(found[2])}"

    def lines(self, rendered: Rendered) -> Iterator[str]:
        """Yield a message's lines."""
        blocks = [line for block in rendered.blocks for line in self._lines(block)]
        yield from blocks or [self.text(rendered.text)]

    def _lines(self, block: Block) -> Iterator[str]:
        match block["type"]:
            case "section" | "header":
                text = self._text(block["text"])
                yield f"{text}  {_button(block['accessory'])}" if "accessory" in block and self.has_buttons else text
            case "context":
                yield " · ".join(self._text(element) for element in block["elements"])
            case "actions":
                if self.has_buttons:
                    yield " ".join(_button(element) for element in block["elements"])
            case "divider":
                yield ""
            case "plan":
                yield f"{block['title']}:"
                yield from (self._task(task) for task in block["tasks"])
            case "table":
                yield from columns([[self._rich(cell) for cell in row] for row in block["rows"]])
            case other:
                raise AssertionError(f"no plain form of {other}")

    def _task(self, task: Block) -> str:
        details = f" - {self._rich(task['details'])}" if "details" in task else ""
        return f"  {_SIGNS[task['status']]} {task['title']}{details}"

    def _rich(self, part: Any) -> str:
        """Return the words in a cell or a rich text, however deep they lie."""
        match part["type"]:
            case "date":
                return _instant(part["timestamp"], part["format"], self.tz)
            case "user":
                return f"@{self.named(part['user_id'])}"
            case "text" | "raw_text":
                return str(part["text"])
            case _:
                return "".join(self._rich(each) for each in part["elements"])

    def _text(self, text: Block) -> str:
        return self.text(text["text"]) if text["type"] == "mrkdwn" else str(text["text"])


def plain(rendered: Rendered, tz: tzinfo) -> str:
    """Return a message as text, buttons too. tz: the zone in which instants are written."""
    return "\n".join(Reader(tz).lines(rendered))


def columns(rows: Sequence[Sequence[str]], indent: str = "") -> Iterator[str]:
    """Yield rows with their cells below each other; the last column is as wide as it is."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))] if rows else []
    for row in rows:
        yield indent + "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()


def _button(element: Block) -> str:
    return f"[{element['text']['text']}]"


def _instant(stamp: int, form: str, tz: tzinfo) -> str:
    at = datetime.fromtimestamp(stamp, UTC).astimezone(tz)
    time = f"{at:%H:%M:%S}" if "{time_secs}" in form else f"{at:%H:%M}"
    return f"{at:%a} {at.day} {at:%b} {time} {at:%Z}" if "{date" in form else time
