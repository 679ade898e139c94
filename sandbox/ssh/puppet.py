"""What `run_puppet` does to a node, by the role in /etc/puppet-role."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Final

from sandbox.agenda import Agenda
from sandbox.faults import Faults
from sandbox.world import Machine

from .door import FOREVER_S, Talk

CHANGED: Final = 2
ROLE_FILE: Final = "/etc/puppet-role"
_APPLIED: Final = "/var/lib/puppet-applied"
_BATCH_ROLES: Final = ("", "compute", "gpu")
_RUN_S: Final = (60.0, 120.0)
_QUICK_S: Final = (8.0, 15.0)
_CLOUD_STEPS: Final = (
    "Package[containerd]/ensure: created",
    "File[/etc/sysctl.d/90-forward.conf]/ensure: defined content",
    "Firewallchain[FORWARD:filter:IPv4]/policy: policy changed 'drop' to 'accept'",
    "Service[slurmd]/ensure: ensure changed 'running' to 'stopped'",
    "Service[munged]/ensure: ensure changed 'running' to 'stopped'",
    "Service[containerd]/ensure: ensure changed 'stopped' to 'running'",
    "Exec[register-node]/returns: executed successfully",
)
_FAILED: Final = (
    "Error: Could not start Service[containerd]: Execution of 'systemctl start containerd' returned 1\n"
    "Error: /Stage[main]/Role::Cloud_compute/Service[containerd]/ensure: change from 'stopped' to 'running' failed\n"
)


async def run_puppet(machine: Machine, agenda: Agenda, faults: Faults, talk: Talk) -> int:
    """Apply the node's role: 0 nothing to do, 2 changed, 1 and 6 failed."""
    role = machine.files.get(ROLE_FILE, "").strip()
    if role not in (*_BATCH_ROLES, "cloud_compute"):
        talk.err(f"Error: Evaluation Error: Could not find class ::role::{role} for {machine.name}\n")
        return 1
    talk.out(f"Info: Applying configuration version '{int(agenda.now.timestamp())}'\n")
    fault = faults.take("puppet", machine.name)
    is_done = fault is None and machine.files.get(_APPLIED) == role
    span = machine.dice_span(_QUICK_S if is_done else _RUN_S)
    machine.begin("puppet", span)
    try:
        if is_done:
            await agenda.sleep(span)
        else:
            await _apply(machine, talk, _paced(agenda, _steps(role), span), fault)
    finally:
        machine.doing = None
    if fault == "fail":
        return 6
    talk.out(f"Notice: Applied catalog in {span.total_seconds():.2f} seconds\n")
    machine.files[_APPLIED] = role
    return 0 if is_done else CHANGED


def _steps(role: str) -> Sequence[str]:
    return _CLOUD_STEPS if role == "cloud_compute" else ("Service[slurmd]/ensure: ensure is 'running'",)


async def _paced(agenda: Agenda, steps: Sequence[str], span: timedelta) -> AsyncIterator[str]:
    """Yield steps evenly over a span of site time."""
    for step in steps:
        await agenda.sleep(span / len(steps))
        yield step


async def _apply(machine: Machine, talk: Talk, steps: AsyncIterator[str], fault: str | None) -> None:
    """Do the steps; a fault shows at the service of the container runtime, most of the way."""
    async for step in steps:
        if fault == "hang" and "containerd]/ensure: ensure" in step:
            await asyncio.sleep(FOREVER_S)
        if fault == "fail" and "containerd]/ensure: ensure" in step:
            talk.err(_FAILED)
            return
        talk.out(f"Notice: /Stage[main]/{step}\n")
        _take_effect(machine, step)


def _take_effect(machine: Machine, step: str) -> None:
    if step.startswith("Service[slurmd]"):
        if "stopped" in step.rsplit(" ", 1)[-1]:
            machine.stop("slurmd")
        else:
            machine.start("slurmd")
    elif step.startswith("Service[containerd]"):
        machine.start("containerd")
    elif step.startswith("Exec[register-node]"):
        machine.start("kubelet")
