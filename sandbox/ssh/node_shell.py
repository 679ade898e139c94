"""The programs a node has. Each is a small function: words in, exit code out."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from sandbox.slurm.times import stamp
from sandbox.terminal import not_found
from sandbox.world import Happening, Machine, World

from .door import FOREVER_S, Talk
from .kernel import Kernel, timeout
from .node_files import FILE_PROGRAMS
from .nvidia import nvidia_smi
from .puppet import run_puppet
from .sh import sh

_KILLED: Final = 137
_ACTIVE: Final = {True: ("active\n", 0), False: ("inactive\n", 3)}


class NodeShell:
    """Runs commands on one node. A command outlives its connection, and dies with the node."""

    def __init__(self, machine: Machine, world: World) -> None:
        self._machine = machine
        self._world = world
        self._kernel = Kernel()
        machine.listeners.append(self._heard)

    def _heard(self, _: Machine, what: Happening) -> None:
        if what is Happening.UP:
            self._kernel.restart()

    async def run(self, argv: list[str], talk: Talk) -> int:
        """Run one command line and return its exit code."""
        self._world.agenda.catch_up()
        work = self._machine.work(self._program(argv, talk))
        await asyncio.wait([work])
        return _KILLED if work.cancelled() else work.result()

    async def _program(self, argv: Sequence[str], talk: Talk) -> int:
        program, rest = argv[0].rsplit("/", 1)[-1], list(argv[1:])
        if program == "cat" and rest and rest[0] in self._kernel.files:
            talk.out(self._kernel.files[rest[0]]())
            return 0
        if program in FILE_PROGRAMS:
            return await FILE_PROGRAMS[program](self._machine, rest, talk)
        own: Mapping[str, Callable[[list[str], Talk], Awaitable[int]]] = {
            "true": self._true,
            "false": self._false,
            "hostname": self._hostname,
            "uptime": self._uptime,
            "date": self._date,
            "systemctl": self._systemctl,
            "nvidia-smi": self._nvidia_smi,
            "crictl": self._crictl,
            "nhc": self._nhc,
            "flock": self._flock,
            "sh": self._sh,
            "timeout": self._timeout,
            "env": self._env,
            "sudo": self._env,
            "run_puppet": self._run_puppet,
        }
        if program not in own:
            talk.err(not_found(program).err)
            return 127
        return await own[program](rest, talk)

    async def _true(self, _argv: list[str], _talk: Talk) -> int:
        return 0

    async def _false(self, _argv: list[str], _talk: Talk) -> int:
        return 1

    async def _hostname(self, _argv: list[str], talk: Talk) -> int:
        talk.out(f"{self._machine.name}\n")
        return 0

    async def _uptime(self, argv: list[str], talk: Talk) -> int:
        booted = self._machine.booted_at
        zone = self._world.zone
        if "-s" in argv:
            talk.out(stamp(booted, zone).replace("T", " ") + "\n")
        else:
            now = stamp(self._world.agenda.now, zone)
            talk.out(f" {now[11:]} up since {stamp(booted, zone)},  0 users,  load average: 0.00, 0.01, 0.05\n")
        return 0

    async def _date(self, argv: list[str], talk: Talk) -> int:
        if argv != ["+%s"]:
            talk.err("date: only +%s is known here\n")
            return 1
        talk.out(f"{int(self._world.node_time.timestamp())}\n")
        return 0

    async def _systemctl(self, argv: list[str], talk: Talk) -> int:
        words = [word for word in argv if not word.startswith("-")]
        verb, unit = [*words, "", ""][:2]
        unit = unit.removesuffix(".service")
        if verb == "is-active":
            text, code = _ACTIVE[unit in self._machine.services]
            talk.out(text)
            return code
        if verb in {"start", "restart"}:
            self._machine.start(unit)
        elif verb == "stop":
            self._machine.stop(unit)
        return 0

    async def _nvidia_smi(self, argv: list[str], talk: Talk) -> int:
        fault = self._world.faults.take("prepare", self._machine.name)
        if fault == "hang":
            await asyncio.sleep(FOREVER_S)
        return nvidia_smi(self._machine, argv, talk, is_broken=fault == "fail")

    async def _crictl(self, argv: list[str], talk: Talk) -> int:
        if len(argv) < 2 or argv[0] != "pull":  # noqa: PLR2004 - a verb and an image
            talk.err("crictl: only pull IMAGE is known here\n")
            return 1
        if "containerd" not in self._machine.services:
            talk.err(
                "FATA[0000] validate service connection: dial unix /run/containerd/containerd.sock: no such file\n"
            )
            return 1
        if self._world.faults.take("pull", self._machine.name):
            talk.err(f'FATA[0001] pulling image: failed to resolve reference "{argv[-1]}": not found\n')
            return 1
        talk.out(f"Image is up to date for {argv[-1]}\n")
        return 0

    async def _nhc(self, _argv: list[str], talk: Talk) -> int:
        """Run the node health check, as github.com/mej/nhc words what it finds."""
        if self._world.faults.take("health", self._machine.name):
            talk.err("ERROR:  nhc:  Health check failed:  check_hw_ib:  No IB port is ACTIVE (LinkUp 100 Gb/sec).\n")
            return 1
        return 0

    async def _flock(self, argv: list[str], talk: Talk) -> int:
        """Hold a lock while a command runs: `flock [--nonblock] [--conflict-exit-code N] LOCK CMD...`."""
        conflict, words = 1, list(argv)
        while words and words[0].startswith("-"):
            option = words.pop(0)
            if option in {"--conflict-exit-code", "-E"}:
                conflict = int(words.pop(0))
            elif option.startswith("--conflict-exit-code="):
                conflict = int(option.partition("=")[2])
        if len(words) < 2:  # noqa: PLR2004 - a lock and a command
            talk.err("flock: not enough arguments\n")
            return 64
        lock, command = words[0], words[1:]
        if lock in self._machine.locks:
            return conflict
        self._machine.locks.add(lock)
        try:
            return await self._program(command, talk)
        finally:
            self._machine.locks.discard(lock)

    async def _sh(self, argv: list[str], talk: Talk) -> int:
        return await sh(argv, lambda words: self._program(words, talk), self._kernel.files, talk)

    async def _timeout(self, argv: list[str], talk: Talk) -> int:
        return await timeout(argv, lambda words: self._program(words, talk), talk)

    async def _env(self, argv: list[str], talk: Talk) -> int:
        words = list(argv)
        while words and ("=" in words[0] or words[0].startswith("-")):
            words.pop(0)
        return await self._program(words, talk) if words else 0

    async def _run_puppet(self, _argv: list[str], talk: Talk) -> int:
        return await run_puppet(self._machine, self._world.agenda, self._world.faults, talk)
