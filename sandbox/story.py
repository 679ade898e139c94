"""`make story`: one whole loan, through Slack's protocol, told as text. Exits 0 only when the nodes are home.

The requester asks, may not approve, the approver does; eight nodes leave Slurm, join Kubernetes, and come home at the
deadline by themselves. At the end the site's own books are read: no job and no pod was killed.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from sandbox.driver import Driver, TookTooLong, buttons, told, wait_for
from sandbox.processes import Pair, running
from sandbox.slack.seed import C_APPROVALS, C_OPS, U_APPROVER, U_REQUESTER
from sandbox.starting_at import At, passed_on

ENDED: Final = ("· returned ·", "· failed ·", "· stuck ·")
"""What a card says of a loan that moves no more."""
_STEP_S: Final = 30.0
WORDS: Final = "lend 8 gpu nodes to k8s for 2 hours for FastML workshop, 25 seats"


class Story:
    """The people, what they do, and what they read."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self._people = Driver(pair.told["page_url"])
        self._began = time.monotonic()
        self._seen: set[str] = set()

    def tell(self) -> bool:
        """Play the loan and return whether it ended as it should."""
        before = self._away()
        preview = self._ask()
        self._press(U_REQUESTER, C_OPS, preview, "sign_off")
        card = wait_for("the card", lambda: self._card(U_APPROVER), _STEP_S)
        self._print("#lend-approvals", told(card))
        self._try_to_approve_own()
        self._press(U_APPROVER, C_APPROVALS, card, "approve")
        self._follow()
        return self._is_home(before)

    def _ask(self) -> dict[str, Any]:
        """Type the command until lendbot is connected, and return its preview."""

        def typed() -> dict[str, Any] | None:
            self._people.post("slash", user=U_REQUESTER, channel=C_OPS, command="/nodes", text=WORDS)
            try:
                return wait_for("the preview", self._preview, 3.0)
            except TookTooLong:
                return None

        preview = wait_for("an answer to /nodes", typed, _STEP_S)
        self._print("requester", f"/nodes {WORDS}")
        self._print("lendbot, to the requester alone", told(preview))
        return preview

    def _preview(self) -> dict[str, Any] | None:
        seen = self._people.messages(C_OPS, U_REQUESTER)
        return next((m for m in reversed(seen) if "sign_off" in buttons(m)), None)

    def _card(self, user: str) -> dict[str, Any] | None:
        seen = self._people.messages(C_APPROVALS, user)
        return next((m for m in seen if "Loan #" in m.get("text", "") and not m.get("thread_ts")), None)

    def _press(self, user: str, channel: str, message: dict[str, Any], button: str) -> None:
        self._print("requester" if user == U_REQUESTER else "approver", f"presses {button}")
        self._people.post("click", user=user, channel=channel, ts=message["ts"], action_id=button)

    def _try_to_approve_own(self) -> None:
        """The requester types what only another may do."""
        before = len(self._people.messages(C_OPS, U_REQUESTER))
        self._print("requester", "/nodes approve #1")
        self._people.post("slash", user=U_REQUESTER, channel=C_OPS, command="/nodes", text="approve #1")

        def refusal() -> dict[str, Any] | None:
            seen = self._people.messages(C_OPS, U_REQUESTER)
            return seen[-1] if len(seen) > before else None

        self._print("lendbot, to the requester alone", told(wait_for("the refusal", refusal, _STEP_S)))

    def _follow(self) -> None:
        """Print the card whenever it says something new, and its thread, until the loan has ended."""
        deadline = time.monotonic() + 90.0
        while time.monotonic() < deadline:
            self._print_new()
            card = self._card(U_APPROVER)
            if card is not None and any(word in card["text"].split("\\n")[0] for word in ENDED):
                return
            if dead := self._pair.dead():
                raise RuntimeError(dead)
            time.sleep(0.25)

    def _print_new(self) -> None:
        for message in self._people.messages(C_APPROVALS, U_APPROVER):
            text = told(message)
            if text not in self._seen and not message.get("is_ephemeral"):
                self._seen.add(text)
                self._print("  thread" if message.get("thread_ts") else "#lend-approvals", text)

    def _away(self) -> set[str]:
        """Return the nodes that Slurm cannot use, by the site's own books: its staff has one out of service."""
        nodes = self._people.get("room")["nodes"]
        return {n["name"] for n in nodes if n["kube"] or "DRAIN" in n["slurm"]["state"] or n["power"] != "on"}

    def _is_home(self, before: set[str]) -> bool:
        """Read the site's own books, not lendbot's words."""
        away, tally = self._away() - before, self._people.get("tally")
        killed = tally["jobs_killed"] + tally["pods_killed"]
        self._print("the site", f"nodes away: {', '.join(sorted(away)) or 'none'}; jobs and pods killed: {killed}")
        return not away and not killed and self._card_says(ENDED[0])

    def _card_says(self, word: str) -> bool:
        card = self._card(U_APPROVER)
        return card is not None and word in told(card)

    def _print(self, who: str, text: str) -> None:
        stamp = f"{time.monotonic() - self._began:5.1f} s"
        body = text.replace("\n", "\n" + " " * 10)
        print(f"{stamp}  {who}:\n{' ' * 10}{body}\n", flush=True)


def main(speed: Annotated[float, typer.Option(help="How many seconds pass in one.")] = 300.0, at: At = None) -> None:
    """Tell the story of one loan."""
    with tempfile.TemporaryDirectory(prefix="lendbot-story-") as scratch:
        directory = Path(scratch)
        try:
            with running(directory, "--port", "0", "--speed", str(speed), *passed_on(at)) as pair:
                is_home = Story(pair).tell()
        except (RuntimeError, TookTooLong) as e:
            is_home = False
            print(f"{e}\n\nlendbot's last words:\n{_tail(directory / 'lendbot.log')}", file=sys.stderr)
    print("The nodes are home." if is_home else "The story went wrong: the nodes are not all home.")
    raise typer.Exit(0 if is_home else 1)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-30:]) if log.is_file() else ""


if __name__ == "__main__":
    typer.run(main)
