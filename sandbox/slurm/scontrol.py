"""scontrol: its arguments, its refusals and its exit codes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sandbox.terminal import Caller, Printer, Result

from . import reservations
from .controller import Controller
from .hostlist import unfold
from .records import INVALID_NODE_NAME, INVALID_USER, PACKAGE, SlurmError
from .scontrol_show import show
from .times import BadTimeError, read_span, read_time

_NONE_MADE: Final = "  No reservation created."
_ONE_LINE: Final = ("-o", "--oneliner", "--oneline")
_STATES: Final = ("DOWN", "DRAIN", "RESUME", "UNDRAIN")
_NO_REASON: Final = "You must specify a reason when DOWNING or DRAINING a node. Request denied\n"
_NO_ENTITY: Final = (
    "No valid entity in update command\n"
    'Input line must include "NodeName", "PartitionName", "Reservation", "JobId", or "SlurmctldDebug"\n'
)
_BAD_STATE: Final = (
    "Request aborted\n"
    "Valid states are: NoResp DRAIN FAIL FUTURE RESUME POWER_DOWN POWER_UP UNDRAIN\n"
    "Not all states are valid given a node's prior state\n"
)


def scontrol(argv: Sequence[str], controller: Controller, who: Caller) -> Result:
    """Run `scontrol ARGV...`."""
    if any(word in {"--version", "-V", "version"} for word in argv[:1]):
        return Result(out=f"{PACKAGE} {controller.version.full}\n")
    one_line = any(word in _ONE_LINE for word in argv)
    words = [word for word in argv if not word.startswith("-")]
    if not words:
        return Result(1, "", "scontrol: error: no command given\n")
    verb = _verb(words[0])
    if verb == "show":
        return show(words[1:], controller, who, one_line=one_line)
    if verb == "ping":
        return Result(out="Slurmctld(primary) at mgmt is UP\n")
    change = _CHANGES.get(verb)
    if change is None:
        return Result(1, "", f"invalid keyword: {words[0]}\n")
    return change(_without(words[1:], "reservation"), controller, who)


def _verb(word: str) -> str:
    """Return the verb a word abbreviates, as scontrol does from three letters on."""
    return next((verb for verb in ("show", "ping", *_CHANGES) if verb.startswith(word.lower())), word)


def _without(words: Sequence[str], noun: str) -> dict[str, str]:
    """Return key=value words as a mapping with small keys; a bare noun such as `reservation` is dropped."""
    pairs = (word.partition("=") for word in words if not (noun.startswith(word.lower()) and "=" not in word))
    return {key.lower(): value for key, _, value in pairs}


def _update(given: Mapping[str, str], controller: Controller, who: Caller) -> Result:
    if "reservationname" in given or "reservation" in given:
        return _update_reservation(given, controller, who)
    names = given.get("nodename") or given.get("node")
    if names is None:
        return Result(1, "", _NO_ENTITY)
    state = given.get("state", "").upper() or None
    if state is not None:
        full = [known for known in _STATES if known.startswith(state)]
        if not full:
            return Result(1, "", f"Invalid input: State={given['state']}\n{_BAD_STATE}")
        state = full[0]
    reason = given.get("reason")
    if state in {"DOWN", "DRAIN"} and not reason:
        return Result(1, "", _NO_REASON)
    return _update_nodes(names, state, reason, controller, who)


def _update_nodes(names: str, state: str | None, reason: str | None, controller: Controller, who: Caller) -> Result:
    if not who.is_root:
        return _refused("slurm_update error", INVALID_USER)
    problem: str | None = None
    try:
        wanted = list(controller.nodes) if names.upper() == "ALL" else unfold(names)
    except SlurmError as error:
        return _refused("slurm_update error", str(error))
    for name in wanted:
        try:
            controller.update(name, state, reason, who.user)
        except SlurmError as error:
            # Slurm goes on: the valid names ARE changed though the answer is a failure.
            problem = problem if problem == INVALID_NODE_NAME else str(error)
    return _refused("slurm_update error", problem) if problem else Result()


def _create(given: Mapping[str, str], controller: Controller, who: Caller) -> Result:
    missing = _missing(given)
    if missing:
        return Result(1, "", f"scontrol: error: {missing}{_NONE_MADE}\n")
    if not who.is_root:
        return _refused("Error creating the reservation", "Access/permission denied")
    try:
        made = reservations.create(controller, _wanted(given, controller, who), who.user)
    except BadTimeError as error:
        return Result(
            1, "", f"Invalid time specification (pos=0): {error}\nscontrol: error: Invalid time.{_NONE_MADE}\n"
        )
    except (SlurmError, ValueError) as error:
        return _refused("Error creating the reservation", str(error))
    return Result(out=f"Reservation created: {made.name}\n")


def _missing(given: Mapping[str, str]) -> str | None:
    if not given.get("starttime"):
        return "A start time must be given."
    if not (given.get("endtime") or given.get("duration")):
        return "An end time or duration must be given."
    if not (given.get("nodes") or given.get("nodecnt")):
        return "CoreCnt, Nodes, NodeCnt, BurstBuffer, Licenses or Watts must be specified."
    if not (given.get("users") or given.get("user") or given.get("accounts")):
        return "Either Users/Groups and/or Accounts must be specified."
    return None


def _wanted(given: Mapping[str, str], controller: Controller, who: Caller) -> reservations.Wanted:
    start = read_time(given["starttime"], controller.now, who.zone)
    if given.get("endtime"):
        end = read_time(given["endtime"], controller.now, who.zone)
    else:
        end = start + read_span(given["duration"])
    nodes = given.get("nodes")
    users = given.get("users") or given.get("user") or ""
    return reservations.Wanted(
        name=given.get("reservationname") or given.get("reservation"),
        start=start,
        end=end,
        nodes=None if nodes is None else list(controller.nodes) if nodes.upper() == "ALL" else unfold(nodes),
        count=int(given.get("nodecnt", "0")),
        partition=given.get("partitionname") or given.get("partition"),
        users=tuple(filter(None, users.split(","))),
        accounts=tuple(filter(None, given.get("accounts", "").split(","))),
        flags=frozenset(filter(None, given.get("flags", "").upper().split(","))),
    )


def _update_reservation(given: Mapping[str, str], controller: Controller, who: Caller) -> Result:
    if not who.is_root:
        return _refused("Error updating the reservation", "Access/permission denied")
    name = given.get("reservationname") or given["reservation"]
    try:
        old = reservations.find(controller, name)
        end = read_time(given["endtime"], controller.now, who.zone) if given.get("endtime") else None
        if given.get("duration"):
            end = old.start + read_span(given["duration"])
        nodes = unfold(given["nodes"]) if given.get("nodes") else None
        reservations.update(controller, name, end=end, nodes=nodes)
    except (SlurmError, BadTimeError) as error:
        return Result(1, "", f"Error updating the reservation: {error}\nslurm_update error: {error}\n")
    return Result(out="Reservation updated.\n")


def _delete(given: Mapping[str, str], controller: Controller, who: Caller) -> Result:
    name = given.get("reservationname") or given.get("reservation")
    if name is None:
        return Result(1, "", "Invalid option for delete command\n")
    if not who.is_root:
        return _refused(f"delete_reservation ReservationName={name}", "Access/permission denied")
    try:
        reservations.delete(controller, name)
    except SlurmError as error:
        return _refused(f"delete_reservation ReservationName={name}", str(error))
    return Result()


def _refused(what: str, why: str) -> Result:
    printer = Printer()
    printer.err.append(f"{what}: {why}")
    return printer.result(1)


_CHANGES: Final[Mapping[str, Callable[[Mapping[str, str], Controller, Caller], Result]]] = {
    "update": _update,
    "create": _create,
    "delete": _delete,
}
