"""What Slurm's commands print, read into our values.

Decides what each word means and refuses a line that it cannot read whole: a node that is read wrongly could be taken
while it works. All times must have been printed with TZ=UTC. Knows nothing of how the text was got.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from adapters.hostlist import expanded
from conversion.ports import UnexpectedAnswer
from loans.nodes import NodeName, Reservation, SlurmJob, SlurmNode

SIDE: Final = "Slurm"

JOB_FORMAT: Final = "%A|%T|%P|%N|%e|%V|%r"
"""squeue's columns. The reason stands last, because it alone may hold the separator."""

_NO_TIME: Final = frozenset({"None", "Unknown", "N/A", "(null)", "NONE", ""})
_NOTHING: Final = frozenset({"(null)", "N/A", ""})

_STATE_MARKS: Final = {
    "*": "NOT_RESPONDING",
    "~": "POWERED_DOWN",
    "#": "POWERING_UP",
    "!": "POWER_DOWN",
    "%": "POWERING_DOWN",
    "$": "MAINTENANCE",
    "@": "REBOOT_REQUESTED",
    "^": "REBOOT_ISSUED",
    "-": "PLANNED",
}
"""sinfo's suffixes. `scontrol show node -o` spells them out instead; dropping one would make a dead node look free."""

_SETTING: Final = re.compile(r"^(\w+) *= (.*?) *$", re.MULTILINE)
_USER: Final = re.compile(r"(?P<name>.+)\((?P<uid>\d+)\)")
"""`slurm(64030)`; a host that does not know the name prints `(null)(64030)`."""
_FIELD: Final = re.compile(r"(?:^|\s)([A-Za-z][A-Za-z_]*)=(\S*)")
_REASON: Final = re.compile(
    r"(?P<why>.*?) \[(?P<by>[^\s\[\]@]+)@(?P<at>[^\s\[\]@]+)\]"
    r"(?:\s+(?:Comment|Extra|InstanceId|InstanceType|ReservationName)=.*|\s{7,}.*)?",
    re.DOTALL,
)
"""A second line of a reason follows after seven blanks; the fields after it came with Slurm 22 and 23."""


_AS_OF: Final = re.compile(r"Configuration data as of (\S+)\n")


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
    said = dict(_SETTING.findall(text))
    user = _USER.fullmatch(said.get("SlurmUser", ""))
    if not said.get("ClusterName") or user is None:
        raise UnexpectedAnswer(SIDE, "its configuration tells no ClusterName or no SlurmUser", text)
    name = user["uid"] if user["name"] in _NOTHING else user["name"]
    return Config(said["ClusterName"], name, user["uid"])


def nodes(text: str, of: Config | None = None) -> Mapping[NodeName, SlurmNode]:
    """Read `scontrol show node -o`; UnexpectedAnswer when a line cannot be read, or when there is none.

    of   the site's configuration; without it slurmctld is taken to sign as most sites have it
    """
    found = {node.name: node for node in map(_node, _whole_lines(text))}
    if of is not None:
        found = {
            name: replace(node, slurm_user=of.slurm_user, reason_by=of.signer(node.reason_by))
            for name, node in found.items()
        }
    if not found:
        raise UnexpectedAnswer(SIDE, "it lists no nodes at all", text)
    return found


def jobs(text: str) -> tuple[SlurmJob, ...]:
    """Read squeue's lines of JOB_FORMAT."""
    return tuple(map(_job, _whole_lines(text)))


def reservations(text: str) -> Mapping[str, Reservation]:
    """Read `scontrol show reservation -o`."""
    if text.strip() == "No reservations in the system":
        return {}
    return {found.name: found for found in map(_reservation, _whole_lines(text))}


def clock(text: str) -> datetime:
    """Read when `scontrol show config` was answered: its first line has slurmctld's time (_fill_ctld_conf)."""
    found = _AS_OF.match(text)
    try:
        return _certain(instant(found[1] if found else ""))
    except ValueError as error:
        raise UnexpectedAnswer(SIDE, "its configuration does not say when it was read", text) from error


def state(said: str) -> tuple[str, frozenset[str]]:
    """Return (base, flags) of a state such as `IDLE+DRAIN`; words unknown to us are kept as they are."""
    bare = said.rstrip("".join(_STATE_MARKS))
    base, *flags = bare.upper().split("+")
    return base, frozenset(flags) | {_STATE_MARKS[mark] for mark in said[len(bare) :]}


def gres(said: str) -> Mapping[str, int]:
    """Return configured resources by name: `gpu:a100:4(S:0-1),gpu:v100:2` is {"gpu": 6}; one without a count is 1."""
    counts: dict[str, int] = {}
    if said in _NOTHING:
        return counts
    for item in re.sub(r"\([^)]*\)", "", said).split(","):
        name, *rest = item.split(":")
        number = re.fullmatch(r"(\d+)([KMGTP]?)", rest[-1], re.IGNORECASE) if rest else None
        count = int(number[1]) * 1024 ** " KMGTP".index(number[2].upper() or " ") if number else 1
        counts[name] = counts.get(name, 0) + count
    return counts


def instant(said: str) -> datetime | None:
    """Return a time that was printed with TZ=UTC; None when Slurm says that there is none; ValueError for the rest."""
    if said in _NO_TIME:
        return None
    moment = datetime.fromisoformat(said)
    if len(said) != len("2026-11-23T10:00:00"):
        raise ValueError(f"not a time as Slurm prints it: {said!r}")
    return moment.replace(tzinfo=UTC)


def _whole_lines(text: str) -> Iterator[str]:
    if text and not text.endswith("\n"):
        raise UnexpectedAnswer(SIDE, "its answer breaks off in the middle of a line", text[-2000:])
    return (line for line in text.splitlines() if line.strip())


def _node(line: str) -> SlurmNode:
    head, _, tail = line.partition(" Reason=")
    try:
        fields = _first_of_each(head)
        base, flags = state(fields["State"])
        why, by, at = _reason(tail)
        return SlurmNode(
            name=NodeName(_filled(fields["NodeName"])),
            base=_filled(base),
            flags=flags,
            partitions=_words(fields.get("Partitions", "")),
            features=_words(fields.get("ActiveFeatures", "")),
            gres=gres(fields["Gres"]),
            reason=why,
            reason_by=by,
            reason_at=at,
            boot_time=instant(fields["BootTime"]),
            slurmd_start=instant(fields["SlurmdStartTime"]),
        )
    except (KeyError, ValueError) as error:
        raise _unreadable("a node", error, line) from error


def _job(line: str) -> SlurmJob:
    try:
        number, state_, partition, where, end, submitted, reason = line.split("|", 6)
        return SlurmJob(
            id=int(number),
            state=_filled(state_),
            partitions=_words(partition),
            nodes=expanded(where),
            ends=None if state_ == "PENDING" else instant(end),
            submitted=instant(submitted),
            reason="" if reason == "None" else reason,
        )
    except ValueError as error:
        raise UnexpectedAnswer(SIDE, f"a line about a job that I cannot read ({error})", line) from error


def _reservation(line: str) -> Reservation:
    fields = _first_of_each(line)
    try:
        return Reservation(
            name=_filled(fields["ReservationName"]),
            nodes=expanded(fields["Nodes"]),
            starts=_certain(instant(fields["StartTime"])),
            ends=_certain(instant(fields["EndTime"])),
        )
    except (KeyError, ValueError) as error:
        raise _unreadable("a reservation", error, line) from error


def _first_of_each(line: str) -> Mapping[str, str]:
    """Return the fields of a line; of two with one name the first, since free text stands at the end."""
    fields: dict[str, str] = {}
    for key, value in _FIELD.findall(line):
        fields.setdefault(key, value)
    return fields


def _reason(tail: str) -> tuple[str | None, str | None, datetime | None]:
    text = tail.strip()
    if not text:
        return None, None, None
    found = _REASON.fullmatch(text)
    return (found["why"], found["by"], instant(found["at"])) if found else (text, None, None)


def _words(said: str) -> frozenset[str]:
    return frozenset() if said in _NOTHING else frozenset(said.split(","))


def _certain(moment: datetime | None) -> datetime:
    if moment is None:
        raise ValueError("no time")
    return moment


def _unreadable(what: str, error: KeyError | ValueError, line: str) -> UnexpectedAnswer:
    """Say what is wrong with a line so that people can read it: a card is no place for an exception's name."""
    why = f"no {error.args[0]} in it" if isinstance(error, KeyError) else str(error)
    return UnexpectedAnswer(SIDE, f"a line about {what} that I cannot read ({why})", line)


def _filled(said: str) -> str:
    if not said:
        raise ValueError("an empty name")
    return said
