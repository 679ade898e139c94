"""One node as a machine: its power, its boots, what runs on it and what it forgets.

It decides how long things take and what a loss of power ends. It knows nothing of Slurm or Kubernetes: it says what
happened to slurmd and kubelet, and the world tells the far sides.
"""

import asyncio
import random
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sandbox.agenda import Agenda, Entry
from sandbox.faults import Faults

from .options import NodeClass

IMAGE_DIRECTORIES: Final = ("/", "/etc", "/root", "/run", "/run/lock", "/tmp", "/var", "/var/lib", "/var/lock")  # noqa: S108 - a node's own, in memory
_FORCED_OFF: Final = timedelta(seconds=3)
_SHUTDOWN: Final = timedelta(seconds=10)
_CYCLE_PAUSE: Final = timedelta(seconds=5)
_BOOT_S: Final = (180.0, 300.0)
_SLURMD_AFTER_BOOT_S: Final = (4.0, 12.0)


class Power(StrEnum):
    OFF = "off"
    BOOTING = "booting"
    ON = "on"
    STOPPING = "stopping"


class Happening(StrEnum):
    """What a machine tells those who listen."""

    UP = "up"
    GONE = "gone"
    SLURMD_STARTED = "slurmd started"
    SLURMD_STOPPED = "slurmd stopped"
    KUBELET_STARTED = "kubelet started"
    KUBELET_STOPPED = "kubelet stopped"


@dataclass(frozen=True)
class Doing:
    """What takes a machine's time just now, and when that should end."""

    what: str
    since: datetime
    until: datetime

    def progress(self, now: datetime) -> float:
        """Return how far it is, 0 to 1; it stays at 1 while it overruns."""
        return min(1.0, (now - self.since) / max(self.until - self.since, timedelta(seconds=1)))


_TOLD: Final = {
    "slurmd": (Happening.SLURMD_STARTED, Happening.SLURMD_STOPPED),
    "kubelet": (Happening.KUBELET_STARTED, Happening.KUBELET_STOPPED),
}


class Machine:
    """A stateless node: all that is written to it is gone at the next boot."""

    def __init__(self, name: str, address: str, kind: NodeClass, *, agenda: Agenda, faults: Faults, seed: int) -> None:
        self.name = name
        self.address = address
        self.kind = kind
        self.power = Power.OFF
        self.powered_at = agenda.now
        self.booted_at: datetime | None = None
        self.boot_id = ""
        self.boots = 0
        self.has_mig = False
        self.doing: Doing | None = None
        self.files: dict[str, str] = {}
        self.directories: set[str] = set()
        self.locks: set[str] = set()
        self.services: set[str] = set()
        self.listeners: list[Callable[[Machine, Happening], None]] = []
        self.dice = random.Random(f"{seed}/{name}")
        self._agenda = agenda
        self._faults = faults
        self._next: Entry | None = None
        self._work: set[asyncio.Task[Any]] = set()

    @property
    def gpu_uuids(self) -> tuple[str, ...]:
        """Return the GPUs' ids: burnt in, so they outlive every boot."""
        return tuple(f"GPU-{uuid.uuid5(uuid.NAMESPACE_DNS, f'{self.name}-{i}')}" for i in range(self.kind.gpus))

    def dice_span(self, bounds_s: tuple[float, float]) -> timedelta:
        """Return a span between two bounds by this machine's own dice."""
        return timedelta(seconds=self.dice.uniform(*bounds_s))

    def switch_on(self) -> None:
        """Start a boot; nothing happens to a machine that is on or booting."""
        if self.power in (Power.OFF, Power.STOPPING):
            self._boot()

    def switch_off(self) -> None:
        """Cut the power; all that runs dies now, and the machine is off seconds later."""
        if self.power is not Power.OFF:
            self._stop(_FORCED_OFF, self._off)

    def shut_down(self) -> None:
        """Ask the operating system to end, which one that is not up cannot hear."""
        if self.power is Power.ON:
            self._stop(_SHUTDOWN, self._off)

    def restart(self) -> None:
        """Reset: all that runs dies, and the machine boots at once. One that is off comes on."""
        self._die()
        self._boot()

    def cycle(self) -> None:
        """Cut the power, wait, and boot."""
        self._stop(_CYCLE_PAUSE, self._boot)

    def start_up_in_the_past(self, ago: timedelta) -> None:
        """Be up already when the site's story begins."""
        self._come_up(self._agenda.now - ago)
        self.start("slurmd")

    def start(self, service: str) -> None:
        """Start a service; slurmd's and kubelet's starts are told to the listeners."""
        if service not in self.services:
            self.services.add(service)
            if service in _TOLD:
                self._tell(_TOLD[service][0])

    def stop(self, service: str) -> None:
        """Stop a service; as start()."""
        if service in self.services:
            self.services.discard(service)
            if service in _TOLD:
                self._tell(_TOLD[service][1])

    def work(self, what: Coroutine[Any, Any, int]) -> asyncio.Task[int]:
        """Run a command that lives as long as this boot, whatever becomes of the connection that asked for it."""
        task = asyncio.get_running_loop().create_task(what)
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        return task

    def begin(self, what: str, span: timedelta) -> None:
        """Note what takes the machine's time now."""
        self.doing = Doing(what, self._agenda.now, self._agenda.now + span)

    def _boot(self) -> None:
        self._become(Power.BOOTING)
        span = self.dice_span(_BOOT_S)
        self.begin("boot", span)
        forgets = self._faults.take("boot", self.name) == "forget"
        self._then(span, self._hang_in_firmware if forgets else self._booted)

    def _hang_in_firmware(self) -> None:
        """Stay as it is: the BMC says on, and nothing answers."""

    def _booted(self) -> None:
        self._come_up(self._agenda.now)
        self._then(self.dice_span(_SLURMD_AFTER_BOOT_S), lambda: self.start("slurmd"))

    def _come_up(self, booted_at: datetime) -> None:
        self._become(Power.ON)
        self.boots += 1
        self.booted_at = booted_at
        self.boot_id = str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
        self.directories = set(IMAGE_DIRECTORIES)
        self.files = {
            "/etc/hostname": f"{self.name}\n",
            "/proc/sys/kernel/random/boot_id": f"{self.boot_id}\n",
            "/proc/1/stat": f"1 (systemd) S 0 1 1 0 -1 4194560 {'0 ' * 12}{self.dice.randint(1, 9)} 0 0\n",
        }
        self.doing = None
        self._tell(Happening.UP)

    def _stop(self, span: timedelta, after: Callable[[], None]) -> None:
        self._die()
        self._become(Power.STOPPING)
        self.begin("shutdown", span)
        self._then(span, after)

    def _off(self) -> None:
        self._become(Power.OFF)
        self.doing = None

    def _die(self) -> None:
        if self._next:
            self._next.cancel()
        for task in tuple(self._work):
            task.cancel()
        self.locks.clear()
        self.files = {}
        self.directories = set()
        self.booted_at = None
        for service in tuple(self.services):
            self.stop(service)
        self._tell(Happening.GONE)

    def _become(self, power: Power) -> None:
        self.power = power
        self.powered_at = self._agenda.now

    def _then(self, span: timedelta, act: Callable[[], None]) -> None:
        if self._next:
            self._next.cancel()
        self._next = self._agenda.after(span, act)

    def _tell(self, what: Happening) -> None:
        for listener in tuple(self.listeners):
            listener(self, what)
