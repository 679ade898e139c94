"""What every Web API method works with, and what a method is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.slack import seed
from sandbox.slack.calls import CallLog
from sandbox.slack.errors import SlackError
from sandbox.slack.rates import Rates
from sandbox.slack.records import Channel, Json, Message
from sandbox.slack.tickets import Tickets
from sandbox.slack.workspace import Workspace

PAGE: Final = 200


async def _nowhere(_channel: Channel, _message: Message, _subtype: str | None) -> None:
    """Stand in until the events are connected."""


@dataclass
class Core:
    """base_url is where the app reaches us; it may be set once the port is known."""

    workspace: Workspace
    base_url: str
    scopes: frozenset[str] = seed.SCOPES
    rates: Rates = field(default_factory=Rates)
    calls: CallLog = field(default_factory=CallLog)
    tickets: Tickets = field(default_factory=Tickets)
    echo: Callable[[Channel, Message, str | None], Awaitable[None]] = _nowhere


@dataclass(frozen=True)
class Method:
    """tier None is chat.postMessage's own limit, counted per channel; scope None needs no scope."""

    run: Callable[[Core, Json], Awaitable[Json]]
    tier: int | None
    scope: str | None = None


def need(args: Json, key: str) -> str:
    """Return an argument, or refuse as Slack does when it is missing."""
    value = args.get(key)
    if value in (None, ""):
        raise SlackError("invalid_arguments", [f"[ERROR] missing required field: {key}"])
    return str(value)


def is_yes(value: Any) -> bool:
    """Read a yes or no in any of the forms that arguments come in."""
    return str(value or "").lower() in ("1", "true")


def page(items: list[Json], args: Json) -> tuple[list[Json], Json]:
    """Cut a list as Slack's cursors do; return the page and its response_metadata."""
    most = min(int(args.get("limit") or PAGE), 1000)
    try:
        start = int(args.get("cursor") or 0)
    except ValueError as error:
        raise SlackError("invalid_cursor") from error
    following = str(start + most) if start + most < len(items) else ""
    return items[start : start + most], {"next_cursor": following}
