"""What Slurm's commands print, read into our values.

Decides what each word means and what an odd one costs. A node whose state, times or GRES cannot be read is UNKNOWN, so
that it is never free, never idle and never home; the others are read. What says which nodes are meant costs the whole
answer: a node that is read wrongly could be taken while it works. All times must have been printed with TZ=UTC. Knows
nothing of how the text was got.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar

from adapters.hostlist import expanded
from adapters.slurm_config import Config
from adapters.slurm_lines import SIDE, fields, instant, moment, reason, records, whole_lines
from conversion.ports import UnexpectedAnswer
from loans.nodes import NodeName, Reservation, SlurmJob, SlurmNode
from loans.reasons import DEFAULT_SLURM_USER

T = TypeVar("T")

JOB_FORMAT: Final = "%A|%T|%P|%N|%e|%V|%r"
"""squeue's columns. The reason stands last, because it alone may hold the separator."""

_JOB_HEADER: Final = re.compile(r"[A-Z_]+(\|[A-Z_]+){6}")
"""`JOBID|STATE|PARTITION|...`: it is there however short the queue is, so an answer without it is none."""
_JOB: Final = re.compile(r"[0-9]+\|")
_SEPARATORS: Final = JOB_FORMAT.count("|")
_HAS_NODES: Final = frozenset({"RUNNING", "SUSPENDED", "CONFIGURING", "RESIZING", "SIGNALING", "STOPPED"})
"""A job that is on nodes and names none is on any of them."""
_NO_RESERVATIONS: Final = "No reservations in the system"
_NOTHING: Final = frozenset({"(null)", "N/A", ""})
_NO_STATE: Final[tuple[str, frozenset[str]]] = ("UNKNOWN", frozenset())
_NODE_NAME: Final = re.compile(r"[\w.-]+", re.ASCII)
_GRES_NAME: Final = re.compile(r"(?=.*[A-Za-z])[^\s:()]+")
_COUNT: Final = re.compile(r"(\d+)([KMGTP]?)", re.IGNORECASE)

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
_STATE_WORD: Final = re.compile(rf"([A-Za-z]\w*)([{re.escape(''.join(_STATE_MARKS))}]*)", re.ASCII)


def nodes(text: str, of: Config | None = None) -> Mapping[NodeName, SlurmNode]:
    """Read `scontrol show node -o`. A node that cannot be read is UNKNOWN, and its `unread` says why.

    of       the site's configuration; without it slurmctld is taken to sign as most sites have it
    raises   UnexpectedAnswer when there is none, or when it cannot be told which nodes the lines are about
    """
    found: dict[NodeName, SlurmNode] = {}
    for record in records(text, "NodeName"):
        node = _node(record, of)
        found[node.name] = _twice(node) if node.name in found else node
    return found


def jobs(text: str) -> tuple[SlurmJob, ...]:
    """Read squeue's table in JOB_FORMAT, with its header. UnexpectedAnswer without it: an empty answer is no answer."""
    header, *lines = whole_lines(text)
    if not _JOB_HEADER.fullmatch(header):
        raise UnexpectedAnswer(SIDE, f"its queue does not begin with the names of the columns: {header[:80]!r}", text)
    return tuple(map(_job, _job_lines(lines)))


def reservations(text: str) -> Mapping[str, Reservation]:
    """Read `scontrol show reservation -o`; that there are none is said in words, never by silence."""
    if text.strip() == _NO_RESERVATIONS:
        return {}
    return {found.name: found for found in map(_reservation, records(text, "ReservationName"))}


def state(said: str) -> tuple[str, frozenset[str]]:
    """Return (base, flags) of a state such as `IDLE+DRAIN`; words unknown to us are kept as they are.

    raises   ValueError for what is no state at all
    """
    words: list[str] = []
    marks: set[str] = set()
    for part in said.split("+"):
        found = _STATE_WORD.fullmatch(part)
        if found is None:
            raise ValueError(f"no state: {said!r}")
        words.append(found[1].upper())
        marks.update(_STATE_MARKS[mark] for mark in found[2])
    base, *flags = words
    return base, frozenset(flags) | marks


def gres(said: str) -> Mapping[str, int]:
    """Return configured resources by name: `gpu:a100:4(S:0-1),gpu:v100:2` is {"gpu": 6}; one without a count is 1.

    raises   ValueError for what cannot be counted
    """
    counts: dict[str, int] = {}
    if said in _NOTHING:
        return counts
    for item in re.sub(r"\([^()]*\)", "", said).split(","):
        name, *rest = (part for part in item.split(":") if part != "no_consume")
        if not _GRES_NAME.fullmatch(name):
            raise ValueError(f"no GRES: {said!r}")
        counts[name] = counts.get(name, 0) + _count(rest)
    return counts


def _count(rest: list[str]) -> int:
    """Count what stands behind the name of a GRES: its type, its number, or both."""
    number = _COUNT.fullmatch(rest[-1]) if rest else None
    kind = rest[:-1] if number else rest
    if len(kind) > 1 or not all(map(_GRES_NAME.fullmatch, kind)):
        raise ValueError(f"no count of GRES: {':'.join(rest)!r}")
    return int(number[1]) << 10 * " KMGTP".index(number[2].upper() or " ") if number else 1


def _node(record: str, of: Config | None) -> SlurmNode:
    said, free = fields(record)
    why = reason(free)
    odd: list[str] = []

    def read(key: str, how: Callable[[str], T], instead: T) -> T:
        if key not in said:
            odd.append(f"no {key}")
            return instead
        try:
            return how(said[key])
        except ValueError:
            odd.append(f"{key}={said[key]}")
            return instead

    base, flags = read("State", state, _NO_STATE)
    made = SlurmNode(
        name=_named(said.get("NodeName", ""), record),
        base=base,
        flags=flags,
        partitions=_words(said.get("Partitions", "")),
        features=_words(said.get("ActiveFeatures", "")),
        gres=read("Gres", gres, {}),
        reason=why.why,
        reason_by=of.signer(why.signed_by) if of else why.signed_by,
        reason_at=why.at,
        boot_time=read("BootTime", instant, None),
        slurmd_start=read("SlurmdStartTime", instant, None),
        slurm_user=of.slurm_user if of else DEFAULT_SLURM_USER,
    )
    return replace(made, base="UNKNOWN", unread=", ".join(odd)) if odd else made


def _twice(node: SlurmNode) -> SlurmNode:
    """Return a node of which two lines speak: nobody knows which of them is so."""
    return SlurmNode(node.name, "UNKNOWN", partitions=node.partitions, unread="two lines about it")


def _named(said: str, record: str) -> NodeName:
    if not _NODE_NAME.fullmatch(said):
        raise UnexpectedAnswer(SIDE, f"a line about a node whose name I cannot read: {said!r}", record)
    return NodeName(said)


def _job_lines(lines: Iterable[str]) -> Iterator[str]:
    """Yield one line a job: one that begins with no number goes on with the reason of the job before it."""
    gathered: list[str] = []
    for line in lines:
        begins = _JOB.match(line)
        if gathered and not begins and line.count("|") >= _SEPARATORS:
            raise UnexpectedAnswer(SIDE, f"a line about a job whose number I cannot read: {line[:80]!r}", line)
        if gathered and begins:
            yield "\n".join(gathered)
            gathered = []
        gathered.append(line)
    if gathered:
        yield "\n".join(gathered)


def _job(line: str) -> SlurmJob:
    try:
        number, state_, partition, where, end, submitted, why = line.split("|", _SEPARATORS)
        return SlurmJob(
            id=_job_number(number),
            state=_filled(state_),
            partitions=_words(partition),
            nodes=_where(state_, where),
            ends=None if state_ == "PENDING" else moment(end),
            submitted=moment(submitted),
            reason="" if why == "None" else why,
        )
    except ValueError as error:
        raise UnexpectedAnswer(SIDE, f"a line about a job that I cannot read ({error})", line) from error


def _where(state_: str, said: str) -> tuple[NodeName, ...]:
    on = expanded(said)
    if not on and state_.upper() in _HAS_NODES:
        raise ValueError(f"it is {state_}, on no node")
    return on


def _job_number(said: str) -> int:
    if not re.fullmatch(r"\d+", said, re.ASCII):
        raise ValueError(f"no number of a job: {said!r}")
    return int(said)


def _reservation(record: str) -> Reservation:
    said, _ = fields(record)
    try:
        return Reservation(
            name=_filled(said["ReservationName"]),
            nodes=expanded(said["Nodes"]),
            starts=_certain(instant(said["StartTime"])),
            ends=_certain(instant(said["EndTime"])),
            flags=_words(said.get("Flags", "")),
        )
    except (KeyError, ValueError) as error:
        why = f"no {error.args[0]} in it" if isinstance(error, KeyError) else str(error)
        raise UnexpectedAnswer(SIDE, f"a line about a reservation that I cannot read ({why})", record) from error


def _words(said: str) -> frozenset[str]:
    return frozenset() if said in _NOTHING else frozenset(said.split(","))


def _certain(moment: datetime | None) -> datetime:
    if moment is None:
        raise ValueError("no time")
    return moment


def _filled(said: str) -> str:
    if not said:
        raise ValueError("an empty name")
    return said
