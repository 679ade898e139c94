"""What to look at when a node is stuck: the advice fits the fault, by the far side's words first and the step second.

Pure. docs/night.md has the same, longer.
"""

import re
from collections.abc import Mapping
from typing import Final

from bot.views.text import code
from loans.runbook import StepName

_BUG: Final = re.compile(r"its log knows why under ([0-9a-f]{8})")
_BMC: Final = re.compile(r"\(BMC\)|^BMC says|the BMC network")
_SLURM: Final = re.compile(r"^Slurm (refuses|answered|does not answer|could not)")
_KUBERNETES: Final = re.compile(r"^Kubernetes (refuses|answered|does not answer|could not)")
_TRUST: Final = re.compile(r"host key|does not let \S+ in|certificate", re.IGNORECASE)
_SSH: Final = re.compile(r"\(ssh\)|ssh does not answer")
_MAY_RUN_PODS: Final = frozenset({None, StepName.CORDON, StepName.EVICT, StepName.DETACH, StepName.POWER_OFF})

_BY_STEP: Final[Mapping[StepName, str]] = {
    StepName.CORDON: "*Look at the node in Kubernetes*: who changed it, and may lendbot cordon it?",
    StepName.EVICT: "*Look at its pods*: what doesn't end there, and whose is it?",
    StepName.DETACH: "*Look at its volumes*: which one doesn't detach?",
    StepName.LEAVE: "*Look at the Node object*: whose finalizer keeps it?",
    StepName.VERIFY: "*Look at what the reboot left*: is the image stateless, and are all its GPUs there?",
    StepName.RESUME: "*Look at slurmd on it*: is it alive, and does its configuration agree with slurmctld's?",
    StepName.SETTLE: "*Look at slurmd on it*: is it alive, and does its configuration agree with slurmctld's?",
}


def advice(step: StepName | None, why: str) -> str:
    """Return where to look first, in a sentence or two."""
    if found := _BUG.search(why):
        return f"*That's a fault of lendbot's own*, not the node's. Trying again is safe; its log has {code(found[1])}."
    if _TRUST.search(why):
        return "*Look at keys and certificates*: was something installed anew? If not, treat it as an attack."
    if _SLURM.search(why):
        return f"*Look at Slurm, not at the node*: what does {code('scontrol ping')} say? May lendbot do this?"
    if _KUBERNETES.search(why):
        return "*Look at Kubernetes, not at the node*: is its API server well? May lendbot do this?"
    if step is StepName.BOOT and why.startswith("BMC says on"):
        return "*Look at its console*: it has power, and hasn't booted."
    if _BMC.search(why) or step in (StepName.POWER_OFF, StepName.POWER_ON):
        return (
            f"*Look at its BMC, not at its console*: does its page answer? One that hangs can be reset without "
            f"touching the node ({code('ipmitool ... mc reset cold')})."
        )
    if _SSH.search(why):
        return "*Look at sshd and the network on it*: it's up, and doesn't let lendbot in."
    return _BY_STEP.get(step, "*Look at its console.*") if step else "*Look at its console.*"


def what_runs(step: StepName | None, why: str) -> str:
    """Return what the node does meanwhile: it decides whether this can wait until the morning."""
    if _SLURM.search(why):
        return "Nothing runs there: drained in Slurm when it was last heard of, and in no second world."
    if step in _MAY_RUN_PODS:
        return "Slurm gives it no jobs. Its power may be on, with pods on it."
    return "It's in neither world until somebody helps: no jobs, no pods. The other nodes aren't held up."
