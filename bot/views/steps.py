"""The steps of conversion/plans.py in words for people who have not read it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from conversion.estimate import Estimate
from conversion.plans import LEND, RETURN
from loans.loan import NodeLoan, NodeState

DOING: Final[Mapping[str, str]] = {
    "out of Slurm": "leaving Slurm",
    "prepare": "running the class's commands",
    "role": "getting its Puppet role",
    "Puppet": "running Puppet",
    "join": "waiting to register in Kubernetes",
    "label": "getting its labels and taints",
    "ready": "waiting to be Ready",
    "daemons": "waiting for its DaemonSet pods",
    "cordon": "being cordoned",
    "evict": "waiting for its pods to leave",
    "power off": "switching off",
    "leave": "leaving Kubernetes",
    "power on": "switching on",
    "boot": "booting",
    "verify": "being checked for leftovers",
    "resume": "resuming in Slurm",
    "settle": "proving that Slurm keeps it",
}
FAILED: Final[Mapping[str, str]] = {
    "out of Slurm": "did not leave Slurm",
    "prepare": "failed its class's commands",
    "role": "did not get its Puppet role",
    "Puppet": "Puppet failed",
    "join": "did not register in Kubernetes",
    "label": "did not get its labels and taints",
    "ready": "did not become Ready",
    "daemons": "did not get its DaemonSet pods",
}
"""The steps of the way out, when one is why a node goes back."""
TAKING: Final[Mapping[str, str]] = {
    "reserve": "reserving them",
    "claim": "writing them down",
    "drain": "draining them",
    "quiet": "waiting for running jobs to end",
    "unreserve": "handing the reservation back",
    "down": "marking them DOWN",
}
"""The steps of a wave, which are taken by all of its nodes together."""
_LEND: Final = tuple(step.name for step in LEND)
_RETURN: Final = tuple(step.name for step in RETURN)
_BY_HAND: Final = frozenset({"verify", "resume"})
"""The steps at which a way home may sensibly begin after a person saw to the node."""


def doing(step: str) -> str:
    """Return what a node is at."""
    return DOING.get(step, step)


def failed(step: str) -> str:
    """Return what a node did not get past; it may have been given up before its first step."""
    return FAILED.get(step, "did not make it")


def taking(step: str) -> str:
    """Return what a wave is at."""
    return TAKING.get(step, step)


def from_step(part: NodeLoan) -> str:
    """Return the step at which a stuck node goes on once a person has brought it up."""
    return "resume" if part.step == "settle" else part.step if part.step in _BY_HAND else "verify"


def left(parts: Sequence[NodeLoan], estimate: Estimate, now: datetime) -> timedelta | None:
    """Return how long until the last moving node arrives, by past runs.

    None while there are none to judge by, and while a node waits for what nobody can foresee.
    """
    if any(part.blocked for part in parts):
        return None
    spans = [_left(part, estimate, now) for part in parts]
    known = [span for span in spans if span is not None]
    return max(known, default=None)


def _left(part: NodeLoan, estimate: Estimate, now: datetime) -> timedelta | None:
    match part.state:
        case NodeState.TAKING:
            return estimate.lend
        case NodeState.LENDING if estimate.lend is not None:
            return _rest(_LEND, part, estimate.steps, now)
        case NodeState.RETURNING | NodeState.UNWINDING if estimate.back is not None:
            return _rest(_RETURN, part, estimate.steps, now)
        case _:
            return None


def _rest(plan: Sequence[str], part: NodeLoan, usual: Mapping[str, timedelta], now: datetime) -> timedelta:
    """Add up the steps that are ahead; a step that has outrun its usual time counts as about to end."""
    at = plan.index(part.step) if part.step in plan else 0
    ahead = sum((usual.get(step, timedelta()) for step in plan[at + 1 :]), timedelta())
    here = usual.get(plan[at], timedelta())
    gone = now - part.since if part.step else timedelta()
    return ahead + max(timedelta(), here - gone)
