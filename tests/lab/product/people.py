"""The people of the lab's Slack: what they type and press, and what they read. Nothing here looks behind Slack."""

import re
from typing import Any, Final

from sandbox.driver import Driver, TookTooLong, buttons, told, wait_for
from sandbox.slack.seed import C_APPROVALS, C_ONCALL, C_OPS, U_APPROVER, U_ONCALL, U_REQUESTER

WITHIN_S: Final = 30.0
Message = dict[str, Any]


class People:
    """A requester, an approver and on-call."""

    def __init__(self, slack_url: str) -> None:
        self._driver = Driver(slack_url)

    def lend(self, words: str) -> int:
        """Have the requester ask and the approver approve; return the loan's number."""
        preview = self.answer_to(words, wants="sign_off")
        self.press(U_REQUESTER, C_OPS, preview, "sign_off")
        card = wait_for("a card to approve", self._undecided, WITHIN_S)
        self.press(U_APPROVER, C_APPROVALS, card, "approve")
        return _number(card)

    def answer_to(self, words: str, user: str = U_REQUESTER, wants: str = "") -> Message:
        """Type a command, again when lendbot is not connected yet, and return what it answers.

        wants   a button that the answer must have
        """

        def typed() -> Message | None:
            seen = {message["ts"] for message in self._driver.messages(C_OPS, user)}
            self._driver.post("slash", user=user, channel=C_OPS, command="/nodes", text=words)

            def answered() -> Message | None:
                new = [m for m in self._driver.messages(C_OPS, user) if m["ts"] not in seen]
                return next((m for m in new if m.get("is_ephemeral") and _is_lendbots(m)), None)

            try:
                return wait_for("an answer", answered, 5.0)
            except TookTooLong:
                return None

        answer = wait_for(f"an answer to `/nodes {words}`", typed, WITHIN_S)
        if wants and wants not in buttons(answer):
            raise AssertionError(f"`/nodes {words}` was answered with\n{told(answer)}")
        return answer

    def press(self, user: str, channel: str, message: Message, button: str) -> None:
        """Press a button of a message."""
        self._driver.post("click", user=user, channel=channel, ts=message["ts"], action_id=button)

    def card(self, loan: int) -> Message:
        """Return a loan's one card."""
        cards = [m for m in self._cards() if _number(m) == loan]
        if len(cards) != 1:
            raise AssertionError(f"loan #{loan} has {len(cards)} cards")
        return cards[0]

    def oncall_reads(self) -> str:
        """Return what stands in on-call's channel."""
        return "\n\n".join(told(message) for message in self._driver.messages(C_ONCALL, U_ONCALL))

    def _undecided(self) -> Message | None:
        return next((m for m in self._cards() if "approve" in buttons(m)), None)

    def _cards(self) -> list[Message]:
        seen = self._driver.messages(C_APPROVALS, U_APPROVER)
        return [m for m in seen if not m.get("thread_ts") and re.search(r"Loan #\d+", m.get("text", ""))]


def _number(card: Message) -> int:
    found = re.search(r"Loan #(\d+)", card["text"])
    assert found is not None
    return int(found[1])


def _is_lendbots(message: Message) -> bool:
    return "failed because the app did not respond" not in message.get("text", "")
