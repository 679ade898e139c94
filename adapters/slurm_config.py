"""What `scontrol show config` tells: which Slurm it is, and what it does by itself."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from adapters.slurm_lines import SIDE, instant, whole_lines
from conversion.ports import UnexpectedAnswer

_SETTING: Final = re.compile(r"([\w\[\]]+) *= (.*?) *")
_USER: Final = re.compile(r"(?P<name>.+)\((?P<uid>\d+)\)")
"""`slurm(64030)`; a host that does not know the name prints `(null)(64030)`."""
_NOBODY: Final = frozenset({"(null)", "N/A"})
_AS_OF: Final = re.compile(r"Configuration data as of (\S+)")


@dataclass(frozen=True)
class Config:
    """What we want to know of `scontrol show config`.

    cluster     ClusterName
    slurm_user  the account that slurmctld runs as, and signs as; uid beside it, for a host that does not know the name
    """

    cluster: str
    slurm_user: str
    slurm_uid: str

    def signer(self, by: str | None) -> str | None:
        """Return who signed a reason: a uid that is SlurmUser's is SlurmUser."""
        return self.slurm_user if by == self.slurm_uid else by


def config(text: str) -> Config:
    """Read `scontrol show config`; UnexpectedAnswer when it lacks what we ask it for."""
    said = {found[1]: found[2] for line in whole_lines(text) if (found := _SETTING.fullmatch(line))}
    user = _USER.fullmatch(said.get("SlurmUser", ""))
    if not said.get("ClusterName") or user is None:
        raise UnexpectedAnswer(SIDE, "its configuration tells no ClusterName or no SlurmUser", text)
    name = user["uid"] if user["name"] in _NOBODY else user["name"]
    return Config(said["ClusterName"], name, user["uid"])


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
