"""The Home tab, through Slack's own protocol: what is on it is its reader's, and its buttons work."""

from typing import Any

from loans.loan import State
from tests.bot.house import APPROVER, REQUESTER, House, eventually, shown


def test_the_home_tab_has_what_waits_for_its_reader_and_its_buttons_work(house: House) -> None:
    """An approver who comes back from lunch decides there, is answered in person, and sees that it's done."""
    loan = house.request()

    def drawn(user: str) -> dict[str, Any]:
        view = house.site.call(lambda: house.site.site.slack.workspace.homes.get(user))
        return view.wire() if view else {"blocks": []}

    def pressable(user: str) -> list[tuple[str, dict[str, Any]]]:
        rows = [block["elements"] for block in drawn(user)["blocks"] if block["type"] == "actions"]
        return [(each["action_id"], each) for row in rows for each in row if f"{loan}" in each.get("value", "")]

    for user in (APPROVER, REQUESTER):
        house.post("home", user=user)
    eventually("my request", lambda: [name for name, _ in pressable(REQUESTER)] == ["cancel"])
    eventually("what waits for me", lambda: {name for name, _ in pressable(APPROVER)} == {"approve", "decline"})
    before = len(house.dms(APPROVER))
    house.post("act", user=APPROVER, view_id=drawn(APPROVER)["id"], action_id="approve")
    eventually("a decision", lambda: house.loan(loan).state is State.APPROVED)
    eventually("an answer", lambda: any("approved" in shown(m) for m in house.dms(APPROVER)[before:]))
    eventually("nothing waits any more", lambda: not pressable(APPROVER))
