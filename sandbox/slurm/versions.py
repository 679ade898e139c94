"""What differs between the Slurms that the lab runs, as they were measured there. A version is a value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .records import INVALID_NODE_STATE


@dataclass(frozen=True)
class Version:
    """One Slurm.

    full              as its programs print it
    nothing_to_resume its refusal of RESUME for a node that is neither DOWN nor drained
    keeps_reason      RESUME leaves the reason on the node, as it does without accounting
    appends           slurmctld puts its words behind a reason that is there, and signs the whole
    behind_reason     what stands on a node behind its reason; or, without one, in its place
    """

    full: str
    nothing_to_resume: str = INVALID_NODE_STATE
    keeps_reason: bool = False
    appends: bool = True
    behind_reason: tuple[str, ...] = ()


VERSIONS: Final[Mapping[str, Version]] = {
    "22.05": Version("22.05.8", appends=False),
    "24.11": Version("24.11.5", keeps_reason=True),
    "26.05": Version(
        "26.05.5", nothing_to_resume="Invalid node state transition", behind_reason=("Topology=default:root",)
    ),
}
DEFAULT: Final = "22.05"
