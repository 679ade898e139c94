"""sinfo's basic forms: by partition, by node with -N, reasons with -R, and -o."""

import getopt
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sandbox.terminal import Caller, Result

from .controller import Controller
from .formats import heading, letters, render
from .hostlist import fold, unfold
from .records import PACKAGE, NodeRecord, SlurmError
from .times import stamp

_DEFAULT: Final = "%9P %.5a %.10l %.6D %.6t %N"
_BY_NODE: Final = "%N %.6D %.9P %6t"
_REASONS: Final = "%20E %9u %19H %N"
_NAMES: Final = {
    "A": "NODES(A/I)", "C": "CPUS(A/I/O/T)", "D": "NODES", "E": "REASON", "G": "GRES", "H": "TIMESTAMP",
    "N": "NODELIST",
    "P": "PARTITION", "R": "PARTITION", "T": "STATE", "a": "AVAIL", "c": "CPUS", "e": "FREE_MEM", "l": "TIMELIMIT",
    "m": "MEMORY", "n": "HOSTNAMES", "o": "NODE_ADDR", "t": "STATE", "u": "USER",
}  # fmt: skip
_GROUPED: Final = frozenset("ACDN")
_COMPACT: Final = {"allocated": "alloc", "mixed": "mix", "draining": "drng", "drained": "drain", "completing": "comp",
                   "reserved": "resv"}  # fmt: skip


def sinfo(argv: Sequence[str], controller: Controller, who: Caller) -> Result:
    """Run `sinfo ARGV...`."""
    try:
        pairs, _ = getopt.gnu_getopt(
            list(argv), "hNp:n:o:RlaV", ["noheader", "Node", "partition=", "nodes=", "format=", "version"]
        )
        options = {key.lstrip("-"): value for key, value in pairs}
        names = options.get("n") or options.get("nodes")
        chosen = set(unfold(names)) if names else None
    except (getopt.GetoptError, SlurmError) as error:
        return Result(1, "", f"sinfo: error: {error}\n")
    if "V" in options or "version" in options:
        return Result(out=f"{PACKAGE} {controller.version.full}\n")
    partitions = (options.get("p") or options.get("partition") or "").split(",")
    nodes = [
        node
        for node in controller.nodes.values()
        if (chosen is None or node.name in chosen)
        and (partitions == [""] or node.partition in partitions)
        and ("R" not in options or node.reason is not None)
    ]
    return _table(nodes, options, controller, who)


def _table(nodes: Sequence[NodeRecord], options: Mapping[str, str], controller: Controller, who: Caller) -> Result:
    layout = options.get("o") or options.get("format")
    if layout is None:
        layout = _REASONS if "R" in options else _BY_NODE if "N" in options else _DEFAULT
    each_node = bool({"N", "Node"} & options.keys()) or "n" in letters(layout)
    default = next(iter(controller.nodes.values())).partition
    groups: dict[tuple[str, ...], list[NodeRecord]] = {}
    for node in nodes:
        key = [_value(letter, [node], who, default) for letter in letters(layout) if letter not in _GROUPED]
        groups.setdefault((*key, node.partition, node.name if each_node else ""), []).append(node)
    lines = [] if {"h", "noheader"} & options.keys() else [heading(layout, _NAMES)]
    lines += [_row(layout, group, who, default) for group in groups.values()]
    return Result(out="".join(f"{line}\n" for line in lines))


def _row(layout: str, group: Sequence[NodeRecord], who: Caller, default: str) -> str:
    return render(layout, lambda letter: _value(letter, group, who, default))


def short_state(node: NodeRecord) -> str:
    """Return sinfo's one word for a state: drain hides down, and a star marks a silent node."""
    base = node.state.split("+", 1)[0].lower()
    if node.drain:
        base = "draining" if node.running or node.completing else "drained"
    elif base == "idle" and node.completing:
        base = "completing"
    elif base == "idle" and "MAINTENANCE" in node.shown:
        base = "maint"
    elif base == "idle" and "RESERVED" in node.shown:
        base = "reserved"
    return base + ("*" if node.not_responding else "")


def _compact(node: NodeRecord) -> str:
    word = short_state(node)
    return _COMPACT.get(word.rstrip("*"), word.rstrip("*")) + ("*" if word.endswith("*") else "")


def _value(letter: str, group: Sequence[NodeRecord], who: Caller, default: str) -> str:
    if letter == "P":
        return group[0].partition + ("*" if group[0].partition == default else "")
    if letter == "H":
        return stamp(group[0].reason_at, who.zone)
    return _VALUES[letter](group) if letter in _VALUES else "N/A"


def _cpus(group: Sequence[NodeRecord]) -> str:
    total, used = sum(node.cpus for node in group), sum(node.cpus_used for node in group)
    other = sum(node.cpus - node.cpus_used for node in group if not node.is_schedulable)
    return f"{used}/{total - used - other}/{other}/{total}"


_VALUES: Final[Mapping[str, Callable[[Sequence[NodeRecord]], str]]] = {
    "A": lambda group: (
        f"{sum(bool(n.running) for n in group)}/{sum(not n.running and n.is_schedulable for n in group)}"
    ),
    "C": _cpus,
    "D": lambda group: str(len(group)),
    "E": lambda group: group[0].reason or "none",
    "G": lambda group: group[0].gres or "(null)",
    "N": lambda group: fold(node.name for node in group),
    "R": lambda group: group[0].partition,
    "T": lambda group: short_state(group[0]),
    "a": lambda _group: "up",
    "c": lambda group: str(group[0].cpus),
    "e": lambda group: str(group[0].memory_mb * 95 // 100),
    "l": lambda _group: "infinite",
    "m": lambda group: str(group[0].memory_mb),
    "n": lambda group: group[0].name,
    "o": lambda group: group[0].address,
    "t": lambda group: _compact(group[0]),
    "u": lambda group: group[0].reason_by or "Unknown",
}
