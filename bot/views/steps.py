"""The steps of conversion/plans.py in words for people who have not read it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from conversion.estimate import Estimate
from conversion.plans import LEND, RETURN
from loans.loan import NodeLoan, NodeState
from loans.runbook import StepName

DOING: Final[Mapping[StepName, str]] = {
    StepName.OUT_OF_SLURM: "leaving Slurm",
    StepName.PREPARE: "running the class's commands",
    StepName.ROLE: "getting its Puppet role",
    StepName.PUPPET: "running Puppet",
    StepName.JOIN: "waiting to register in Kubernetes",
    StepName.LABEL: "getting its labels and taints",
    StepName.READY: "waiting to be Ready",
    StepName.DAEMONS: "waiting for its DaemonSet pods",
    StepName.USABLE: "getting ready for pods",
    StepName.CORDON: "being cordoned",
    StepName.EVICT: "waiting for its pods to leave",
    StepName.DETACH: "waiting for its volumes to detach",
    StepName.POWER_OFF: "switching off",
    StepName.LEAVE: "leaving Kubernetes",
    StepName.POWER_ON: "switching on",
    StepName.BOOT: "booting",
    StepName.VERIFY: "being checked for leftovers",
    StepName.HEALTH: "passing its class's checks",
    StepName.RESUME: "resuming in Slurm",
    StepName.SETTLE: "proving that Slurm keeps it",
}
FAILED: Final[Mapping[StepName, str]] = {
    StepName.OUT_OF_SLURM: "didn't leave Slurm",
    StepName.PREPARE: "failed its class's commands",
    StepName.ROLE: "didn't get its Puppet role",
    StepName.PUPPET: "Puppet failed",
    StepName.JOIN: "didn't register in Kubernetes",
    StepName.LABEL: "didn't get its labels and taints",
    StepName.READY: "didn't become Ready",
    StepName.DAEMONS: "didn't get its DaemonSet pods",
    StepName.USABLE: "didn't become usable",
}
"""The steps of the way out, when one is why a node goes back."""
TAKING: Final[Mapping[StepName, str]] = {
    StepName.RESERVE: "reserving them",
    StepName.CLAIM: "writing them down",
    StepName.DRAIN: "draining them",
    StepName.QUIET: "waiting for running jobs to end",
    StepName.UNRESERVE: "handing the reservation back",
    StepName.DOWN: "marking them DOWN",
}
"""The steps of a wave, which are taken by all of its nodes together."""
_NO_STEP: Final = "failed before its first step"
_LEND: Final = tuple(step.name for step in LEND)
_RETURN: Final = tuple(step.name for step in RETURN)
_BY_HAND: Final = frozenset({StepName.VERIFY, StepName.HEALTH, StepName.RESUME})
"""The steps at which a way home may sensibly begin after a person saw to the node."""


def doing(step: StepName) -> str:
    """Return what a node is at."""
    return DOING.get(step) or TAKING[step]


def failed(step: StepName | None) -> str:
    """Return what a node did not get past; it may have been given up before its first step."""
    return FAILED.get(step, _NO_STEP) if step else _NO_STEP


def taking(step: StepName) -> str:
    """Return what a wave is at."""
    return TAKING[step]


def tries_of(step: StepName) -> int:
    """Return how often a step is tried before the node is given up, or is stuck."""
    return next((each.tries for each in (*LEND, *RETURN) if each.name is step), 1)


def is_unhealthy(part: NodeLoan) -> bool:
    """Return True for a node that is home, and fails the checks of its class: no step of lendbot's can mend that."""
    return part.state is NodeState.STUCK and part.step is StepName.HEALTH


def from_step(part: NodeLoan) -> StepName:
    """Return the step at which a stuck node goes on once a person has brought it up."""
    if part.step is StepName.SETTLE:
        return StepName.RESUME
    return part.step if part.step in _BY_HAND else StepName.VERIFY


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


def _rest(plan: Sequence[StepName], part: NodeLoan, usual: Mapping[StepName, timedelta], now: datetime) -> timedelta:
    """Add up the steps that are ahead; a step that has outrun its usual time counts as about to end."""
    at = plan.index(part.step) if part.step in plan else 0
    ahead = sum((usual.get(step, timedelta()) for step in plan[at + 1 :]), timedelta())
    here = usual.get(plan[at], timedelta())
    gone = now - part.since if part.step else timedelta()
    return ahead + max(timedelta(), here - gone)
