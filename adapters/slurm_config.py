"""What `scontrol show config` and `show partition` tell: which Slurm it is, and what it powers off by itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from adapters.hostlist import expanded
from adapters.slurm_lines import SIDE, fields, instant, once, records, whole_lines
from conversion.ports import UnexpectedAnswer
from loans.nodes import NodeName, SlurmNode

_SETTING: Final = re.compile(r"([\w\[\]]+) *= (.*?) *")
_USER: Final = re.compile(r"(?P<name>.+)\((?P<uid>\d+)\)")
"""`slurm(64030)`; a host that does not know the name prints `(null)(64030)`."""
_NOBODY: Final = frozenset({"(null)", "N/A"})
_NEVER: Final = frozenset({"NONE", "INFINITE", "-1", "-1 sec"})
_AS_ALL: Final = "GLOBAL"
_AS_OF: Final = re.compile(r"Configuration data as of (\S+)")


@dataclass(frozen=True)
class Suspending:
    """What slurmctld powers off when it has been idle for a while, DOWN and drained nodes too.

    after        SuspendTime as it is printed, `300 sec`; empty when it never does
    nodes, partitions, states   what it leaves alone; a list that spares some of its nodes (`gpu[01-08]:2`) spares none
    """

    after: str = ""
    nodes: frozenset[NodeName] = frozenset()
    partitions: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()

    def spares(self, node: SlurmNode) -> bool:
        """Return True when a node is left alone while it is lent, and so DOWN+DRAIN."""
        by_state = bool(self.states & {"DOWN", "DRAIN"})
        return by_state or node.name in self.nodes or bool(self.partitions & node.partitions)


@dataclass(frozen=True)
class Config:
    """What we want to know of `scontrol show config`.

    cluster     ClusterName
    slurm_user  the account that slurmctld runs as, and signs as; uid beside it, for a host that does not know the name
    version     as it is printed, `24.11.5`; empty when it is not
    """

    cluster: str
    slurm_user: str
    slurm_uid: str
    version: str = ""
    suspending: Suspending = Suspending()

    def signer(self, by: str | None) -> str | None:
        """Return who signed a reason: a uid that is SlurmUser's is SlurmUser."""
        return self.slurm_user if by == self.slurm_uid else by


def config(text: str) -> Config:
    """Read `scontrol show config`; UnexpectedAnswer when it lacks what we ask it for."""
    settings = (found for line in whole_lines(text) if (found := _SETTING.fullmatch(line)))
    said = once((found[1], found[2]) for found in settings)
    user = _USER.fullmatch(said.get("SlurmUser", ""))
    if said.get("ClusterName", "") in _NOBODY | {""} or user is None:
        raise UnexpectedAnswer(SIDE, "its configuration tells no ClusterName or no SlurmUser", text)
    name = user["uid"] if user["name"] in _NOBODY else user["name"]
    return Config(said["ClusterName"], name, user["uid"], said.get("SLURM_VERSION", ""), _suspending(said))


def suspend_times(text: str) -> Mapping[str, str]:
    """Read `scontrol show partition -o`: the SuspendTime of each partition that has one of its own, empty for never."""
    found: dict[str, str] = {}
    for record in records(text, "PartitionName"):
        said, _ = fields(record)
        own = said.get("SuspendTime", _AS_ALL)
        if own != _AS_ALL:
            found[said.get("PartitionName", "")] = "" if own in _NEVER else f"{own} sec"
    return found


def _suspending(said: Mapping[str, str]) -> Suspending:
    after = said.get("SuspendTime", "NONE")
    is_off = after in _NEVER or said.get("SuspendProgram", "(null)") in _NOBODY
    return Suspending(
        after="" if is_off else after,
        nodes=_spared(said.get("SuspendExcNodes", "")),
        partitions=_words(said.get("SuspendExcParts", "")),
        states=_words(said.get("SuspendExcStates", "").upper()),
    )


def _spared(said: str) -> frozenset[NodeName]:
    parts = re.findall(r"(?:[^,\[]|\[[^\]]*\])+", "" if said in _NOBODY else said)
    try:
        return frozenset(node for part in parts if ":" not in part for node in expanded(part))
    except ValueError:
        return frozenset()


def _words(said: str) -> frozenset[str]:
    return frozenset() if said in _NOBODY else frozenset(filter(None, said.split(",")))


def clock(text: str) -> datetime:
    """Read when `scontrol show config` was answered: its first line has slurmctld's time (_fill_ctld_conf)."""
    found = _AS_OF.fullmatch(whole_lines(text)[0])
    try:
        moment = instant(found[1] if found else "")
    except ValueError as error:
        raise UnexpectedAnswer(SIDE, "its configuration does not say when it was read", text) from error
    if moment is None:
        raise UnexpectedAnswer(SIDE, "its configuration does not say when it was read", text)
    return moment
