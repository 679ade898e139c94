"""What has lendbot set on a node that it has not taken back?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from loans.facts import Fact, KubeChange, MarkedInKubernetes, PowerOrdered, SetInSlurm, SlurmChange, Told


@dataclass(frozen=True)
class Set:
    """What stands by lendbot's hand. Each is the fact that set it, or None.

    reserved, drained, downed   in Slurm
    marked, cordoned            in Kubernetes
    power_off                   the BMC was told to cut the power, and not to switch it on since
    """

    reserved: Told[Fact] | None = None
    drained: Told[Fact] | None = None
    downed: Told[Fact] | None = None
    marked: Told[Fact] | None = None
    cordoned: Told[Fact] | None = None
    power_off: Told[Fact] | None = None

    @property
    def standing(self) -> tuple[Told[Fact], ...]:
        """Return all that stands, in the order in which it was set."""
        all_of = (self.reserved, self.drained, self.downed, self.marked, self.cordoned, self.power_off)
        return tuple(sorted((told for told in all_of if told is not None), key=lambda told: told.id))


def set_by_lendbot(facts: Sequence[Told[Fact]]) -> Set:
    """Return what stands. facts: of one node in whatever loan, oldest first."""
    now = Set()
    for told in facts:
        match told.fact:
            case SetInSlurm(change):
                now = _in_slurm(now, change, told)
            case MarkedInKubernetes(change):
                now = _in_kubernetes(now, change, told)
            case PowerOrdered(on):
                now = replace(now, power_off=None if on else told)
            case _:
                pass
    return now


def _in_slurm(now: Set, change: SlurmChange, told: Told[Fact]) -> Set:
    match change:
        case SlurmChange.RESERVED:
            return replace(now, reserved=told)
        case SlurmChange.UNRESERVED:
            return replace(now, reserved=None)
        case SlurmChange.DRAINED:
            return replace(now, drained=told)
        case SlurmChange.DOWNED:
            return replace(now, downed=told)
        case SlurmChange.RESUMED:
            return replace(now, drained=None, downed=None)


def _in_kubernetes(now: Set, change: KubeChange, told: Told[Fact]) -> Set:
    match change:
        case KubeChange.MARKED:
            return replace(now, marked=told)
        case KubeChange.CORDONED:
            return replace(now, cordoned=told)
        case KubeChange.UNCORDONED:
            return replace(now, cordoned=None)
        case KubeChange.OPENED:
            return now
        case KubeChange.DELETED:
            return replace(now, marked=None, cordoned=None)
