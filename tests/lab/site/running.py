"""Brings the whole lab up and ends it again, whatever became of it in between."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Literal

from tests.lab.site import (
    bmc,
    facts_file,
    inventory,
    kubernetes,
    kubernetes_build,
    network,
    packages,
    postgres,
    power,
    processes,
    puppet,
    sandbox_cluster,
    slots,
    slurm,
    ssh,
)
from tests.lab.site.layout import Layout

SITE = Path(__file__).parent
WHERE = "LENDBOT_LAB_DIR"
"""The environment's name for the folder of a lab that is up, or for those of several."""


class LabInUse(Exception):  # noqa: N818 - the name is the sentence
    """Another process runs this lab now."""


@dataclass(frozen=True)
class Parts:
    """What to bring up beside the nodes.

    kubernetes  real: built when it is not cached, and the sandbox's, aloud, when that cannot be; or one of the others
    """

    nodes: int = 4
    knobs: slurm.Knobs = field(default_factory=slurm.Knobs)
    redfish: bool = True
    kubernetes: Literal["real", "sandbox", "none"] = "real"
    postgres: bool = True


@contextlib.contextmanager
def running_lab(folder: Path, parts: Parts = Parts()) -> Iterator[Layout]:
    """A lab for as long as the block; all that it started is gone afterwards. Needs root."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder), _ended_by(signal.SIGTERM, signal.SIGHUP):
        try:
            yield up(folder, parts)
        finally:
            with _deaf_to(signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                down(folder)


def up(folder: Path, parts: Parts) -> Layout:
    """Bring the lab up, after ending what a former run left in this folder; writes lab.json last."""
    folder = folder.resolve()
    began = time.monotonic()
    parts = prepared(parts)
    binaries = kubernetes_build.cached() if parts.kubernetes == "real" else None
    down(folder)
    layout = Layout(folder, slots.claim(folder), parts.nodes)
    _make_folders(layout)
    network.up(layout)
    if binaries:
        kubernetes.start(layout, binaries)
    elif parts.kubernetes != "none":
        sandbox_cluster.start(layout)
    ssh.prepare(layout)
    puppet.prepare(layout)
    _start_nodes(layout, parts)
    if parts.postgres:
        postgres.create(layout)
    slurm.wait_for_state(layout, layout.nodes, "IDLE")
    if binaries:
        kubernetes.finish(layout, binaries)
    facts_file.write(layout)
    print(f"lab: {layout.node_count} nodes up in {time.monotonic() - began:.1f} s, see {folder}/lab.json")
    print(f"lab: real: {'; '.join(inventory.real(layout))}")
    print(f"lab: standing in: {'; '.join(inventory.standing_in(layout))}", flush=True)
    return layout


def prepared(parts: Parts) -> Parts:
    """Install and build what is missing, and return the parts that can be had: without Go the sandbox's Kubernetes."""
    if os.geteuid() != 0:
        raise PermissionError("the lab makes network namespaces and mounts: run it as root")
    packages.install_missing()
    if parts.kubernetes != "real":
        return parts
    try:
        kubernetes_build.build()
    except kubernetes_build.CannotBuild as missing:
        print(f"lab: NO REAL KUBERNETES: {missing}\nlab: everything else is real; the sandbox's stands in", flush=True)
        return replace(parts, kubernetes="sandbox")
    return parts


def _start_nodes(layout: Layout, parts: Parts) -> None:
    bmc.prepare(layout)
    slurm.start(layout, parts.knobs)
    ssh.start_management(layout)
    for node in layout.nodes:
        bmc.start_ipmi(layout, node)
        power.turn_on(layout, node)
    if parts.redfish:
        bmc.start_redfish(layout)


def down(folder: Path) -> None:
    """End everything that carries this lab's mark, and its networks. Logs stay until the next `up`."""
    folder = folder.resolve()
    slot = slots.of(folder)
    layout = Layout(folder, slot or 0)
    processes.sweep(layout)
    if slot is not None:
        network.down(layout)
        slots.give_up(folder)
    for name in ("run", "nodes", "lab.json"):
        _remove(folder / name)


def load(folder: Path) -> Layout:
    """The layout of a lab that is up."""
    told = json.loads((folder / "lab.json").read_text())
    return Layout(Path(told["dir"]), told["slot"], len(told["nodes"]))


def _make_folders(layout: Layout) -> None:
    for name in ("share", "keys", "log", "bmc", "slurm-state", "kubernetes", "postgres", "management"):
        _remove(layout.dir / name)
    for path in (layout.run, layout.log, layout.keys, layout.share):
        path.mkdir(parents=True)
    layout.keys.chmod(0o700)
    postgres.prepare(layout)
    for programs in ("bin", "sbin"):
        shutil.copytree(SITE / "node" / programs, layout.share / programs)
    for file in (SITE / "node" / "rc.sh", SITE / "kubelet.py"):
        shutil.copy(file, layout.share)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _ended_by(*signals: signal.Signals) -> Iterator[None]:
    """Let these signals end the block as Ctrl-C does; Python would die of them and leave the lab behind."""

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    with _handled(signals, leave):
        yield


@contextlib.contextmanager
def _deaf_to(*signals: signal.Signals) -> Iterator[None]:
    """The end takes a second: an impatient second Ctrl-C must not leave half a lab behind."""
    with _handled(signals, signal.SIG_IGN):
        yield


@contextlib.contextmanager
def _handled(
    signals: Sequence[signal.Signals], how: Callable[[int, FrameType | None], None] | signal.Handlers
) -> Iterator[None]:
    """Only the main thread may set handlers; elsewhere whoever owns the process sees to its signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, how) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time owns a lab's folder: a second would end the first one's nodes."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LabInUse(f"another process runs the lab in {folder}: choose another folder") from None
        yield
