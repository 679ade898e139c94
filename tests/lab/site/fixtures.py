"""pytest fixtures: one lab for the whole session, and nodes that are idle before and after a test."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.site import power, processes, running, slurm, ssh
from tests.lab.site.layout import Layout


@pytest.fixture(scope="session")
def lab() -> Iterator[Layout]:
    """The lab that LENDBOT_LAB_DIR says is up; without one, a lab of the session's own, gone with it.

    It may name several: then each worker of pytest-xdist has one to itself.
    """
    where = os.environ.get(running.WHERE, "").split(os.pathsep)
    if where[0]:
        worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
        yield running.load(Path(where[worker]))
        return
    if os.geteuid() != 0:
        pytest.skip("the lab makes network namespaces and mounts: run `make lab` as root")
    with tempfile.TemporaryDirectory(prefix="lendbot-lab-") as temporary:
        Path(temporary).chmod(0o755)  # PostgreSQL runs as its own account
        with running.running_lab(Path(temporary)) as layout:
            yield layout


@pytest.fixture
def idle_lab(lab: Layout) -> Iterator[Layout]:
    """The lab with every node idle and no reservation, before the test and again after it."""
    make_idle(lab)
    yield lab
    make_idle(lab)


def make_idle(lab: Layout) -> None:
    """End jobs and reservations; boot anew and resume what is off, held, or not as it was booted."""
    for _ in range(3):
        _end_jobs_and_reservations(lab)
        changed = [node for node in lab.nodes if slurm.state(lab, node) not in _HEALTHY or not is_as_booted(lab, node)]
        boot_anew(lab, *changed)
        slurm.resume(lab, *changed)
        with contextlib.suppress(processes.DidNotHappen):
            slurm.wait_for_state(lab, lab.nodes, "IDLE", within_s=20)
            return
    raise processes.DidNotHappen(f"the nodes are not idle again: {[slurm.state(lab, node) for node in lab.nodes]}")


def is_as_booted(lab: Layout, node: str) -> bool:
    """Ask the node itself: Slurm takes 10 s and more to notice that a slurmd is gone."""
    return ssh.run(lab, node, "test ! -e /etc/puppet-role && ps -C slurmd").returncode == 0


def boot_anew(lab: Layout, *nodes: str) -> None:
    """Power off, power on, and wait until Slurm has heard from the new boot."""
    since = {node: slurm.next_second_after(slurm.started(lab, node)) for node in nodes}
    for node in nodes:
        power.turn_off(lab, node)
        power.turn_on(lab, node)
    for node in nodes:
        slurm.wait_for_new_start(lab, node, since[node])


_HEALTHY = {"IDLE", "MIXED", "ALLOCATED", "COMPLETING", "MIXED+COMPLETING", "IDLE+COMPLETING"}


def _end_jobs_and_reservations(lab: Layout) -> None:
    slurm.run(lab, "scancel", "--user=root")
    for line in slurm.run(lab, "scontrol", "show", "reservation", "-o").stdout.splitlines():
        if line.startswith("ReservationName="):
            slurm.run(lab, "scontrol", "delete", line.split()[0])
