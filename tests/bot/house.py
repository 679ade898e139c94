"""The whole program on a sandbox site: real bolt, real Slack protocol, and people who type and press."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

from bot.app import Program
from bot.views.actions import Ref
from loans.shown import Shown
from sandbox.slack import seed
from sandbox.slack.records import Message
from sandbox.testing import Handle
from store.db import Store
from tests.conversion.rig import rigged
from tests.patience import PATIENCE_S

APPROVALS, OPS, ONCALL_ROOM = seed.C_APPROVALS, seed.C_OPS, seed.C_ONCALL
REQUESTER, APPROVER, APPROVER2, ONCALL = seed.U_REQUESTER, seed.U_APPROVER, seed.U_APPROVER2, seed.U_ONCALL
LEND = "lend 1 gpu node to k8s from tomorrow 8am until tomorrow 6pm"
"""A loan for tomorrow: it can be signed, and nothing moves today."""


def eventually(what: str, holds: Callable[[], Any], within_s: float = PATIENCE_S) -> Any:
    """Poll until something is so, and return it."""
    deadline = time.monotonic() + within_s
    while not (found := holds()):
        assert time.monotonic() < deadline, f"it never came to be: {what}"
        time.sleep(0.02)
    return found


@dataclass
class House:
    """A site, lendbot at work on it, and its Slack as people use it."""

    site: Handle
    program: Program
    store: Store

    def post(self, act: str, **body: Any) -> Any:
        """Do what a person does in Slack, and return what their client sees of it."""
        address = f"{self.site.site_json['page_url'].rstrip('/')}/sandbox/api/{act}"
        request = Request(address, json.dumps(body).encode(), {"content-type": "application/json"})  # noqa: S310 - loopback
        with urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310 - loopback
            return json.load(answer)

    def slash(self, text: str, user: str = REQUESTER, channel: str = OPS) -> Any:
        return self.post("slash", user=user, channel=channel, command="/nodes", text=text)

    def click(self, message: Message, action_id: str, user: str, value: str | None = None) -> Any:
        return self.post(
            "click",
            user=user,
            channel=message.channel,
            ts=message.ts,
            action_id=action_id,
            **({"value": value} if value else {}),
        )

    def forge(self, message: Message, action_id: str, value: str) -> Message:
        """Put a button of a forger's making into a message, as it would be pressed by somebody who can."""
        forged = {"type": "button", "action_id": action_id, "value": value, "text": {"type": "plain_text", "text": "!"}}

        def change() -> None:
            message.blocks = [
                *(message.blocks or []),
                {"type": "actions", "block_id": f"forged-{action_id}-{value}"[:255], "elements": [forged]},
            ]

        self.site.call(change)
        return message

    def messages(self, channel: str) -> list[Message]:
        return self.site.call(lambda: list(self.site.site.slack.workspace.channels[channel].messages.values()))

    def seen_by(self, user: str, channel: str = OPS) -> list[Message]:
        """Return what only this person sees in a channel, oldest first."""
        return [message for message in self.messages(channel) if message.visible_to == user]

    def dms(self, user: str) -> list[Message]:
        """Return the direct messages of a person with lendbot."""
        room = self.site.call(lambda: self.site.site.slack.workspace.dm(user))
        return self.messages(room.id)

    def answer(self, user: str, word: str, channel: str = OPS) -> Message:
        """Wait for an answer that only this person sees, with a word in it."""
        return eventually(  # type: ignore[no-any-return] - a Message
            f"{word!r} for {user}",
            lambda: next((m for m in reversed(self.seen_by(user, channel)) if word in shown(m)), None),
        )

    def cards(self) -> list[Message]:
        return [m for m in self.messages(APPROVALS) if m.is_from_bot and m.thread_ts is None and m.visible_to is None]

    def card(self, loan_id: int, word: str = "") -> Message:
        """Wait for a loan's card, with a word on it."""
        return eventually(  # type: ignore[no-any-return] - a Message
            f"card #{loan_id} with {word!r}",
            lambda: next((m for m in self.cards() if f"#{loan_id} " in shown(m) and word in shown(m)), None),
        )

    def request(self, user: str = REQUESTER, words: str = LEND) -> int:
        """Ask for a loan through Slack and return its number."""
        before = len(self.seen_by(user))
        with self.store.read() as tx:
            last = max((loan.id for loan in tx.loans.recent(1)), default=0)
        self.slash(words, user)
        # Answers to what was asked earlier may still come in between.
        preview = eventually("a preview", lambda: [m for m in self.seen_by(user)[before:] if "sign_off" in buttons(m)])
        self.click(preview[-1], "sign_off", user)
        return eventually("the request", lambda: self._newest_of(user, last))

    def _newest_of(self, user: str, after: int) -> int | None:
        with self.store.read() as tx:
            found = [loan.id for loan in tx.loans.recent(1, user) if loan.id > after]
        return found[0] if found and any(f"#{found[0]} " in shown(m) for m in self.cards()) else None

    def value(self, loan_id: int, word: str = "") -> str:
        """Return what a button of a loan carries."""
        return Ref(Shown.of(self.loan(loan_id)), word).value

    def loan(self, loan_id: int) -> Any:
        with self.store.read() as tx:
            return tx.loans.get(loan_id)


def shown(message: Message) -> str:
    """Return everything that is written in a message."""
    return json.dumps([message.text, message.blocks], ensure_ascii=False)


def buttons(message: Message) -> set[str]:
    """Return the action ids of a message's buttons."""
    rows = [block for block in message.blocks or [] if block["type"] == "actions"]
    return {element["action_id"] for row in rows for element in row["elements"]}


def _patient_approvers(toml: str) -> str:
    """Let one person's requests wait by the dozen: each test of a house asks for loans of its own."""
    return toml.replace("max_nodes = ", "max_waiting = 500\nmax_nodes = ")


@contextmanager
def at_work(**options: Any) -> Iterator[House]:
    """Run lendbot on a quiet site at the wall's own pace, so that nothing moves but what a test moves."""
    adjust = options.pop("adjust", str)
    options = {"speed": 1.0, "busy": 0.0, "gpu_nodes": 24, "cpu_nodes": 0} | options
    with rigged(lambda toml: adjust(_patient_approvers(toml)), **options) as rig:
        program = Program(rig.core)
        program.start()
        try:
            house = House(rig.site, program, rig.core.store)
            eventually("a socket", lambda: rig.site.call(lambda: bool(rig.site.site.slack.sockets.sockets)))
            yield house
        finally:
            rig.site.call(rig.site.faults.clear)
            program.close()
