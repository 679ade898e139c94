"""Plays people in a site's Slack from another process, and reads what they see, over /sandbox/api."""

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, Final, TypeVar

T = TypeVar("T")

TIMEOUT_S: Final = 15.0
_LOOK_EVERY_S: Final = 0.1


class TookTooLong(Exception):  # noqa: N818 - it names what happened
    """What was waited for did not come. The text says what, and what was seen last."""


class Driver:
    """One site's people."""

    def __init__(self, page_url: str) -> None:
        self._url = page_url

    def get(self, path: str) -> Any:
        """Return what the site answers under /sandbox/api/."""
        with urllib.request.urlopen(f"{self._url}/sandbox/api/{path}", timeout=TIMEOUT_S) as answer:
            return json.load(answer)

    def post(self, path: str, **body: Any) -> Any:
        """Do something at the site."""
        request = urllib.request.Request(
            f"{self._url}/sandbox/api/{path}",
            data=json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as e:
            raise RuntimeError(f"{path}: {e.read().decode(errors='replace')}") from e

    def messages(self, channel: str, user: str) -> list[dict[str, Any]]:
        """Return what a person sees in a channel, oldest first, threads included."""
        rooms: dict[str, list[dict[str, Any]]] = self.get(f"messages?channel={channel}&user={user}")
        return [message for room in rooms.values() for message in room]


def wait_for(what: str, look: Callable[[], T | None], within_s: float) -> T:
    """Look until there is something, and return it.

    raises   TookTooLong
    """
    deadline = time.monotonic() + within_s
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise TookTooLong(f"{what}: not within {within_s:.0f} s")
        time.sleep(_LOOK_EVERY_S)
    return found


def buttons(message: dict[str, Any]) -> dict[str, str]:
    """Return a message's buttons: action_id to value."""
    elements = [e for b in message.get("blocks", []) if b["type"] == "actions" for e in b["elements"]]
    return {e["action_id"]: str(e.get("value", "")) for e in elements}


def told(message: dict[str, Any]) -> str:
    """Return a message as text: blocks line by line, buttons in brackets, Slack's marks as a reader sees them."""
    lines = [line for block in message.get("blocks", []) for line in _lines(block)]
    return "\n".join(_plain(line) for line in lines or [message.get("text", "")] if line)


def _lines(block: dict[str, Any]) -> list[str]:
    match block["type"]:
        case "section":
            texts = [block.get("text"), *block.get("fields", [])]
            return [text["text"] for text in texts if text]
        case "header":
            return [block["text"]["text"]]
        case "context":
            return ["  ".join(e.get("text", "") for e in block["elements"])]
        case "markdown":
            return [str(block["text"])]
        case "actions":
            return [" ".join(f"[{e['text']['text']}]" for e in block["elements"] if "text" in e)]
        case "plan":
            return [block.get("title", ""), *(_task(task) for task in block.get("tasks", []))]
        case "task_card":
            return [_task(block)]
        case "table":
            return ["  ".join(_words(cell) for cell in row) for row in block["rows"]]
        case "rich_text":
            return [_words(block)]
        case _:
            return []


def _task(task: dict[str, Any]) -> str:
    sign = {"pending": "·", "in_progress": "▸", "complete": "✓", "error": "✗"}[task["status"]]
    said = " ".join(filter(None, (_words(task.get("details")), _words(task.get("output")))))
    return f"  {sign} {task['title']}{': ' + said if said else ''}"


def _words(thing: Any) -> str:
    """Return the words of a rich text, however deep they lie."""
    if isinstance(thing, list):
        return "".join(_words(part) for part in thing)
    if isinstance(thing, dict):
        return str(thing["text"]) if isinstance(thing.get("text"), str) else _words(thing.get("elements", []))
    return ""


def _plain(text: str) -> str:
    """Read Slack's marks: a date token's fallback, a mention's name, no emphasis."""
    text = re.sub(r"<!date\^[^|>]*\|([^>]*)>", r"\1", text)
    text = re.sub(r"<(?:@|#|!subteam\^)([A-Z0-9]+)(?:\|([^>]*))?>", lambda m: f"@{m[2] or m[1]}", text)
    text = re.sub(r"[*`]", "", text)
    return text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
