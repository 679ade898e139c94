"""The door: what Slack sends is written down, then acked, then handed on. bolt's own pool of five waits for nothing.

It is a middleware, for bolt acks an event before its listener runs, and a listener runs in that pool: here it is one of
the threads that read from Slack that waits the few milliseconds for the disk.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from slack_bolt import Ack, BoltContext

from bot.listeners.errands import Errands
from store.inbox import Errand

_ERRAND: Final = "errand"


@dataclass(frozen=True)
class Wrong:
    """A form that is wrong: a sentence per field, by its block."""

    errors: dict[str, str]


Payload = dict[str, Any]
Read = Callable[[Payload], Errand | Wrong | None]
"""What a payload asks for; None when it is nothing for us."""


class Reception:
    """Stands before every listener that carries out errands."""

    def __init__(self, errands: Errands) -> None:
        self._errands = errands

    def before(self, read: Read) -> Callable[..., None]:
        """Return the middleware that receives what `read` makes of a payload."""

        def receive(body: Payload, ack: Ack, context: BoltContext, next_: Callable[[], None]) -> None:
            self._errands.lanes.arrived()
            found = read(body)
            if isinstance(found, Wrong):
                ack(response_action="errors", errors=found.errors)
            elif found is None:
                ack()
            else:
                self._receive(found, body, ack, context)
            next_()

        return receive

    def start(self, context: BoltContext) -> None:
        """Have what was received done: the listener behind before()."""
        if (errand := context.get(_ERRAND)) is not None:
            self._errands.start(errand)

    def _receive(self, errand: Errand, body: Payload, ack: Ack, context: BoltContext) -> None:
        receipt = self._errands.receive(errand)
        if receipt.errand is not None:
            context[_ERRAND] = receipt.errand
        if not receipt.sentence:
            ack()
        elif "command" in body:
            ack(text=receipt.sentence)
        elif body.get("type") == "view_submission":
            ack(response_action="errors", errors={_first_input(body): receipt.sentence})
        else:
            ack()
            self._errands.refuse(errand, receipt.sentence)


def _first_input(body: Payload) -> str:
    """Return where a form can show a sentence: the form stays open, with all that was filled in."""
    return str(next(block["block_id"] for block in body["view"]["blocks"] if block["type"] == "input"))
