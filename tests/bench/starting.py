"""How long lendbot takes to begin: the command line, the service until it answers in Slack, and after a kill -9."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from loans.loan import NodeState
from sandbox.slack.seed import C_OPS, U_REQUESTER
from tests.bench.figures import Figure, median, ms, say
from tests.bench.rig import Site, await_started, await_true, lendbot, running_site

_TIMES: Final = 5
_STARTS: Final = 3
_KILLS: Final = 3
_NODES: Final = 20
_SPEED: Final = 10.0
"""Slow enough that three deaths find the nodes on their way."""


def measure() -> list[Figure]:
    """Time `lendbot --help`, and `lendbot serve` until a command is acked."""
    say(f"`lendbot --help`, {_TIMES} times")
    program = str(Path(sys.executable).with_name("lendbot"))
    _run_s([program, "--help"])  # the first start compiles
    said = median([_run_s([program, "--help"]) for _ in range(_TIMES)])
    say(f"`lendbot serve` until it acks a command, {_STARTS} times")
    with running_site(8, _SPEED) as at:
        served = median([_served_s(at) for _ in range(_STARTS)])
    return [
        Figure("`lendbot --help`", ms(said)),
        Figure("`lendbot serve`, from its start until it acks a command", ms(served)),
    ]


def measure_resume() -> list[Figure]:
    """Kill lendbot with nodes on their way, and time its next look at one of them."""
    with running_site(_NODES, _SPEED) as at:
        say(f"a plain start, {_STARTS} times")
        plain = median([_started_s(at) for _ in range(_STARTS)])
        say(f"kill -9 with {_NODES} nodes on their way, {_KILLS} times")
        with lendbot(at) as process:
            at.lend(_NODES)
            await_true("the nodes to be taken", lambda: _are_on_their_way(at), within_s=120)
            process.send_signal(signal.SIGKILL)
            process.wait()
        resumed = median([_resumed_s(at) for _ in range(_KILLS)])
    return [
        Figure(
            "after kill -9, from the start to the first look at a node (15 s for its lease), over a plain start",
            f"{ms(resumed)} over {ms(plain)}: {resumed / plain:.2f}",
        )
    ]


def _run_s(argv: list[str]) -> float:
    began = time.monotonic()
    subprocess.run(argv, capture_output=True, check=True)
    return time.monotonic() - began


def _served_s(at: Site) -> float:
    with lendbot(at, "serve"):
        return await_true("an ack", lambda: _acks(at))


def _acks(at: Site) -> bool:
    answer = at.room.post("slash", user=U_REQUESTER, channel=C_OPS, command="/nodes", text="help")
    return bool(answer["acked"])


def _started_s(at: Site) -> float:
    with lendbot(at) as process:
        return await_started(at, process)


def _are_on_their_way(at: Site) -> bool:
    parts = at.parts()
    return bool(parts) and all(part.state is NodeState.LENDING for part in parts)


def _resumed_s(at: Site) -> float:
    before = _versions(at)
    with lendbot(at) as process:
        took = await_true("a look at a node", lambda: _versions(at) != before)
        process.send_signal(signal.SIGKILL)
        process.wait()
    return took


def _versions(at: Site) -> dict[str, int]:
    return {part.node: part.version for part in at.parts()}
