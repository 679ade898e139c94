"""Commands that come all at once while Slurm is slow: Slack waits 3 s for an ack, whatever has to be asked for it.

Measured at the sandbox's Slack, from the envelope that goes out to the ack that comes in.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from sandbox.slack.seed import C_OPS, U_APPROVER, U_APPROVER2, U_ONCALL, U_REQUESTER
from tests.bench.figures import Figure, ms, percentile, say
from tests.bench.rig import Site, await_true, lendbot, running_site

_AT_ONCE: Final = 50
_ROUNDS: Final = 3
_P99_S: Final = 0.150
_PEOPLE: Final = (U_REQUESTER, U_APPROVER, U_APPROVER2, U_ONCALL)
"""Several, for of one alone only so many commands are taken in while they wait."""
_WORDS: Final = ("free", "status", "lend 2 gpu nodes to k8s for 2 hours", "loans", "help lend")


def measure() -> list[Figure]:
    """Send 50 commands at once, three times, with every answer of Slurm's 2 s late."""
    say(f"{_AT_ONCE} commands at once while Slurm is slow, {_ROUNDS} times")
    with running_site(20, 60.0) as at, lendbot(at, "serve"):
        await_true("an ack", lambda: _slash(at, "help")["acked"])
        _hear_each_once(at)
        at.room.post("faults", side="slurm", mode="slow")
        answers = [answer for _ in range(_ROUNDS) for answer in _all_at_once(at)]
    acked = [answer["after_s"] for answer in answers if answer["acked"]]
    p99 = percentile(acked, 99)
    return [
        Figure(
            f"{_AT_ONCE} commands at once, Slurm slow: acked within 3 s",
            f"{len(acked)} of {len(answers)}",
            "all",
            len(acked) == len(answers),
        ),
        Figure("their acks, p50", ms(percentile(acked, 50))),
        Figure("their acks, p99", ms(p99), f"under {ms(_P99_S)}", p99 < _P99_S),
    ]


def _hear_each_once(at: Site) -> None:
    """What is built at its first use is no part of an ack, so every answer has come before the measuring begins."""
    silent = len(at.room.messages(C_OPS, U_REQUESTER))
    for text in _WORDS:
        _slash(at, text)
    await_true("the answers", lambda: len(at.room.messages(C_OPS, U_REQUESTER)) >= silent + len(_WORDS))


def _all_at_once(at: Site) -> list[dict[str, Any]]:
    said = [(_WORDS[i % len(_WORDS)], _PEOPLE[i % len(_PEOPLE)]) for i in range(_AT_ONCE)]
    with ThreadPoolExecutor(_AT_ONCE) as crowd:
        return list(crowd.map(lambda each: _slash(at, *each), said))


def _slash(at: Site, text: str, user: str = U_REQUESTER) -> dict[str, Any]:
    answer: dict[str, Any] = at.room.post("slash", user=user, channel=C_OPS, command="/nodes", text=text)
    return answer
