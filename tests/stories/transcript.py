"""What people read in Slack while a story goes on, as a text that is compared with a golden one.

Times and dates are left out: they are the site's, and tell nothing that a reader of the story needs.
"""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sandbox.driver import told
from sandbox.slack import seed
from sandbox.slack.records import Message
from tests.bot.house import APPROVALS, ONCALL, ONCALL_ROOM, REQUESTER, House, buttons, eventually, shown

GOLDEN = Path(__file__).parents[1] / "golden"
NAMES = {
    seed.U_REQUESTER: "requester",
    seed.U_APPROVER: "approver",
    seed.U_APPROVER2: "approver-2",
    seed.U_ONCALL: "on-call",
    seed.S_APPROVERS: "gpu-approvers",
    seed.S_ONCALL: "hpc-oncall",
    APPROVALS: "lend-approvals",
    ONCALL_ROOM: "hpc-oncall-channel",
}
_WHEN = re.compile(r"\w{3} \d{1,2} \w{3} \d\d:\d\d UTC")
_ID = re.compile("|".join(NAMES))


def read(message: Message) -> str:
    """Return a message as its reader sees it, without times."""
    text = told({"text": message.text, "blocks": message.blocks or []})
    return _WHEN.sub("HH:MM", _ID.sub(lambda found: NAMES[found[0]], text))


@dataclass
class Story:
    """One story: what happens, and what stands in Slack then."""

    house: House
    name: str
    loan: int
    lines: list[str] = field(default_factory=list)

    def places(self) -> dict[str, list[Message]]:
        """Return where alarms stand: on-call's channel, below the card, and what people get for themselves."""
        threads = [m for m in self.house.messages(APPROVALS) if m.thread_ts and m.thread_ts != m.ts]
        return {
            "#hpc-oncall": self.house.messages(ONCALL_ROOM),
            "thread": threads,
            "DM to requester": self.house.dms(REQUESTER),
            "DM to on-call": self.house.dms(ONCALL),
        }

    def of_loan(self, place: str) -> list[str]:
        """Return what alarms of this loan say in a place, in the order in which they were posted."""
        with self.house.store.read() as tx:
            found = [read(m) for m in self.places()[place] if tx.alarms.is_post(m.channel, m.ts)]
        return [self._nameless(text) for text in found if re.search(rf"#{self.loan}\b", text)]

    def tell(self, what: str, *places: str) -> None:
        """Write down what has happened, and what is read in these places now."""
        self.lines.append(f"== {what}")
        for place in places:
            for text in self.of_loan(place):
                self.lines += [f"-- {place}", text]

    def is_as_golden(self, request: pytest.FixtureRequest) -> None:
        """Compare with the golden story; `--golden` rewrites it."""
        file, text = GOLDEN / f"story_{self.name}.txt", "\n".join(self.lines) + "\n"
        if request.config.getoption("--golden"):
            file.write_text(text)
        assert text == file.read_text()

    def _nameless(self, text: str) -> str:
        """Leave the loan's own number out: it depends on which stories went before."""
        return re.sub(rf"#{self.loan}\b", "#N", text)


def press(house: House, message: Message, action: str, then: str, who: str = ONCALL) -> None:
    """Press until the message says so: on a busy machine a press is refused, in words that ask to press again."""

    def is_so() -> bool:
        return then in shown(message) or "Solved" in shown(message)

    for _ in range(9):
        if action in buttons(message):
            house.click(message, action, who)
        with suppress(AssertionError):
            eventually(then, is_so, within_s=10)
            return
    raise AssertionError(f"no press of {action} had an effect")
