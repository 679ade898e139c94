"""The management host's commands: Slurm's, xCAT's rpower, and the few words a session needs."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sandbox.bmc import BoardRoom
from sandbox.slurm.controller import Controller
from sandbox.slurm.hostlist import unfold
from sandbox.slurm.records import SlurmError
from sandbox.slurm.scontrol import scontrol
from sandbox.slurm.sinfo import sinfo
from sandbox.slurm.squeue import scancel, squeue
from sandbox.terminal import Caller, Result, not_found
from sandbox.world import World

from .door import FOREVER_S, Talk
from .kernel import Kernel, timeout
from .sh import sh

NAME: Final = "mgmt"
_SLOW_S: Final = 2.0
_SLURM: Final[Mapping[str, Callable[[Sequence[str], Controller, Caller], Result]]] = {
    "scontrol": scontrol,
    "squeue": squeue,
    "sinfo": sinfo,
    "scancel": scancel,
}
_NOT_STARTED: Final = 127
_NO_LIBRARY: Final = (
    "error while loading shared libraries: libslurmfull.so: cannot open shared object file: No such file or directory"
)
_NO_CONTACT: Final = "Unable to contact slurm controller (connect failure)"


class Management:
    """Runs the management host's commands on the world.

    profile    what the accounts' .bashrc exports; every command has it unless it is run without
    libraries  where Slurm's own lie, when the linker finds them through LD_LIBRARY_PATH alone; empty: where it looks
    """

    def __init__(self, world: World, boards: BoardRoom) -> None:
        self._world = world
        self._boards = boards
        self._kernel = Kernel()
        self.calls: Counter[str] = Counter()
        self.profile: dict[str, str] = {}
        self.libraries = ""

    async def run(self, argv: list[str], talk: Talk) -> int:
        """Run one command line and return its exit code."""
        match argv:
            case ["sh", *words]:
                own = self._environment(talk.user)
                return await sh(words, lambda inner: self.run(inner, talk), self._kernel.files, talk, own)
            case ["timeout", *words]:
                return await timeout(words, lambda inner: self.run(inner, talk), talk)
            case ["cat", path] if path in self._kernel.files:
                talk.out(self._kernel.files[path]())
                return 0
        caller = Caller(talk.user, self._world.zone, self._environment(talk.user))
        result = await self.answer(argv, caller)
        talk.out(result.out)
        talk.err(result.err)
        return result.code

    def _environment(self, user: str) -> dict[str, str]:
        home = "/root" if user == "root" else f"/home/{user}"
        return {"PATH": "/usr/bin:/bin", "HOME": home, "USER": user, "LOGNAME": user, **self.profile}

    async def answer(self, argv: Sequence[str], caller: Caller) -> Result:
        """Return what a command prints and its code."""
        argv, caller = _unwrap(argv, caller)
        if not argv:
            return Result()
        program, rest = argv[0].rsplit("/", 1)[-1], argv[1:]
        if program in _SLURM:
            self.calls[" ".join([program, *rest[:2]]) if program == "scontrol" else program] += 1
            return await self._slurm(program, rest, caller)
        if program == "rpower":
            return await self._rpower(rest)
        if program == "date":
            return _date(rest, self._world.slurm.now.astimezone(caller.zone))
        simple = {"true": "", "hostname": f"{NAME}\n", "whoami": f"{caller.user}\n", "id": f"{caller.user}\n"}
        return Result(out=simple[program]) if program in simple else not_found(program)

    async def _slurm(self, program: str, argv: Sequence[str], caller: Caller) -> Result:
        if self.libraries not in caller.environment.get("LD_LIBRARY_PATH", "").split(":"):
            return Result(_NOT_STARTED, "", f"{program}: {_NO_LIBRARY}\n")
        slow_s = self._world.faults.slowness("slurm", _SLOW_S)
        fault = self._world.faults.take("slurm")
        if fault == "refuse":
            return Result(1, "", f"{_no_contact(program, argv)}\n")
        if fault == "hang":
            await asyncio.sleep(FOREVER_S)
        if fault == "slow":
            await asyncio.sleep(slow_s)
        if fault == "rubbish":
            return Result(out="\x00\x7fELF segmentation fault at 0x0, core dumped\n<html>502</html>\n")
        if fault == "empty":
            return Result()
        elsewhere = caller.environment.get("SLURM_CLUSTERS", self._world.slurm.cluster)
        if elsewhere != self._world.slurm.cluster:
            return Result(1, "", f"{program}: error: '{elsewhere}' can't be reached now, or it is an invalid entry\n")
        self._world.agenda.catch_up()
        result = _SLURM[program](argv, self._world.slurm, caller)
        return replace(result, out=result.out[: len(result.out) // 2]) if fault == "half" else result

    async def _rpower(self, argv: Sequence[str]) -> Result:
        if len(argv) < 2:  # noqa: PLR2004 - a noderange and a verb
            return Result(1, "", "Usage: rpower <noderange> [on|off|stat|state|boot|reset|softoff]\n")
        try:
            names = unfold(argv[0])
        except SlurmError:
            names = [argv[0]]
        unknown = [name for name in names if name not in self._world.machines]
        if unknown:
            return Result(1, "", f"Error: [{NAME}]: Invalid nodes and/or groups in noderange: {','.join(unknown)}\n")
        answers = await asyncio.gather(*(self._boards.rpower(name, argv[1]) for name in names))
        good = "".join(f"{name}: {text}\n" for name, (fine, text) in zip(names, answers, strict=True) if fine)
        bad = "".join(f"{name}: {text}\n" for name, (fine, text) in zip(names, answers, strict=True) if not fine)
        return Result(int(bool(bad)), good, bad)


def _no_contact(program: str, argv: Sequence[str]) -> str:
    """Return what each command says when slurmctld does not answer."""
    if program == "sinfo":
        return f"slurm_load_partitions: {_NO_CONTACT}"
    verb, noun = [*(word for word in argv if not word.startswith("-")), "", ""][:2]
    if program == "scontrol" and verb == "create":
        return "Error creating the reservation: Unexpected message received"
    if program == "scontrol" and verb != "show":
        return f"slurm_update error: {_NO_CONTACT}"
    what = "node" if noun.startswith("node") else "reservations" if noun.startswith("res") else "jobs"
    return f"slurm_load_{what} error: {_NO_CONTACT}"


def _date(argv: Sequence[str], now: datetime) -> Result:
    if list(argv) != ["+%s %z"]:
        return Result(1, "", "date: only '+%s %z' is known here\n")
    return Result(out=f"{int(now.timestamp())} {now:%z}\n")


def _unwrap(argv: Sequence[str], caller: Caller) -> tuple[Sequence[str], Caller]:
    """Take `env -i TZ=...`, `sudo -n` and leading assignments off a command."""
    words = list(argv)
    own = dict(caller.environment)
    while words:
        name, is_given, value = words[0].partition("=")
        if words[0] in {"env", "sudo", "-n"}:
            words.pop(0)
        elif words[0] == "-i":
            own.clear()
            words.pop(0)
        elif is_given and name.isidentifier():
            own[name] = value
            words.pop(0)
        else:
            break
    zone = _zone(own["TZ"]) if "TZ" in own else caller.zone
    return words, replace(caller, zone=zone, environment=own)


def _zone(name: str) -> ZoneInfo:
    """Return a zone; one that is unknown is UTC, as the C library has it."""
    try:
        return ZoneInfo(name.lstrip(":") or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
